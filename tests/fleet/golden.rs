//! Our answers on the database that the original wrote, against the original's.

use decnet_db::Repository;
use decnet_db::call::call;
use serde_json::{Value, json};

use crate::support::{Database, each_backend};

each_backend![reads, mutations];

const METHODS: [&str; 22] = [
    "delete_decky_shard",
    "delete_decky_shards_for_host",
    "delete_fleet_decky",
    "delete_swarm_host",
    "find_open_lifecycle",
    "get_deckies",
    "get_fleet_decky_by_name",
    "get_lifecycle_by_ids",
    "get_stats_summary",
    "get_swarm_host_by_fingerprint",
    "get_swarm_host_by_name",
    "get_swarm_host_by_uuid",
    "list_decky_shards",
    "list_fleet_deckies",
    "list_running_deckies",
    "list_running_fleet_deckies",
    "list_swarm_hosts",
    "sweep_stale_lifecycle",
    "update_fleet_decky_state",
    "update_lifecycle",
    "update_swarm_host",
    "upsert_fleet_decky",
];

/// A call whose answer a ruling changes: its number, the ruling, our answer made of the original's.
type Ruled = (u64, &'static str, fn(&Value) -> Result<Value, &'static str>);

const READS: &[Ruled] = &[
    (88, "R10: the fleet's rows count, its file doesn't", |_| {
        Ok(json!({"total_logs": 12, "unique_attackers": 5, "active_deckies": 4, "deployed_deckies": 6}))
    }),
    (161, "R7: of several hosts the first by key", |reads| {
        let of_a = |read: &&Value| read["n"] == 157;
        Ok(reads.as_array().unwrap().iter().find(of_a).unwrap()["result"].clone())
    }),
    (170, "R6: in the order of the key", |reads| Ok(reordered(reads, 170, &[2, 0, 1]))),
    (172, "R6: in the order of the key", |reads| Ok(reordered(reads, 172, &[0, 3, 1, 2, 4, 5]))),
];

const MUTATIONS: &[Ruled] = &[(22, "R15: an unknown column is invalid input", |_| Err("invalid_input"))];

fn reordered(reads: &Value, n: u64, order: &[usize]) -> Value {
    let read = reads.as_array().unwrap().iter().find(|read| read["n"] == n).unwrap();
    order.iter().map(|&position| read["result"][position].clone()).collect()
}

async fn reads(db: Database) {
    replay(&*db.golden().await, "reads", READS).await;
}

async fn mutations(db: Database) {
    replay(&*db.golden().await, "mutations", MUTATIONS).await;
}

async fn replay(db: &dyn Repository, part: &str, ruled: &[Ruled]) {
    let golden: Value = serde_json::from_str(include_str!("../golden/core.expected.json")).unwrap();
    let calls = &golden[part];
    let (mut wrong, mut rulings) = (Vec::new(), 0);
    for recorded in calls.as_array().unwrap() {
        let method = recorded["method"].as_str().unwrap();
        if !METHODS.contains(&method) {
            continue;
        }
        let expected = match ruled.iter().find(|(n, ..)| recorded["n"] == *n) {
            Some((_, _, answer)) => {
                rulings += 1;
                answer(calls)
            }
            None => Ok(recorded.get("result").expect("a ruling says what an error becomes").clone()),
        };
        let mut arguments = recorded["args"].clone();
        for argument in arguments.as_object_mut().unwrap().values_mut() {
            if let Some(time) = argument.get("$datetime").cloned() {
                *argument = time;
            }
        }
        let ours = call(db, method, arguments.clone()).await;
        let ours = ours.map(|json| json.to_value().unwrap()).map_err(|error| error.kind().as_str());
        if ours != expected {
            let n = &recorded["n"];
            wrong.push(format!("{n} {method} {arguments}\n  is       {ours:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(rulings, ruled.len(), "rulings on calls that are not there");
}
