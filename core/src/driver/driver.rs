//! A driver as a value: its name, its schemes, and how it opens a database.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::capability::Lacks;
use super::{Backend, Capability};
use crate::config::Config;
use crate::error::Result;
use crate::sql::Dialect;

/// What a driver's open function returns.
pub type OpenFuture<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn Backend>>> + Send + 'a>>;

/// A driver, as a value: its name, the URL schemes that it serves, and how it opens a database.
///
/// ```
/// use decnet_db_core::config::Config;
/// use decnet_db_core::driver::{Driver, OpenFuture};
///
/// pub const DRIVER: Driver = Driver::new("tin", &["tin", "tincan"], open)
///     .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
///
/// fn open(config: &Config) -> OpenFuture<'_> {
///     Box::pin(async move { Err(decnet_db_core::Error::Unsupported(format!("{} is only an example", config.url))) })
/// }
///
/// decnet_db_core::register!(DRIVER);
/// # fn main() {}
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Driver {
    /// A short name: `sqlite`.
    pub name: &'static str,
    /// The URL schemes that the driver serves, in lower case, without a `+suffix`.
    pub schemes: &'static [&'static str],
    /// The package that the driver comes from.
    pub package: &'static str,
    /// The version of that package.
    pub version: &'static str,
    /// Opens a database: must connect once, so that a wrong path or password is reported at once.
    ///
    /// A driver whose databases are files creates one only where [`create_if_missing`](Config::create_if_missing) says so.
    open: fn(&Config) -> OpenFuture<'_>,
    /// What the driver speaks before a server is known, for tools that show its SQL without a database.
    pub dialect: Option<&'static dyn Dialect>,
    lacks: Lacks,
}

impl Driver {
    /// A driver of that name for those schemes.
    pub const fn new(
        name: &'static str,
        schemes: &'static [&'static str],
        open: fn(&Config) -> OpenFuture<'_>,
    ) -> Self {
        Self { name, schemes, package: "", version: "", open, dialect: None, lacks: Lacks::NONE }
    }

    /// The same, with the package that it comes from; the registry tells drivers apart by it.
    #[must_use]
    pub const fn package(mut self, package: &'static str, version: &'static str) -> Self {
        self.package = package;
        self.version = version;
        self
    }

    /// The same, with what it speaks before a server is known.
    #[must_use]
    pub const fn dialect(mut self, dialect: &'static dyn Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// The same, opened by another function: for tests that wrap a driver.
    #[must_use]
    pub const fn opened_by(mut self, open: fn(&Config) -> OpenFuture<'_>) -> Self {
        self.open = open;
        self
    }

    /// The same, for an engine that can't have a capability, and why it can't. What holds instead is said at the
    /// [`Capability`]; the conformance kit fails when the lack is not there.
    ///
    /// ```
    /// # use decnet_db_core::driver::{Capability, Driver, OpenFuture};
    /// # fn open(_: &decnet_db_core::config::Config) -> OpenFuture<'_> { unimplemented!() }
    /// pub const DRIVER: Driver = Driver::new("tin", &["tin"], open)
    ///     .lacks(Capability::NulInText, "a tin's text ends at the first NUL");
    /// assert_eq!(DRIVER.why_it_lacks(Capability::NulInText), Some("a tin's text ends at the first NUL"));
    /// assert_eq!(DRIVER.why_it_lacks(Capability::DeepJson), None);
    /// ```
    #[must_use]
    pub const fn lacks(mut self, capability: Capability, reason: &'static str) -> Self {
        self.lacks = self.lacks.and(capability, reason);
        self
    }

    /// Why the engine can't have a capability; `None` for one that it has.
    pub const fn why_it_lacks(&self, capability: Capability) -> Option<&'static str> {
        self.lacks.reason(capability)
    }

    /// What the engine can't have, and why.
    pub fn lacking(&self) -> impl Iterator<Item = (Capability, &'static str)> + use<> {
        let lacks = self.lacks;
        Capability::ALL.iter().filter_map(move |&capability| Some((capability, lacks.reason(capability)?)))
    }

    /// Opens a database as a bare [`Backend`], for tests of one driver. Programs get a repository from
    /// [`Registry::connect`](crate::registry::Registry::connect).
    ///
    /// # Errors
    /// What the driver reports when it can't open the database.
    pub async fn backend(&self, config: &Config) -> Result<Arc<dyn Backend>> {
        (self.open)(config).await
    }

    pub(crate) fn identity(&self) -> (&'static str, &'static str, &'static str) {
        (self.name, self.package, self.version)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}; {} {})", self.name, self.schemes.join(", "), self.package, self.version)
    }
}
