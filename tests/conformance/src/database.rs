//! A database of its own for each case.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::Repository;
use decnet_db_core::driver::Capability;
use decnet_db_core::transfer::{ResetMode, reset};

use crate::case::not_run;
use crate::golden::{self};
use crate::harness::Harness;
use crate::second_process::{Again, Work};

/// An empty database that nobody else uses, open.
#[derive(Clone)]
pub(crate) struct Database {
    /// How to open it again.
    pub(crate) url: DatabaseUrl,
    /// The database, open.
    pub(crate) repository: Arc<dyn Repository>,
    used: Arc<Used>,
}

/// All that a case has made and opened.
pub(crate) struct Used {
    harness: Arc<dyn Harness>,
    again: Again,
    made: Mutex<Vec<DatabaseUrl>>,
    opened: Mutex<Vec<Arc<dyn Repository>>>,
}

impl Database {
    pub(crate) async fn create(harness: Arc<dyn Harness>, again: Again) -> anyhow::Result<Self> {
        let used = Used { harness, again, made: Mutex::default(), opened: Mutex::default() };
        Self::another(Arc::new(used)).await
    }

    async fn another(used: Arc<Used>) -> anyhow::Result<Self> {
        let url = used.harness.create().await?;
        locked(&used.made).push(url.clone());
        match used.open(&Config::new(url.clone())).await {
            Ok(repository) => Ok(Self { url, repository, used }),
            Err(error) => {
                used.remove().await?;
                Err(error.into())
            }
        }
    }

    pub(crate) fn used(&self) -> Arc<Used> {
        Arc::clone(&self.used)
    }

    /// The same database, with what the original wrote (`golden/core.sql`).
    pub(crate) async fn golden(&self) -> Self {
        self.with_dump(golden::CORE).await
    }

    /// The same database, with the rows of one of the original's dumps.
    pub(crate) async fn with_dump(&self, dump: &str) -> Self {
        let committed = self.engine().commit(golden::whole_rows(dump)).await;
        committed.expect("the original's rows go in");
        Self { url: self.url.clone(), repository: self.open_again().await, used: self.used() }
    }

    /// Opens it once more, with connections of its own, as another process would.
    pub(crate) async fn open_again(&self) -> Arc<dyn Repository> {
        self.open(&self.config()).await.expect("the database opens once more")
    }

    /// Opens it with other settings.
    pub(crate) async fn open(&self, config: &Config) -> decnet_db_core::Result<Arc<dyn Repository>> {
        self.used.open(config).await
    }

    /// The same database through connections of its own.
    pub(crate) async fn beside(&self) -> Self {
        Self { repository: self.open_again().await, ..self.clone() }
    }

    /// Closes it, and opens it again.
    pub(crate) async fn reopened(self) -> Self {
        self.repository.close().await;
        Self { repository: self.open_again().await, ..self }
    }

    /// What opens it: nothing from the environment, whatever a developer has set there. The techniques are those that the
    /// original had.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(self.url.clone());
        config.attack = golden::catalogue();
        config
    }

    /// A database that nobody has initialized. Where there can be only one, it is this one, without its tables.
    pub(crate) async fn without_schema(&self) -> Self {
        if self.used.harness.databases() > 1 {
            return Self::another(self.used()).await.expect("another database");
        }
        reset(&*self.repository, ResetMode::DropTables).await.expect("the tables are dropped");
        Self { url: self.url.clone(), repository: self.open_again().await, used: self.used() }
    }

    /// Another database with the schema and nothing else.
    pub(crate) async fn second(&self) -> Self {
        if self.used.harness.databases() < 2 {
            not_run("a second empty database (`Given` takes several URLs)");
        }
        let second = Self::another(self.used()).await.expect("another database");
        second.initialize().await.expect("the schema is created");
        second
    }

    /// Why the engine lacks a capability, if it does.
    pub(crate) fn why_it_lacks(&self, capability: Capability) -> Option<&'static str> {
        self.used.harness.driver().why_it_lacks(capability)
    }

    /// Whether the engine has a capability.
    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.why_it_lacks(capability).is_none()
    }

    /// Starts processes of their own that open the database and begin at the same time.
    pub(crate) fn processes_together(&self, work: Work, count: usize) -> Vec<std::process::Child> {
        self.used.again.start_together(&self.url, work, count)
    }

    /// Starts a process of its own that opens the database too.
    pub(crate) fn second_process(&self, work: Work) -> std::process::Child {
        self.used.again.start(&self.url, work)
    }
}

impl std::ops::Deref for Database {
    type Target = dyn Repository;

    fn deref(&self) -> &Self::Target {
        &*self.repository
    }
}

impl Used {
    async fn open(&self, config: &Config) -> decnet_db_core::Result<Arc<dyn Repository>> {
        let repository = self.harness.driver().connect(config).await?;
        locked(&self.opened).push(Arc::clone(&repository));
        Ok(repository)
    }

    /// Where the databases are, without secrets.
    pub(crate) fn urls(&self) -> Vec<String> {
        locked(&self.made).iter().map(DatabaseUrl::to_string).collect()
    }

    /// Closes all that is open and drops the databases.
    pub(crate) async fn remove(&self) -> anyhow::Result<()> {
        let opened = std::mem::take(&mut *locked(&self.opened));
        for repository in opened {
            repository.close().await;
        }
        let made = std::mem::take(&mut *locked(&self.made));
        for url in made {
            self.harness.remove(&url).await?;
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
