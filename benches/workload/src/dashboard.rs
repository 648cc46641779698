//! The reads of a dashboard, which asks for all of them again and again.

use decnet_db::Repository;
use decnet_db::contract::{AttackerQuery, BountyQuery, LogFilter, LogQuery};

use crate::{SEED_USER, state_key};

/// What a dashboard shows.
pub const READS: [&str; 9] = [
    "get_logs_page1",
    "get_total_logs",
    "get_log_histogram",
    "get_stats_summary",
    "get_logs_after_id",
    "get_bounties_page1",
    "get_attackers_page1",
    "get_user_by_username",
    "get_state",
];

/// One of them, by its name.
///
/// # Errors
/// What the read returns.
pub async fn read_once(repository: &dyn Repository, read: &str) -> decnet_db::Result<()> {
    match read {
        "get_logs_page1" => repository.get_logs(LogQuery::new().limit(50)).await.map(drop),
        "get_total_logs" => repository.get_total_logs(LogFilter::all()).await.map(drop),
        "get_log_histogram" => repository.get_log_histogram(LogFilter::all(), 15).await.map(drop),
        "get_stats_summary" => repository.get_stats_summary().await.map(drop),
        "get_logs_after_id" => repository.get_logs_after_id(1000, 500, LogFilter::all()).await.map(drop),
        "get_bounties_page1" => repository.get_bounties(BountyQuery::default()).await.map(drop),
        "get_attackers_page1" => {
            repository.get_attackers(AttackerQuery::default(), Default::default()).await.map(drop)
        }
        "get_user_by_username" => repository.get_user_by_username(SEED_USER).await.map(drop),
        _ => repository.get_state(&state_key(0)).await.map(drop),
    }
}
