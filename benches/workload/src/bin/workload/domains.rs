//! Phase E: the hot calls of the domains beside logs. Rows are maps with the contract's names, as section 8 of `WORKLOAD.md` has
//! them.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use decnet_db::Repository;
use decnet_db::contract::{AttackerOrder, AttackerQuery, NewTag};
use decnet_db_workload::{DECKIES, Rng, decky, draw_service, draw_user, ip, streams, zipf};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::measure::{Bench, Calls};

/// Credentials that are tried again and again.
const AGAIN: u64 = 100;
/// Tokens that are hit.
const TOKENS: u64 = 16;
/// Attackers that are seen; each is tagged in turn.
const SEEN: u64 = 20;
/// Tags of a batch.
const BATCH: u64 = 50;
/// Batches before the roll-ups are read.
const TAGGED: u64 = 200;

/// How many credentials there are when they are grouped.
const CREDENTIALS: u64 = 2003;
const TOPOLOGY: &str = "11111111-0000-4000-8000-000000000001";
const T0: f64 = 1_767_225_600.0;

pub(crate) async fn run(bench: &mut Bench, repository: &Arc<dyn Repository>, seed: u64) -> Result<()> {
    if !crate::ops::DOMAINS.iter().any(|operation| bench.wants(operation)) {
        return Ok(());
    }
    let repository = &**repository;
    let few = || Calls::new(3, 2000);

    let upsert = async |data| repository.upsert_credential(data).await;
    bench.sequential("upsert_credential_new", few(), |k| record(credential(seed, k)), upsert).await?;
    let again = |k| record(credential(seed, k % AGAIN));
    bench.sequential("upsert_credential_again", few(), again, upsert).await?;

    // A slow program stores fewer in its time, and this one groups all that there are.
    if bench.wants("find_credential_reuse_candidates") {
        for k in 0..CREDENTIALS {
            upsert(record(credential(seed, k))?).await?;
        }
    }
    let candidates = async |()| repository.find_credential_reuse_candidates(2).await;
    bench.sequential("find_credential_reuse_candidates", Calls::new(1, 2000), |_| Ok(()), candidates).await?;

    for token in 0..TOKENS {
        let data = json!({
            "uuid": format!("token-{token}"), "kind": "http", "decky_name": decky(token), "callback_token": format!("slug-{token}"),
            "placement_path": "/p", "secret_seed": "s", "generator": "g", "created_by": "u",
        });
        repository.create_canary_token(record(data)?).await?;
    }
    let hit = async |data| repository.record_canary_trigger(data).await;
    bench.sequential("record_canary_trigger", few(), |k| record(trigger(seed, k)), hit).await?;

    let seen: Vec<String> = repository
        .get_attackers(AttackerQuery::default().limit(SEEN), AttackerOrder::Recent)
        .await?
        .into_iter()
        .map(|attacker| attacker.uuid)
        .collect();
    let observe = async |data| repository.upsert_observation(data).await;
    let observation = |k| record(observation(seed, k, &seen));
    bench.sequential("upsert_observation", few(), observation, observe).await?;

    let insert = async |rows| repository.insert_tags(rows).await;
    let batch = |k: u64| tags(seed, k, &seen);
    for k in 0..TAGGED {
        insert(batch(k)?).await?;
    }
    let calls = || Calls::new(1, 2000);
    let uuid = async |k: u64| repository.list_techniques_by_attacker(&seen[k as usize % seen.len()]).await;
    bench.sequential("list_techniques_by_attacker", calls(), Ok, uuid).await?;
    let identity = repository.create_attacker_identity(record(json!({"uuid": "identity"}))?).await?;
    for attacker in &seen {
        repository.set_attacker_identity_id(attacker, &identity).await?;
    }
    let all = async |()| repository.list_techniques_by_identity(&identity).await;
    bench.sequential("list_techniques_by_identity", calls(), |_| Ok(()), all).await?;
    let rows = Calls { cap: 200, warm: 2, rows: Some(BATCH as usize) };
    bench.sequential("insert_tags_50", rows, |k| batch(TAGGED + k), insert).await?;

    let topology = json!({"id": TOPOLOGY, "name": "bench"});
    repository.create_topology(record(topology)?).await?;
    for number in 0..DECKIES {
        let data = json!({
            "uuid": format!("decky-{number}"), "topology_id": TOPOLOGY, "name": decky(number), "services": ["ssh", "http"],
            "decky_config": {"name": decky(number)},
        });
        repository.add_topology_decky(record(data)?, None).await?;
    }
    let deckies = async |()| repository.list_topology_deckies(TOPOLOGY).await;
    bench.sequential("list_topology_deckies", few(), |_| Ok(()), deckies).await
}

fn record<T: DeserializeOwned>(map: Value) -> Result<T> {
    serde_json::from_value(map).context("a row of the workload")
}

fn credential(seed: u64, k: u64) -> Value {
    let rng = &mut Rng::at(seed, streams::CREDENTIAL, k);
    let (decky, service, address, user) =
        (decky(rng.below(DECKIES)), draw_service(rng), ip(zipf(rng)), draw_user(rng));
    let hash: String = (0..4).map(|_| format!("{:016x}", rng.next_u64())).collect();
    json!({
        "attacker_ip": address, "decky_name": decky, "service": service, "principal": user, "secret_sha256": hash,
        "secret_b64": "aHVudGVyMg==", "secret_printable": "hunter2", "outcome": "failure", "fields": {"user": user},
    })
}

fn trigger(seed: u64, k: u64) -> Value {
    let rng = &mut Rng::at(seed, streams::TRIGGER, k);
    json!({
        "token_uuid": format!("token-{}", k % TOKENS), "src_ip": ip(zipf(rng)), "user_agent": "curl/8.0",
        "request_path": "/p", "raw_headers": "{\"host\": \"h\"}",
    })
}

fn observation(seed: u64, k: u64, seen: &[String]) -> Value {
    let rng = &mut Rng::at(seed, streams::OBSERVATION, k);
    let attacker = &seen[rng.below(seen.len() as u64) as usize];
    let (primitive, at) = (format!("motor.p{}", rng.below(8)), T0 + k as f64);
    json!({
        "attacker_uuid": attacker, "primitive": primitive, "value": k, "confidence": 0.5, "window_start_ts": at,
        "window_end_ts": at, "source": "bench", "evidence_ref": format!("shard:{k}"), "envelope_v": 1, "ts": at,
        "identity_ref": null,
    })
}

fn tags(seed: u64, batch: u64, seen: &[String]) -> Result<Vec<NewTag>> {
    (0..BATCH)
        .map(|row| {
            let k = batch * BATCH + row;
            let rng = &mut Rng::at(seed, streams::TAG, k);
            let attacker = &seen[rng.below(seen.len() as u64) as usize];
            let (technique, rule) = (format!("T1{:03}", rng.below(40)), format!("R{:04}", rng.below(30)));
            record(json!({
                "uuid": format!("tag-{k}"), "source_kind": "command", "source_id": format!("cmd-{k}"), "attacker_uuid": attacker,
                "tactic": "TA0006", "technique_id": technique, "confidence": 0.5, "rule_id": rule, "rule_version": 1,
                "evidence": {"matched_tokens": ["uname"]}, "attack_release": "v15.1",
            }))
        })
        .collect()
}
