//! The change feed (`decnet_db::watch`), on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(any(feature = "sqlite", feature = "mysql"))]

#[allow(dead_code, reason = "of what the integration tests share this target needs the databases")]
#[path = "../support/mod.rs"]
mod support;

mod feed;
mod filters;
#[cfg(feature = "mysql")]
mod late;
mod many;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use decnet_db::contract::{Log, NewLog};
use decnet_db::watch::{Watch, Watcher, watch};
use decnet_db::{Repository, Result};

/// How long anything may take that has to come.
const BOUND: Duration = Duration::from_secs(30);
/// How long it is waited for what must not come.
const QUIET: Duration = Duration::from_millis(300);

fn event(line: impl Into<String>) -> NewLog {
    NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7").raw_line(line)
}

fn events(lines: impl IntoIterator<Item = usize>) -> Vec<NewLog> {
    lines.into_iter().map(|line| event(line.to_string())).collect()
}

async fn watching(repository: &Arc<dyn Repository>, what: Watch) -> Watcher {
    watch(repository, what).await.expect("the database is there")
}

/// The next event, which has to come.
async fn next(watcher: &mut Watcher) -> Result<Arc<Log>> {
    let next = tokio::time::timeout(BOUND, watcher.next()).await.expect("an event comes in time");
    next.expect("the stream has not ended")
}

/// The lines of the next `count` events.
async fn lines(watcher: &mut Watcher, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        lines.push(next(watcher).await.unwrap().raw_line.clone());
    }
    lines
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// Nothing comes for a moment.
async fn nothing(watcher: &mut Watcher) {
    let more = tokio::time::timeout(QUIET, watcher.next()).await;
    assert!(more.is_err(), "{more:?}");
}
