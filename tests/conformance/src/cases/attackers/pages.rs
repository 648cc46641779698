//! Pages by key: complete, without overlap, stable while rows arrive.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{Attacker, Log};
use decnet_db_core::time::Timestamp;
use serde_json::{Value, json};

use crate::cases::calls::Calls;
use crate::database::Database;

/// All pages of a list, put together; each but the last is full.
async fn all(db: &Calls, method: &str, limit: usize, extra: Value) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut arguments = json!({"limit": limit, "after": after});
        arguments.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let page = db.called(method, arguments).await;
        let data = page["data"].as_array().unwrap();
        rows.extend(data.iter().cloned());
        after = page["next"].clone();
        if after.is_null() {
            return rows;
        }
        assert_eq!(data.len(), limit);
        assert!(rows.len() < 1_000, "the pages of {method} don't end");
    }
}

pub(crate) async fn pages_put_together_are_the_list(database: Database) {
    let database = database.golden().await;
    let db = Calls::of(&database);
    // Ties, so that the key has to decide.
    let time: Timestamp = "2026-01-01".parse().unwrap();
    db.execute(|sql| {
        sql.update::<Log>().set(Log::TIMESTAMP, time).and().push("id % 2 = 0");
    })
    .await;
    db.execute(|sql| {
        sql.update::<Attacker>().set(Attacker::LAST_SEEN, time);
    })
    .await;
    for limit in [1, 2, 3, 4, 12, 100] {
        for (method, extra) in [
            ("get_logs", json!({})),
            ("get_logs", json!({"search": "service:ssh"})),
            ("get_bounties", json!({})),
            ("get_bounties", json!({"bounty_type": "ip_leak"})),
            ("get_attackers", json!({})),
            ("get_attackers", json!({"sort_by": "active"})),
            ("get_attackers", json!({"sort_by": "traversals", "service": "ssh"})),
        ] {
            let list = db.called(method, extra.clone()).await;
            let pages = all(&db, &format!("{method}_page"), limit, extra.clone()).await;
            assert_eq!(json!(pages), list, "{method} {extra} by {limit}");
        }
        let mut exported = all(&db, "export_attackers", limit, json!({})).await;
        exported.reverse();
        assert_eq!(json!(exported), db.called("get_all_attackers_for_export", json!({})).await);
    }
}

pub(crate) async fn rows_that_arrive_do_not_move_a_page(database: Database) {
    let db = Calls::of(&database);
    let add = |second: u32| {
        json!({"log_data": {"timestamp": format!("2026-01-01T00:00:{second:02}"), "decky": "d", "service": "s",
                "event_type": "e", "attacker_ip": "i", "raw_line": second.to_string(), "fields": {}}})
    };
    for second in 0..6 {
        db.called("add_log", add(second)).await;
    }
    let lines = |page: &Value| {
        let logs = page["data"].as_array().unwrap();
        logs.iter().map(|log| log["raw_line"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = db.called("get_logs_page", json!({"limit": 3})).await;
    for second in 10..20 {
        db.called("add_log", add(second)).await;
    }
    let second = db.called("get_logs_page", json!({"limit": 3, "after": first["next"]})).await;
    assert_eq!((lines(&first).join(" "), lines(&second).join(" ")), ("5 4 3".to_owned(), "2 1 0".to_owned()));
    assert_eq!(second["next"], Value::Null);
}

pub(crate) async fn a_foreign_cursor_is_refused(database: Database) {
    let database = database.golden().await;
    let db = Calls::of(&database);
    let next = async |method: &str, extra: Value| db.called(method, extra).await["next"].clone();
    let log = next("get_logs_page", json!({"limit": 1})).await;
    let active = next("get_attackers_page", json!({"limit": 1, "sort_by": "active"})).await;
    let export = next("export_attackers", json!({"limit": 1})).await;
    for (method, after) in [
        ("get_logs_page", json!("")),
        ("get_logs_page", json!(7)),
        ("get_logs_page", json!("logs.msg:1:1")),
        ("get_bounties_page", log.clone()),
        ("get_attackers_page", log),
        ("get_attackers_page", active.clone()),
        ("get_attackers_page", export),
        ("export_attackers", active),
    ] {
        let (kind, message) = db.refused(method, json!({"after": after})).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(message.starts_with("after: "), "{method} {after}: {message}");
    }
    for method in ["get_logs_page", "get_bounties_page", "get_attackers_page", "export_attackers"] {
        assert_eq!(db.refused(method, json!({"limit": 0})).await.0, ErrorKind::InvalidInput);
    }
}
