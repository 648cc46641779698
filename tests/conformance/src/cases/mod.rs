//! The cases, and what several of them share. A case gets an empty database with the schema.

pub(crate) mod attackers;
pub(crate) mod bounties;
pub(crate) mod calls;
pub(crate) mod campaigns;
pub(crate) mod canary;
pub(crate) mod cancellation;
pub(crate) mod capabilities;
pub(crate) mod concurrency;
pub(crate) mod copying;
pub(crate) mod counts;
pub(crate) mod credentials;
pub(crate) mod deployment;
pub(crate) mod engine;
pub(crate) mod golden;
pub(crate) mod hostile;
pub(crate) mod identities;
pub(crate) mod intel;
pub(crate) mod large;
pub(crate) mod lifecycle;
pub(crate) mod logs;
pub(crate) mod model;
pub(crate) mod observations;
pub(crate) mod orchestrator;
pub(crate) mod realism;
pub(crate) mod search;
pub(crate) mod state;
pub(crate) mod tarpit;
pub(crate) mod topology;
pub(crate) mod ttp;
pub(crate) mod units;
pub(crate) mod users;
pub(crate) mod webhooks;

use std::sync::Arc;

use decnet_db_core::Result;
use decnet_db_core::contract::limits::MOST_ROWS;
use decnet_db_core::contract::{LogFilter, NewLog, Repository};
use tokio::task::JoinSet;

use crate::database::Database;

crate::catalogue::catalogue! {
    // What the contract is divided into: each folder has `samples.rs` and `golden.rs` beside its cases.
    domains {
        lifecycle,
        users,
        logs,
        bounties,
        state,
        attackers,
        deployment,
        topology,
        webhooks,
        canary,
        tarpit,
        realism,
        orchestrator,
        credentials,
        identities,
        campaigns,
        observations,
        intel,
        ttp,
    }
    // What holds across domains.
    groups {
        golden,
        units,
        engine,
        concurrency,
        cancellation,
        search,
        capabilities,
        copying,
        large,
        hostile,
        counts,
        model,
    }
}

/// Runs `count` calls at once, all of which must succeed; returns what they returned, in no order.
pub(crate) async fn at_once<F, T>(
    db: &Database,
    count: usize,
    call: impl Fn(Arc<dyn Repository>, usize) -> F,
) -> Vec<T>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let outcomes = attempts_at_once(db, count, call).await;
    outcomes.into_iter().map(|outcome| outcome.expect("each call succeeds")).collect()
}

/// Runs `count` calls at once.
pub(crate) async fn attempts_at_once<F, T>(
    db: &Database,
    count: usize,
    call: impl Fn(Arc<dyn Repository>, usize) -> F,
) -> Vec<Result<T>>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(call(Arc::clone(&db.repository), number));
    }
    tasks.join_all().await
}

/// An event with this line.
pub(crate) fn log(line: impl Into<String>) -> NewLog {
    NewLog::new("d", "s", "e", "i").raw_line(line)
}

/// The lines of all events, by id.
pub(crate) async fn lines(db: &Database) -> Vec<String> {
    let logs = db.get_logs_after_id(0, MOST_ROWS, LogFilter::all()).await.expect("all events");
    logs.into_iter().map(|log| log.raw_line).collect()
}
