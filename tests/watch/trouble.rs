//! A database that is away, and the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use decnet_db::testing::{Interceptor, intercept};
use decnet_db::watch::{Watch, watch};
use decnet_db::{Error, ErrorKind, Result};

use crate::support::{Database, each_backend};
use crate::{BOUND, event, events, lines, next, nothing, numbers, watching};

each_backend!(
    an_outage_is_told_once_and_nothing_is_lost,
    closing_ends_the_stream_and_leaves_no_task,
    dropped_watchers_leave_no_task,
    a_runtime_that_ends_takes_no_watcher_of_another_with_it,
    a_search_that_is_too_long_is_refused,
);

/// Refuses reads while it is set.
#[derive(Clone, Default)]
struct Away(Arc<AtomicBool>);

#[async_trait]
impl Interceptor for Away {
    async fn before(&self, method: &'static str) -> Result<()> {
        match self.0.load(Ordering::Relaxed) && method != "add_logs" {
            true => Err(Error::unavailable("away", anyhow::anyhow!("a test"))),
            false => Ok(()),
        }
    }
}

async fn an_outage_is_told_once_and_nothing_is_lost(database: Database) {
    let away = Away::default();
    let repository = intercept(Arc::clone(&database.repository), away.clone());
    let mut watcher = watching(&repository, Watch::new()).await;
    database.add_logs(events(0..3)).await.unwrap();
    assert_eq!(lines(&mut watcher, 3).await, numbers(0..3));
    away.0.store(true, Ordering::Relaxed);
    database.add_logs(events(3..6)).await.unwrap();
    assert_eq!(next(&mut watcher).await.unwrap_err().kind(), ErrorKind::Unavailable);
    nothing(&mut watcher).await;
    assert_eq!(watch(&repository, Watch::new()).await.unwrap_err().kind(), ErrorKind::Unavailable);
    away.0.store(false, Ordering::Relaxed);
    assert_eq!(lines(&mut watcher, 3).await, numbers(3..6));
    // Who reads on from the database is told too.
    let mut behind = watching(&repository, Watch::new().from_start()).await;
    away.0.store(true, Ordering::Relaxed);
    assert_eq!(next(&mut behind).await.unwrap_err().kind(), ErrorKind::Unavailable);
    away.0.store(false, Ordering::Relaxed);
    let mut came = Vec::new();
    while came.len() < 6 {
        match next(&mut behind).await {
            Ok(event) => came.push(event.raw_line.clone()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable),
        }
    }
    assert_eq!(came, numbers(0..6));
}

/// Waits until nobody but the callers of this holds the repository.
async fn no_task_left(repository: &Arc<dyn decnet_db::Repository>, holders: usize) {
    let begun = std::time::Instant::now();
    while Arc::strong_count(repository) > holders {
        assert!(begun.elapsed() < BOUND, "{} hold it", Arc::strong_count(repository));
        tokio::task::yield_now().await;
    }
}

async fn closing_ends_the_stream_and_leaves_no_task(database: Database) {
    let repository = database.open_again().await;
    let mut first = watching(&repository, Watch::new()).await;
    let mut behind = watching(&repository, Watch::new().from_start()).await;
    repository.add_log(event("0")).await.unwrap();
    assert_eq!(lines(&mut first, 1).await, ["0"]);
    let waiting = tokio::spawn(async move {
        let end = first.next().await;
        assert!(end.is_none(), "{end:?}");
        assert!(first.next().await.is_none());
        first.token()
    });
    tokio::task::yield_now().await;
    repository.close().await;
    let token = tokio::time::timeout(BOUND, waiting).await.expect("the stream ends").unwrap();
    let end = tokio::time::timeout(BOUND, async {
        loop {
            match behind.next().await {
                // What was read before may come still.
                Some(Ok(_)) => {}
                end => return end,
            }
        }
    });
    assert!(end.await.expect("the stream ends").is_none());
    drop(behind);
    no_task_left(&repository, 1).await;
    assert_eq!(watch(&repository, Watch::new()).await.unwrap_err().to_string(), "the repository is closed");
    // Nothing was lost by it.
    database.add_log(event("1")).await.unwrap();
    let mut again = watching(&database.repository, Watch::new().after(token)).await;
    assert_eq!(lines(&mut again, 1).await, ["1"]);
}

async fn dropped_watchers_leave_no_task(database: Database) {
    let before = Arc::strong_count(&database.repository);
    let watchers = [
        watching(&database.repository, Watch::new()).await,
        watching(&database.repository, Watch::new().from_start()).await,
    ];
    database.add_log(event("0")).await.unwrap();
    drop(watchers);
    no_task_left(&database.repository, before).await;
    // And the next one begins anew.
    let mut again = watching(&database.repository, Watch::new()).await;
    database.add_log(event("1")).await.unwrap();
    assert_eq!(lines(&mut again, 1).await, ["1"]);
}

async fn a_runtime_that_ends_takes_no_watcher_of_another_with_it(database: Database) {
    let repository = Arc::clone(&database.repository);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let other = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // The task that reads for all runs here.
            let watcher = watching(&repository, Watch::new()).await;
            ready.send(watcher).unwrap();
            receiver.await.unwrap();
        });
        runtime.shutdown_background();
    });
    let first = is_ready.await.unwrap();
    let mut watcher = watching(&database.repository, Watch::new()).await;
    sender.send(()).unwrap();
    tokio::task::spawn_blocking(|| other.join().unwrap()).await.unwrap();
    database.add_log(event("0")).await.unwrap();
    assert_eq!(lines(&mut watcher, 1).await, ["0"]);
    drop(first);
    database.add_log(event("1")).await.unwrap();
    assert_eq!(lines(&mut watcher, 1).await, ["1"]);
}

async fn a_search_that_is_too_long_is_refused(database: Database) {
    let error = watch(&database.repository, Watch::new().search("x ".repeat(5_000))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().starts_with("search: "), "{error}");
}
