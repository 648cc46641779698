//! What is known of events while tasks of one process store, purge and count them: no answer is older than its question, and in
//! the end all answers are what the table says.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use decnet_db_core::Result;
use decnet_db_core::config::{Config, SeedConfig};
use decnet_db_core::contract::{LogFilter, NewLog, Repository};
use decnet_db_core::driver::{Backend, Bootstrap, Bootstrapped, PoolStatus, ServerInfo};
use decnet_db_core::sql::{Dialect, Receipt, Rows, Statement, Unit};
use decnet_db_core::testing;
use pollster::block_on;
use shuttle::future;

/// More events than one segment has.
const EVENTS: u64 = 1_500;

/// A database whose calls are the places where other tasks may come in between.
struct Scheduled(Arc<dyn Backend>);

#[async_trait]
impl Backend for Scheduled {
    fn dialect(&self) -> &dyn Dialect {
        self.0.dialect()
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        future::yield_now().await;
        let rows = block_on(self.0.query(statement));
        future::yield_now().await;
        rows
    }

    async fn foreign_commits(&self) -> Option<u64> {
        block_on(self.0.foreign_commits())
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        future::yield_now().await;
        let receipt = block_on(self.0.commit(unit));
        future::yield_now().await;
        receipt
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        block_on(self.0.bootstrap(bootstrap))
    }

    async fn ping(&self) -> Result<ServerInfo> {
        block_on(self.0.ping())
    }

    fn pool(&self) -> PoolStatus {
        self.0.pool()
    }

    /// The database stays for the next schedule.
    async fn close(&self) {}
}

fn event(number: u64) -> NewLog {
    let word = if number.is_multiple_of(50) { "needle" } else { "nothing" };
    NewLog::new("d", "ssh", "e", format!("203.0.113.{}", number % 7)).raw_line(format!("{word} {number}"))
}

/// The database of all schedules of a subject, with events; and how many there are.
fn database(of: &OnceLock<Arc<dyn Backend>>) -> (Arc<dyn Backend>, u64) {
    let backend = of.get_or_init(|| {
        let config = Config::new("sqlite:///:memory:".parse().unwrap());
        let backend = block_on(decnet_db_sqlite::DRIVER.backend(&config)).unwrap();
        block_on(repository(&backend).initialize()).unwrap();
        backend
    });
    let repository = repository(backend);
    let total = || block_on(repository.get_total_logs(LogFilter::all())).unwrap();
    if !(EVENTS..2 * EVENTS).contains(&total()) {
        // Each schedule has as much to count.
        block_on(repository.purge_logs_and_bounties()).unwrap();
        block_on(repository.add_logs((0..EVENTS).map(event).collect())).unwrap();
    }
    (Arc::clone(backend), total())
}

fn repository(backend: &Arc<dyn Backend>) -> Arc<dyn Repository> {
    testing::repository(Arc::clone(backend), SeedConfig::default())
}

/// What was begun and what has returned.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    adding: u64,
    added: u64,
    purging: bool,
    purged: bool,
}

type Shared = Arc<Mutex<Progress>>;

async fn add(repository: Arc<dyn Repository>, progress: Shared) {
    for number in [0, 1] {
        progress.lock().unwrap().adding += 1;
        repository.add_log(event(number)).await.unwrap();
        progress.lock().unwrap().added += 1;
    }
}

async fn purge(repository: Arc<dyn Repository>, progress: Shared) {
    progress.lock().unwrap().purging = true;
    repository.purge_logs_and_bounties().await.unwrap();
    progress.lock().unwrap().purged = true;
}

/// Each way to count all events; each once.
async fn count(repository: &dyn Repository, way: usize) -> u64 {
    match way % 3 {
        0 => repository.get_total_logs(LogFilter::all()).await.unwrap(),
        1 => repository.get_stats_summary().await.unwrap().total_logs,
        _ => {
            let buckets = repository.get_log_histogram(LogFilter::all(), 15).await.unwrap();
            buckets.iter().map(|bucket| bucket.count).sum()
        }
    }
}

async fn read(repository: Arc<dyn Repository>, progress: Shared, before: u64, first: usize) {
    for way in first..first + 3 {
        let then = *progress.lock().unwrap();
        let found = count(&*repository, way).await;
        let now = *progress.lock().unwrap();
        let least = if now.purging { 0 } else { before + then.added };
        let most = if then.purged { 0 } else { before } + now.adding;
        assert!(
            (least..=most).contains(&found),
            "way {way}: {found} of {least} to {most}: {then:?}, {now:?}"
        );
        // What is remembered of searches.
        let found = repository.get_total_logs(LogFilter::all().search("needle")).await.unwrap();
        let most = if now.purged { 0 } else { before } + progress.lock().unwrap().adding;
        assert!(found <= most, "{found} of {most} at most: {now:?}");
    }
}

/// Two tasks store events while two count them.
pub fn stored_meanwhile() {
    static DATABASE: OnceLock<Arc<dyn Backend>> = OnceLock::new();
    run(&DATABASE, false);
}

/// The same, and one purges.
pub fn purged_meanwhile() {
    static DATABASE: OnceLock<Arc<dyn Backend>> = OnceLock::new();
    run(&DATABASE, true);
}

fn run(database: &OnceLock<Arc<dyn Backend>>, purges: bool) {
    let (database, before) = self::database(database);
    let scheduled: Arc<dyn Backend> = Arc::new(Scheduled(database));
    let (repository, progress) = (repository(&scheduled), Shared::default());
    let mut tasks = Vec::new();
    for first in 0..2 {
        tasks.push(future::spawn(add(Arc::clone(&repository), Arc::clone(&progress))));
        tasks.push(future::spawn(read(Arc::clone(&repository), Arc::clone(&progress), before, first)));
    }
    if purges {
        tasks.push(future::spawn(purge(Arc::clone(&repository), Arc::clone(&progress))));
    }
    future::block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
        // Another repository knows nothing, and counts.
        let fresh = self::repository(&scheduled);
        for way in 0..3 {
            assert_eq!(count(&*repository, way).await, count(&*fresh, 2).await, "way {way}");
        }
        for words in ["needle", "nothing", "needle 0"] {
            let total =
                async |of: &dyn Repository| of.get_total_logs(LogFilter::all().search(words)).await.unwrap();
            assert_eq!(total(&*repository).await, total(&*fresh).await, "{words}");
        }
    });
}
