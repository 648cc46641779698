//! Identities that are merged into others.

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::AttackerIdentity;
use decnet_db_core::sql::{Insert, Record as _, Unit, Value as Cell};
use serde_json::{Value, json};

use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

fn merge(loser: &str, winner: Option<&str>) -> Value {
    json!({"identity_uuid": loser, "winner_uuid": winner})
}

async fn identities(db: &Calls, uuids: &[&str]) {
    for uuid in uuids {
        db.called("create_attacker_identity", json!({"row": {"uuid": uuid}})).await;
    }
}

async fn found(db: &Calls, uuid: &str) -> Value {
    db.called("get_identity_by_uuid", json!({"uuid": uuid})).await["uuid"].clone()
}

pub(crate) async fn merges_are_followed_to_their_end(database: Database) {
    const LENGTH: usize = 2_500;
    let db = Calls::of(&database);
    let now = || Cell::Time("2026-01-01".parse().expect("a time"));
    // From the end on, since each refers to the one after it.
    let rows = (0..=LENGTH).rev().flat_map(|number| {
        let into = (number < LENGTH).then(|| format!("c{}", number + 1));
        [format!("c{number}").into(), Cell::Int(1), now(), now(), Cell::Int(0), into.into()]
    });
    let columns =
        vec!["uuid", "schema_version", "created_at", "updated_at", "observation_count", "merged_into_uuid"];
    let mut unit = Unit::new();
    unit.insert(Insert::raw(AttackerIdentity::TABLE, columns, rows.collect()).expect("rows"));
    db.repository.engine().commit(unit).await.expect("the rows go in");
    let last = format!("c{LENGTH}");
    for start in ["c0", "c1492", last.as_str()] {
        assert_eq!(found(&db, start).await, *last, "{start}");
    }
    let (kind, message) = db.refused("update_identity_merged_into", merge(&last, Some("c0"))).await;
    assert_eq!(kind, ErrorKind::Conflict, "{message}");
    identities(&db, &["new"]).await;
    db.called("update_identity_merged_into", merge("new", Some("c0"))).await;
    assert_eq!(found(&db, "new").await, *last);
    assert_eq!(db.called("count_identities", json!({})).await, 1);
    db.called("update_identity_merged_into", merge("new", None)).await;
    assert_eq!(found(&db, "new").await, "new");
    assert_eq!(found(&db, "nobody").await, Value::Null);
}

pub(crate) async fn rings_end_and_are_not_made(database: Database) {
    let db = Calls::of(&database);
    identities(&db, &["a", "b", "c", "d"]).await;
    let before = db.called("get_identity_by_uuid", json!({"uuid": "a"})).await;
    for (loser, winner) in [("a", "a"), ("nobody", "nobody")] {
        let (kind, message) = db.refused("update_identity_merged_into", merge(loser, Some(winner))).await;
        assert_eq!(kind, ErrorKind::Conflict, "{message}");
    }
    let (kind, message) = db.refused("update_identity_merged_into", merge("a", Some("nobody"))).await;
    assert_eq!((kind, message.as_str()), (ErrorKind::Conflict, "winner_uuid: no identity has this uuid"));
    assert_eq!(db.called("update_identity_merged_into", merge("nobody", Some("a"))).await, Value::Null);
    assert_eq!(db.called("get_identity_by_uuid", json!({"uuid": "a"})).await, before);
    db.called("update_identity_merged_into", merge("a", Some("b"))).await;
    let (kind, message) = db.refused("update_identity_merged_into", merge("b", Some("a"))).await;
    assert_eq!(kind, ErrorKind::Conflict, "{message}");
    assert!(message.contains("ring"), "{message}");
    // As DECNET could leave them: a into b into c into b, and d into itself.
    db.execute(|sql| {
        sql.push("UPDATE attacker_identities SET merged_into_uuid = 'c' WHERE uuid = 'b'");
    })
    .await;
    db.execute(|sql| {
        sql.push("UPDATE attacker_identities SET merged_into_uuid = 'b' WHERE uuid = 'c'");
    })
    .await;
    db.execute(|sql| {
        sql.push("UPDATE attacker_identities SET merged_into_uuid = 'd' WHERE uuid = 'd'");
    })
    .await;
    for (start, last) in [("a", "c"), ("b", "c"), ("c", "b"), ("d", "d")] {
        assert_eq!(found(&db, start).await, last, "{start}");
    }
    identities(&db, &["e"]).await;
    for ring in ["a", "b", "d"] {
        let (kind, message) = db.refused("update_identity_merged_into", merge("e", Some(ring))).await;
        assert_eq!(kind, ErrorKind::Conflict, "{message}");
    }
    // What ends a ring is no merge into one.
    db.called("update_identity_merged_into", merge("b", Some("e"))).await;
    assert_eq!(found(&db, "a").await, "e");
}

pub(crate) async fn merges_at_once_make_no_ring(database: Database) {
    let (db, beside) = (Calls::of(&database), Calls::of(&database.beside().await));
    let names = ["a", "b", "c", "d"];
    identities(&db, &names).await;
    let callers = (db.clone(), beside);
    let outcomes = at_once(4, move |number| {
        let db = if number % 2 == 0 { callers.0.clone() } else { callers.1.clone() };
        let merge = merge(names[number], Some(names[(number + 1) % 4]));
        async move { call(&*db.repository, "update_identity_merged_into", merge).await.map(drop) }
    })
    .await;
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].kind(), ErrorKind::Conflict);
    assert_eq!(db.called("count_identities", json!({})).await, 1);
}
