//! Phase C: small writes and state.

use std::sync::Arc;

use anyhow::Result;
use decnet_db::Repository;
use decnet_db::json::Json;
use decnet_db_workload::{
    Rng, existing_attacker, new_attacker, new_bounty, preloaded_attackers, preloaded_bounties,
    preloaded_bounty, records, state_key, state_value, streams,
};

use crate::measure::{Bench, Calls};

pub(crate) async fn run(
    bench: &mut Bench,
    repository: &Arc<dyn Repository>,
    seed: u64,
    rows: u64,
) -> Result<()> {
    let repository = &**repository;
    let state = || Calls::new(16, 2000);
    let few = || Calls::new(3, 2000);
    let set = async |(key, value): (String, Json)| repository.set_state(&key, value).await;
    let entry = |k| Ok((state_key(k), Json::parse(state_value(k))?));
    bench.sequential("set_state", state(), entry, set).await?;
    let get = async |key: String| repository.get_state(&key).await;
    bench.sequential("get_state", state(), |k| Ok(state_key(k)), get).await?;

    let upsert = async |attacker| repository.upsert_attacker(attacker).await;
    let new = |k| records::attacker(new_attacker(seed, k));
    bench.sequential("upsert_attacker_new", few(), new, upsert).await?;
    let attackers = preloaded_attackers(rows);
    let existing = |k| records::attacker(existing_attacker(seed, k, attackers));
    bench.sequential("upsert_attacker_existing", few(), existing, upsert).await?;

    let add = async |bounty| repository.add_bounty(bounty).await;
    let new = |k| records::bounty(new_bounty(seed, k));
    bench.sequential("add_bounty_new", few(), new, add).await?;
    let bounties = preloaded_bounties(rows);
    let again = |k| {
        let index = Rng::at(seed, streams::DUPLICATE_BOUNTY, k).below(bounties);
        records::bounty(preloaded_bounty(seed, index, bounties))
    };
    bench.sequential("add_bounty_dup", few(), again, add).await
}
