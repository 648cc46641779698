//! Pruning.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::{email, event, uuids, with};
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

/// What is the same for events and mails.
struct Kind {
    record: &'static str,
    list: &'static str,
    prune: &'static str,
    cap: &'static str,
    row: fn(&str, &str) -> Value,
}

const KINDS: [Kind; 2] = [
    Kind {
        record: "record_orchestrator_event",
        list: "list_orchestrator_events",
        prune: "prune_orchestrator_events",
        cap: "per_dst_cap",
        row: event,
    },
    Kind {
        record: "record_orchestrator_email",
        list: "list_orchestrator_emails",
        prune: "prune_orchestrator_emails",
        cap: "per_decky_cap",
        row: email,
    },
];

impl Kind {
    async fn fill(&self, db: &Calls) {
        for (uuid, decky, ts) in [
            ("a", "d", "2026-01-01"),
            ("b", "d", "2026-01-02"),
            ("c", "d", "2026-01-01"),
            ("d", "d", "2026-01-01T00:00:00.000001Z"),
            ("e", "e", "2020-01-01"),
            ("f", "D", "2020-01-01"),
        ] {
            let data = with((self.row)(decky, ts), json!({"uuid": uuid}));
            db.called(self.record, json!({"data": data})).await;
        }
    }

    async fn prune(&self, db: &Calls, cap: impl Into<Value>) -> Value {
        db.called(self.prune, json!({self.cap: cap.into()})).await
    }
}

pub(crate) async fn the_newest_of_each_group_stay(database: Database) {
    let db = Calls::of(&database);
    for kind in KINDS {
        kind.fill(&db).await;
        assert_eq!(db.called(kind.prune, json!({})).await, json!(0), "10000 is the default");
        for (cap, deleted, left) in [
            (4, 0, vec!["b", "d", "c", "a", "f", "e"]),
            (3, 1, vec!["b", "d", "c", "f", "e"]),
            (1, 2, vec!["b", "f", "e"]),
            (1, 0, vec!["b", "f", "e"]),
        ] {
            assert_eq!(kind.prune(&db, cap).await, json!(deleted));
            assert_eq!(uuids(&db.called(kind.list, json!({})).await), left);
        }
    }
}

pub(crate) async fn a_cap_of_zero_deletes_nothing(database: Database) {
    let db = Calls::of(&database);
    for kind in KINDS {
        kind.fill(&db).await;
        for cap in [json!(0), json!(null), json!(i64::MAX), json!(u64::MAX)] {
            assert_eq!(kind.prune(&db, cap).await, json!(0));
        }
        let (refused, text) = db.refused(kind.prune, json!({kind.cap: -1})).await;
        assert_eq!((refused, text), (ErrorKind::InvalidInput, format!("{}: must not be negative", kind.cap)));
        assert_eq!(uuids(&db.called(kind.list, json!({})).await).len(), 6);
    }
}

pub(crate) async fn two_prunes_delete_each_row_once(database: Database) {
    let callers = [Calls::of(&database), Calls::of(&database.beside().await)];
    KINDS[0].fill(&callers[0]).await;
    let shared = callers.clone();
    let deleted = at_once(4, move |number| {
        let db = shared[number % 2].clone();
        async move { KINDS[0].prune(&db, 1).await.as_u64().unwrap() }
    });
    assert_eq!(deleted.await.into_iter().sum::<u64>(), 3);
}
