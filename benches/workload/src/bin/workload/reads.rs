//! Phase B: reads at exactly N log rows.

use std::sync::Arc;

use anyhow::{Result, ensure};
use decnet_db::Repository;
use decnet_db::contract::{AttackerOrder, AttackerQuery, BountyQuery, LogCursor, LogFilter, LogQuery};
use decnet_db_workload::{KEY_VALUE_SEARCH, SEED_USER, TOKEN, after_id};

use crate::measure::{Bench, Calls};

pub(crate) async fn run(
    bench: &mut Bench,
    repository: &Arc<dyn Repository>,
    seed: u64,
    rows: u64,
) -> Result<()> {
    let repository = &**repository;
    let once = || Calls::new(1, 2000);
    let thrice = || Calls::new(3, 2000);
    let page = LogQuery::new().limit(50);
    let deep = page.clone().offset(rows * 9 / 10);
    let logs = async |query| repository.get_logs(query).await;
    let total = async |filter| repository.get_total_logs(filter).await;
    bench.sequential("get_logs_page1", thrice(), |_| Ok(page.clone()), logs).await?;
    bench.sequential("get_logs_deep", once(), |_| Ok(deep.clone()), logs).await?;
    for (name, text) in [("get_logs_search_kv", KEY_VALUE_SEARCH), ("get_logs_search_text", TOKEN)] {
        bench.sequential(name, once(), |_| Ok(LogQuery::new().search(text).limit(50)), logs).await?;
    }
    bench.sequential("get_total_logs", once(), |_| Ok(LogFilter::all()), total).await?;
    let name = "get_total_logs_search_text";
    bench.sequential(name, once(), |_| Ok(LogFilter::all().search(TOKEN)), total).await?;
    let histogram = async |filter| repository.get_log_histogram(filter, 15).await;
    bench.sequential("get_log_histogram", once(), |_| Ok(LogFilter::all()), histogram).await?;
    let stats = async |()| repository.get_stats_summary().await;
    bench.sequential("get_stats_summary", once(), |_| Ok(()), stats).await?;
    let after = async |id| repository.get_logs_after_id(id, 500, LogFilter::all()).await;
    bench.sequential("get_logs_after_id", thrice(), |k| Ok(after_id(seed, k, rows) as i64), after).await?;
    let bounties = async |query| repository.get_bounties(query).await;
    let query = BountyQuery::new().limit(50);
    bench.sequential("get_bounties_page1", thrice(), |_| Ok(query.clone()), bounties).await?;
    let attackers = async |query| repository.get_attackers(query, AttackerOrder::Recent).await;
    let query = AttackerQuery::default().limit(50);
    bench.sequential("get_attackers_page1", thrice(), |_| Ok(query.clone()), attackers).await?;
    let user = async |name: &str| repository.get_user_by_username(name).await;
    bench.sequential("get_user_by_username", thrice(), |_| Ok(SEED_USER), user).await?;

    if bench.wants("get_logs_keyset_deep") {
        let cursor = deep_cursor(repository, rows).await?;
        let keyset = async |after| repository.get_logs_page(50, LogFilter::all(), Some(after)).await;
        let by_key = repository.get_logs_page(50, LogFilter::all(), Some(cursor.clone())).await?.data;
        ensure!(by_key == logs(deep.clone()).await?, "the deep page by key is another than that by offset");
        bench.sequential("get_logs_keyset_deep", once(), |_| Ok(cursor.clone()), keyset).await?;
    }
    Ok(())
}

/// Behind nine tenths of the rows, found as a reader of the whole list comes there.
async fn deep_cursor(repository: &dyn Repository, rows: u64) -> Result<LogCursor> {
    let mut cursor = None;
    let mut left = rows * 9 / 10;
    while left > 0 {
        let page = repository.get_logs_page(left.min(1000), LogFilter::all(), cursor).await?;
        left -= page.data.len() as u64;
        ensure!(page.next.is_some(), "the list of logs ends too early");
        cursor = page.next;
    }
    cursor.ok_or_else(|| anyhow::anyhow!("there are no rows"))
}
