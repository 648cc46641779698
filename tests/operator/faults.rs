//! A copy that is cut short at any point, in any way, and then continued.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use decnet_db::config::SeedConfig;
use decnet_db::driver::{Backend, Bootstrap, Bootstrapped, PoolStatus, ServerInfo};
use decnet_db::sql::{Dialect, Receipt, Rows, Statement, Unit};
use decnet_db::transfer::{CopyOptions, CopyReport, copy};
use decnet_db::{Error, Result};

use crate::place::{GOLDEN, Middle, Place, block_on, each_middle, same};

each_middle![
    a_copy_that_is_killed_before_any_commit_is_continued,
    a_commit_whose_outcome_is_unknown_happens_exactly_once,
];

/// What happens to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// From this one on nothing works any more, as if the process had been killed.
    Killed,
    /// It happens, but nobody hears of it.
    LostAfter,
    /// It does not happen, and nobody knows.
    LostBefore,
}

/// A backend whose `nth` commit fails.
struct Faulty {
    inner: Arc<dyn Backend>,
    fault: Fault,
    nth: usize,
    commits: AtomicUsize,
}

fn lost() -> Error {
    Error::UnknownOutcome { message: "the connection was lost".into(), source: None }
}

#[async_trait]
impl Backend for Faulty {
    fn dialect(&self) -> &dyn Dialect {
        self.inner.dialect()
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        self.inner.query(statement).await
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::Killed if number >= self.nth => {
                Err(Error::Unavailable { message: "killed".into(), source: None })
            }
            Fault::LostAfter if number == self.nth => {
                self.inner.commit(unit).await?;
                Err(lost())
            }
            Fault::LostBefore if number == self.nth => Err(lost()),
            _ => self.inner.commit(unit).await,
        }
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.inner.bootstrap(bootstrap).await
    }

    async fn ping(&self) -> Result<ServerInfo> {
        self.inner.ping().await
    }

    fn pool(&self) -> PoolStatus {
        self.inner.pool()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

fn options(rows: usize) -> CopyOptions {
    let mut options = CopyOptions::new("the source");
    options.limits.rows = rows;
    options
}

/// Copies into the target, whose `nth` commit fails; also says how many commits there were.
async fn attempt(source: &Place, target: &Place, fault: Fault, nth: usize) -> (Result<CopyReport>, usize) {
    let from = source.open().await;
    let backend =
        Arc::new(Faulty { inner: target.backend().await, fault, nth, commits: AtomicUsize::new(0) });
    let to = decnet_db::testing::repository(backend.clone(), SeedConfig::default());
    let report = copy(&*from, &*to, &options(3), &mut |_| ()).await;
    from.close().await;
    backend.close().await;
    (report, backend.commits.load(Ordering::SeqCst))
}

/// Sources with references from table to table, and of a table to itself.
fn source() -> Place {
    let place = Place::with(GOLDEN[1]);
    place
        .sqlite()
        .execute_batch("UPDATE campaigns SET merged_into_uuid = (SELECT max(uuid) FROM campaigns);")
        .unwrap();
    place
}

async fn a_copy_that_is_killed_before_any_commit_is_continued(middle: Middle) {
    let source = source();
    let (whole, commits) = attempt(&source, &Place::file(), Fault::Killed, usize::MAX).await;
    assert!(whole.unwrap().is_complete());
    assert!(commits > 20, "{commits}");
    for nth in (0..commits).step_by(middle.stride()) {
        let target = middle.emptied().await;
        let (report, _) = attempt(&source, &target, Fault::Killed, nth).await;
        assert_eq!(report.unwrap_err().to_string(), "killed");
        let (report, _) = attempt(&source, &target, Fault::Killed, usize::MAX).await;
        let report = report.unwrap();
        assert!(report.is_complete(), "{nth}: {report:#?}");
        assert_eq!(report.resumed, nth > 1, "{nth}");
        if target.is_file() {
            same(&target.dump(), &source.dump());
        }
    }
}

async fn a_commit_whose_outcome_is_unknown_happens_exactly_once(middle: Middle) {
    let source = source();
    let (_, commits) = attempt(&source, &Place::file(), Fault::Killed, usize::MAX).await;
    for fault in [Fault::LostAfter, Fault::LostBefore] {
        // The last commit only removes the record.
        for nth in (0..commits - 1).step_by(middle.stride()) {
            let target = middle.emptied().await;
            let (report, _) = attempt(&source, &target, fault, nth).await;
            let report = report.unwrap_or_else(|error| panic!("{fault:?} {nth}: {error}"));
            assert!(report.is_complete(), "{fault:?} {nth}: {report:#?}");
        }
    }
}

#[test]
fn a_row_that_the_target_refuses_is_named_and_what_comes_before_it_stays() {
    block_on(async {
        let (source, target) = (Place::with(GOLDEN[0]), Place::file());
        let place = target.open().await;
        place.initialize().await.unwrap();
        place.close().await;
        target
            .sqlite()
            .execute_batch(
                "CREATE TRIGGER no BEFORE INSERT ON logs WHEN new.id = 8
                 BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed'); END;",
            )
            .unwrap();
        let (from, to) = (source.open().await, target.open().await);
        let report = copy(&*from, &*to, &options(100), &mut |_| ()).await;
        let text = match &report {
            Ok(report) => report.refused.first[0].to_string(),
            Err(error) => error.to_string(),
        };
        assert!(text.contains("logs") && text.contains("the row 8"), "{text}");
        let rows: i64 = target.sqlite().query_row("SELECT max(id) FROM logs", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 7);
        target.sqlite().execute_batch("DROP TRIGGER no").unwrap();
        let report = copy(&*from, &*to, &options(100), &mut |_| ()).await.unwrap();
        assert!(report.is_complete() && report.resumed, "{report:#?}");
    });
}
