//! A database in memory for each thread, which is empty again after each input.

use std::cell::OnceCell;
use std::future::Future;
use std::sync::Arc;

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::transfer::{ResetMode, reset};
use tokio::runtime::{Builder, Runtime};

/// An open database, and what runs its calls.
pub(crate) struct World {
    runtime: Runtime,
    pub(crate) repository: Arc<dyn Repository>,
}

impl World {
    /// A database in memory with the schema and nothing else.
    fn new() -> Self {
        let url = DatabaseUrl::sqlite(":memory:").expect("a URL");
        Self::open(&Config::new(url))
    }

    pub(crate) fn open(config: &Config) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let repository = runtime.block_on(async {
            let repository = decnet_db::connect_with(config).await.expect("the database opens");
            repository.initialize().await.expect("the schema is created");
            repository
        });
        Self { runtime, repository }
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Deletes all rows: what an input finds must not depend on those before it.
    pub(crate) fn empty(&self) {
        self.block_on(reset(&*self.repository, ResetMode::Truncate)).expect("the rows are deleted");
    }
}

/// Hands out this thread's database.
pub(crate) fn with_world<T>(work: impl FnOnce(&World) -> T) -> T {
    thread_local! {
        static WORLD: OnceCell<World> = const { OnceCell::new() };
    }
    WORLD.with(|world| work(world.get_or_init(World::new)))
}
