//! What becomes of deliveries.

use serde_json::{Value, json};

use super::subscription;
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

const LIMIT: u64 = 5;

async fn created(database: &Database) -> Calls {
    let db = Calls::of(database);
    let mut data = subscription("siem");
    data["uuid"] = json!("w");
    db.called("create_webhook_subscription", json!({"data": data})).await;
    db
}

async fn stored(db: &Calls) -> Value {
    db.called("get_webhook_subscription", json!({"uuid": "w"})).await
}

async fn fail(db: &Calls, error: Value) -> Value {
    db.called("record_webhook_failure", json!({"uuid": "w", "ts": "2026-01-01", "error": error})).await
}

pub(crate) async fn each_failure_has_a_count_of_its_own(database: Database) {
    let callers = [created(&database).await, Calls::of(&database.beside().await)];
    let shared = callers.clone();
    let counts = at_once(40, move |number| {
        let db = shared[number % 2].clone();
        async move { fail(&db, json!("boom")).await.as_u64().unwrap() }
    });
    let mut counts = counts.await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=40).collect::<Vec<u64>>());
    assert_eq!(stored(&callers[0]).await["consecutive_failures"], json!(40));
}

pub(crate) async fn one_caller_reaches_the_limit(database: Database) {
    let callers = [created(&database).await, Calls::of(&database.beside().await)];
    let shared = callers.clone();
    let tripped = at_once(16, move |number| {
        let db = shared[number % 2].clone();
        async move {
            let reached = fail(&db, json!("boom")).await == json!(LIMIT);
            if reached {
                db.called("trip_webhook_circuit", json!({"uuid": "w", "ts": "2026-01-02"})).await;
            }
            reached
        }
    });
    assert_eq!(tripped.await.into_iter().filter(|tripped| *tripped).count(), 1);
    let row = stored(&callers[0]).await;
    assert_eq!((&row["enabled"], &row["auto_disabled_at"]), (&json!(false), &json!("2026-01-02T00:00:00Z")));
    assert_eq!((&row["consecutive_failures"], &row["last_error"]), (&json!(16), &json!("boom")));
}

pub(crate) async fn errors_are_cut_at_512_characters(database: Database) {
    let db = created(&database).await;
    for (error, expected) in [
        ("é".repeat(513), "é".repeat(512)),
        ("\u{1F4A9}".repeat(512), "\u{1F4A9}".repeat(512)),
        (
            "'); DROP TABLE webhook_subscriptions; --".to_owned(),
            "'); DROP TABLE webhook_subscriptions; --".into(),
        ),
    ] {
        fail(&db, json!(error)).await;
        assert_eq!(stored(&db).await["last_error"], json!(expected));
    }
    for none in [json!(null), json!("")] {
        fail(&db, json!("boom")).await;
        fail(&db, none).await;
        assert_eq!(stored(&db).await["last_error"], json!(null));
    }
}

pub(crate) async fn a_success_ends_the_failures_and_not_the_trip(database: Database) {
    let db = created(&database).await;
    fail(&db, json!("boom")).await;
    db.called("trip_webhook_circuit", json!({"uuid": "w", "ts": "2026-01-02"})).await;
    db.called("trip_webhook_circuit", json!({"uuid": "w", "ts": "2026-01-03"})).await;
    db.called("record_webhook_success", json!({"uuid": "w", "ts": "2026-01-04T00:00:00.5Z"})).await;
    let mut row = stored(&db).await;
    for member in ["name", "url", "secret", "topic_patterns", "created_at"] {
        row.as_object_mut().unwrap().remove(member);
    }
    let expected = json!({
        "uuid": "w", "enabled": false, "consecutive_failures": 0, "last_success_at": "2026-01-04T00:00:00.500000Z",
        "last_failure_at": "2026-01-01T00:00:00Z", "last_error": null,
        "auto_disabled_at": "2026-01-03T00:00:00Z", "updated_at": "2026-01-04T00:00:00.500000Z",
    });
    assert_eq!(row, expected);
    assert_eq!(fail(&db, json!("boom")).await, json!(1));
}

pub(crate) async fn what_is_not_there_is_not_changed(database: Database) {
    let db = created(&database).await;
    let before = stored(&db).await;
    let at = json!({"uuid": "x", "ts": "2026-01-02"});
    db.called("record_webhook_success", at.clone()).await;
    db.called("trip_webhook_circuit", at).await;
    let failure = json!({"uuid": "x", "ts": "2026-01-02", "error": "boom"});
    for _ in 0..2 {
        assert_eq!(db.called("record_webhook_failure", failure.clone()).await, json!(1), "ruling R18");
    }
    assert_eq!(stored(&db).await, before);
    assert_eq!(db.stored::<i64>("SELECT COUNT(*) FROM webhook_subscriptions").await, 1);
}
