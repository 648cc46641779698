//! How the kit gets databases.

mod files;
mod given;
mod server;

use async_trait::async_trait;
use decnet_db_core::config::DatabaseUrl;
use decnet_db_core::driver::Driver;

pub use files::Files;
pub use given::Given;
pub use server::Server;

/// What a driver author tells the kit: which driver, and how to come by an empty database.
///
/// [`Files`], [`Server`] and [`Given`] answer it for most engines; write your own where none of them fits:
///
/// ```
/// use decnet_db_conformance::Harness;
/// use decnet_db_core::config::DatabaseUrl;
/// use decnet_db_core::driver::Driver;
///
/// struct Tin(Driver);
///
/// #[async_trait::async_trait]
/// impl Harness for Tin {
///     fn driver(&self) -> Driver {
///         self.0
///     }
///
///     async fn create(&self) -> anyhow::Result<DatabaseUrl> {
///         // Make a database that nobody else uses, with a name of its own.
///         Ok("tin://shelf/fresh".parse()?)
///     }
///
///     async fn remove(&self, _url: &DatabaseUrl) -> anyhow::Result<()> {
///         // Drop it.
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// The driver that is tested. It may be a wrapper around another one.
    fn driver(&self) -> Driver;

    /// Makes an empty database, without tables, that nobody else uses, and returns the URL that opens it. Called from many
    /// threads at once.
    ///
    /// # Errors
    /// Whatever keeps it from being made: the case fails with that text.
    async fn create(&self) -> anyhow::Result<DatabaseUrl>;

    /// Drops a database that [`create`](Self::create) made. All that the case opened is closed by then.
    ///
    /// # Errors
    /// Whatever keeps it from being dropped: the case fails with that text.
    async fn remove(&self, url: &DatabaseUrl) -> anyhow::Result<()>;

    /// How many databases there may be at the same time: any number, as a rule. With one, the cases that need a second
    /// database are reported as not run; with any number, cases run in parallel.
    fn databases(&self) -> usize {
        usize::MAX
    }
}
