//! Several callers at once, through connections of their own.

use std::collections::BTreeSet;

use decnet_db_core::call::call;
use decnet_db_core::topology::transition_status;
use decnet_db_core::{ErrorKind, Result};
use serde_json::{Value, json};

use super::{decky, edge, lan, maze, topology, version};
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

/// Two openings of the database, as two processes have.
async fn two(db: &Database) -> [Calls; 2] {
    [Calls::of(db), Calls::of(&db.beside().await)]
}

/// Makes the calls at once, by turns through both openings.
async fn results(openings: &[Calls; 2], calls: Vec<(&'static str, Value)>) -> Vec<Result<Value>> {
    at_once(calls.len(), |number| {
        let repository = openings[number % 2].repository.clone();
        let (method, arguments) = calls[number].clone();
        async move {
            let result = call(&*repository, method, arguments).await?;
            Ok(result.to_value().expect("the result is JSON"))
        }
    })
    .await
}

pub(crate) async fn a_version_has_one_winner(db: Database) {
    let openings = two(&db).await;
    let [calls, _] = &openings;
    topology(calls, "t").await;
    for round in 1..=3 {
        let adds = (0..12).map(|number| {
            let name = format!("{round}-{number}");
            if number % 3 == 2 {
                let change = json!({"topology_id": "t", "op": "x", "payload": {}, "expected_version": round});
                return ("enqueue_topology_mutation", change);
            }
            let mut add = if number % 3 == 0 { lan("t", &name) } else { decky("t", &name) };
            add["expected_version"] = json!(round);
            (if number % 3 == 0 { "add_lan" } else { "add_topology_decky" }, add)
        });
        let results = results(&openings, adds.collect()).await;
        let lost: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(lost.len(), 11, "one wins");
        for error in lost {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            assert!(error.to_string().starts_with("stale expected_version"), "{error}");
        }
        assert_eq!(version(calls, "t").await, json!(round + 1));
    }
    let counts = db.row_counts().await.unwrap();
    let rows =
        |name: &str| counts.iter().find(|(table, _)| *table == name).and_then(|(_, count)| *count).unwrap();
    assert_eq!(rows("lans") + rows("topology_deckies") + rows("topology_mutations"), 3);
}

pub(crate) async fn no_race_orphans_a_decky(db: Database) {
    let openings = two(&db).await;
    let [calls, _] = &openings;
    for _ in 0..6 {
        maze(calls, "t").await;
        let deletions =
            vec![("delete_lan", json!({"lan_id": "l1"})), ("delete_lan", json!({"lan_id": "l2"}))];
        let results = results(&openings, deletions).await;
        let lost: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(lost.len(), 1, "{results:?}");
        assert!(lost[0].to_string().contains("orphaned"), "{}", lost[0]);
        let edges = calls.called("list_topology_edges", json!({"topology_id": "t"})).await;
        assert_eq!(edges.as_array().unwrap().len(), 1);
        calls.called("delete_topology_cascade", json!({"topology_id": "t"})).await;
    }
}

pub(crate) async fn a_change_has_one_claimer(db: Database) {
    let openings = two(&db).await;
    let [calls, _] = &openings;
    topology(calls, "t").await;
    let change = |number| json!({"topology_id": "t", "op": "x", "payload": number});
    let enqueued =
        results(&openings, (0..24).map(|n| ("enqueue_topology_mutation", change(n))).collect()).await;
    let enqueued: BTreeSet<_> = enqueued.into_iter().map(|id| id.unwrap().to_string()).collect();
    let rows = calls.called("list_topology_mutations", json!({"topology_id": "t"})).await;
    let times: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| row["requested_at"].as_str().unwrap()).collect();
    let distinct: BTreeSet<_> = times.iter().collect();
    assert_eq!(distinct.len(), 24, "each comes at a time of its own");
    let claims = (0..30).map(|_| ("claim_next_mutation", json!({"topology_id": "t"}))).collect();
    let claimed = results(&openings, claims).await;
    let claimed: Vec<_> = claimed.into_iter().map(Result::unwrap).filter(|row| !row.is_null()).collect();
    let ids: BTreeSet<_> = claimed.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!((claimed.len(), ids), (24, enqueued));
}

pub(crate) async fn status_events_are_a_chain(db: Database) {
    let openings = two(&db).await;
    let [calls, _] = &openings;
    topology(calls, "t").await;
    let change = |number| json!({"topology_id": "t", "new_status": format!("s{number}")});
    for result in results(&openings, (0..24).map(|n| ("update_topology_status", change(n))).collect()).await {
        result.unwrap();
    }
    let events = calls.called("list_topology_status_events", json!({"topology_id": "t"})).await;
    let events = events.as_array().unwrap();
    assert_eq!(events.len(), 24);
    for pair in events.windows(2) {
        assert_eq!(pair[0]["from_status"], pair[1]["to_status"], "{events:?}");
    }
    assert_eq!(events[23]["from_status"], "pending");
    let shown = calls.called("get_topology", json!({"topology_id": "t"})).await;
    assert_eq!((&shown["status"], &shown["status_changed_at"]), (&events[0]["to_status"], &events[0]["at"]));
}

pub(crate) async fn a_transition_has_one_winner(db: Database) {
    let openings = two(&db).await;
    let [calls, _] = &openings;
    for (id, status) in [("t", "deploying"), ("u", "torn_down")] {
        topology(calls, id).await;
        let results = at_once(8, |number| {
            let repository = openings[number % 2].repository.clone();
            async move { transition_status(&*repository, id, status, None).await }
        })
        .await;
        let lost: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(lost.len(), 7);
        assert!(lost.iter().all(|error| error.kind() == ErrorKind::Conflict), "{lost:?}");
        let events = calls.called("list_topology_status_events", json!({"topology_id": id})).await;
        assert_eq!(events.as_array().unwrap().len(), 1);
    }
}

pub(crate) async fn deletions_and_writes_at_once_leave_nothing(db: Database) {
    let openings = two(&db).await;
    let [calls, _] = &openings;
    for round in 0..3 {
        maze(calls, "t").await;
        let mut work = vec![("delete_topology_cascade", json!({"topology_id": "t"}))];
        for number in 0..4 {
            let name = format!("{round}-{number}");
            work.push(("add_lan", lan("t", &name)));
            work.push(("add_topology_edge", edge("t", &name, "d", "l1")));
            work.push(("delete_lan", json!({"lan_id": "l2", "expected_version": 1})));
            work.push(("update_topology_decky", json!({"decky_uuid": "d", "fields": {"x": number}})));
            work.push(("update_topology_status", json!({"topology_id": "t", "new_status": "active"})));
            work.push(("enqueue_topology_mutation", json!({"topology_id": "t", "op": "x", "payload": {}})));
        }
        for result in results(&openings, work).await {
            let kind = result.err().map(|error| (error.kind(), error.to_string()));
            assert!(
                matches!(kind, None | Some((ErrorKind::Conflict | ErrorKind::NotFound, _))),
                "a deadlock or worse: {kind:?}"
            );
        }
        let counts = db.row_counts().await.unwrap();
        let left = counts.iter().filter(|(name, _)| *name == "lans" || name.starts_with("topolog"));
        assert!(left.clone().all(|(_, count)| *count == Some(0)), "{counts:?}");
    }
}
