//! Several writes in one commit: all of them or none, in order, whoever looks on.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{LogFilter, NewBounty, NewLog, NewUser};
use serde_json::json;

use crate::database::Database;
use crate::json::called;

fn log(line: &str) -> NewLog {
    NewLog::new("d", "s", "e", "i").raw_line(line)
}

fn user(name: &str) -> NewUser {
    NewUser::new(format!("uuid-of-{name}"), name, "x")
}

async fn position(db: &Database) -> serde_json::Value {
    called(&**db, "get_state", json!({"key": "ingest_worker_position"})).await
}

async fn total(db: &Database) -> u64 {
    db.get_total_logs(LogFilter::all()).await.unwrap()
}

pub(crate) async fn a_batch_and_its_position_are_one_commit(db: Database) {
    let other = db.open_again().await;
    let unit = db.unit().add_logs(vec![log("a"), log("b")]);
    unit.set_state("ingest_worker_position", json!({"position": 2})).commit().await.unwrap();
    assert_eq!((total(&db).await, position(&db).await), (2, json!({"position": 2})));
    assert_eq!(other.get_total_logs(LogFilter::all()).await.unwrap(), 2);
    other.close().await;
}

pub(crate) async fn a_refused_argument_leaves_nothing(db: Database) {
    let long = log("a").decky_of(256);
    let unit = db.unit().set_state("ingest_worker_position", json!(1)).add_logs(vec![log("a"), long]);
    let error = unit.set_state("k", json!(1)).commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains("decky"), "{error}");
    assert_eq!((total(&db).await, position(&db).await), (0, json!(null)));
}

pub(crate) async fn a_conflict_leaves_nothing(db: Database) {
    db.create_user(user("bob")).await.unwrap();
    let unit = db.unit().add_logs(vec![log("a")]).set_state("ingest_worker_position", json!(1));
    let error = unit.create_user(user("bob")).add_log(log("b")).commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!((total(&db).await, position(&db).await), (0, json!(null)));
    // And the connection is fit for the next unit.
    db.unit().add_log(log("c")).commit().await.unwrap();
    assert_eq!(total(&db).await, 1);
}

pub(crate) async fn one_bad_row_keeps_its_batch_out(db: Database) {
    let mut rows = vec![log("x"); 1_500];
    rows[1_400] = log("x").id_of(7);
    rows[3] = log("x").id_of(7);
    let error = db.add_logs(rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(total(&db).await, 0);
}

pub(crate) async fn later_writes_see_earlier_ones(db: Database) {
    let bounty = NewBounty::new("d", "s", "i", "artifact").payload("same");
    let unit = db.unit().create_user(user("bob")).update_user_role("uuid-of-bob", "admin");
    let unit = unit.add_bounty(bounty.clone()).add_bounty(bounty);
    unit.set_state("k", json!(1)).set_state("k", json!(2)).commit().await.unwrap();
    assert_eq!(db.get_user_by_username("bob").await.unwrap().unwrap().role, "admin");
    assert_eq!(called(&*db, "get_total_bounties", json!({})).await, json!(1));
    assert_eq!(called(&*db, "get_state", json!({"key": "k"})).await, json!(2));
}

pub(crate) async fn an_empty_unit_is_committed(db: Database) {
    db.unit().commit().await.unwrap();
    db.unit().add_logs(Vec::new()).commit().await.unwrap();
    assert_eq!(total(&db).await, 0);
}

pub(crate) async fn nothing_happens_before_commit(db: Database) {
    drop(db.unit().add_log(log("a")));
    let commit = db.unit().add_log(log("b")).commit();
    drop(commit);
    assert_eq!(total(&db).await, 0);
}

pub(crate) async fn a_password_change_ends_sessions_in_one_commit(db: Database) {
    db.create_user(user("bob")).await.unwrap();
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    let unit = db.unit().update_user_password("uuid-of-bob", "new", false);
    unit.set_tokens_valid_from("uuid-of-bob", Some(now)).commit().await.unwrap();
    let bob = db.get_user_by_uuid("uuid-of-bob").await.unwrap().unwrap();
    assert_eq!((bob.password_hash.as_str(), bob.tokens_valid_from), ("new", Some(now)));
}

pub(crate) async fn purge_leaves_the_position_and_takes_the_cursors(db: Database) {
    let keys = ["attacker_worker_cursor", "attacker_worker_session_cursor", "ingest_worker_position"];
    for key in keys {
        db.set_state(key, json!(7).into()).await.unwrap();
    }
    db.add_logs(vec![log("a"), log("b")]).await.unwrap();
    db.add_bounty(NewBounty::new("d", "s", "i", "artifact")).await.unwrap();
    db.create_user(user("bob")).await.unwrap();
    let purged = called(&*db, "purge_logs_and_bounties", json!({})).await;
    assert_eq!(purged, json!({"logs": 2, "bounties": 1, "credentials": 0, "attackers": 0}));
    let mut left = Vec::new();
    for key in keys {
        left.push(called(&*db, "get_state", json!({"key": key})).await);
    }
    assert_eq!(left, [json!(null), json!(null), json!(7)]);
    assert_eq!(db.list_users().await.unwrap().len(), 1);
    assert_eq!(db.get_max_log_id().await.unwrap(), 0);
}

/// What only tests need.
trait Changed {
    fn decky_of(self, length: usize) -> Self;
    fn id_of(self, id: i64) -> Self;
}

impl Changed for NewLog {
    fn decky_of(mut self, length: usize) -> Self {
        self.decky = "x".repeat(length);
        self
    }

    fn id_of(mut self, id: i64) -> Self {
        self.id = Some(id);
        self
    }
}
