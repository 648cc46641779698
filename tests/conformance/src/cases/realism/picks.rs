//! Files that are picked at random.

use std::collections::BTreeMap;

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use super::file;
use crate::cases::calls::{Calls, at_once};
use crate::database::Database;

async fn record(db: &Calls, uuid: &str, decky: &str, class: &str, modified: Value) {
    let mut data = file(decky, &format!("/{uuid}"));
    data["uuid"] = json!(uuid);
    data["content_class"] = json!(class);
    data["last_modified"] = modified;
    db.called("record_synthetic_file", json!({"data": data})).await;
}

async fn pick(db: &Calls, arguments: Value) -> Value {
    db.called("pick_random_synthetic_file_for_edit", arguments).await
}

pub(crate) async fn each_file_that_qualifies_has_an_equal_chance(database: Database) {
    let db = Calls::of(&database);
    for (uuid, class) in [("1", "note"), ("2", "todo"), ("3", "log_cron"), ("4", "draft"), ("5", "script")] {
        // Two of one instant, and one of the future.
        let modified = if class == "note" { json!("9999-01-01") } else { json!(null) };
        record(&db, uuid, "d", class, modified).await;
    }
    record(&db, "old", "d", "note", json!("2020-01-01")).await;
    record(&db, "class", "d", "canary_aws_creds", json!(null)).await;
    record(&db, "decky", "e", "note", json!(null)).await;
    let mut picked: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..500 {
        let row = pick(&db, json!({"decky_uuid": "d"})).await;
        *picked.entry(row["uuid"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(picked.keys().map(String::as_str).eq(["1", "2", "3", "4", "5"]), "{picked:?}");
    // Of 500 picks 100 each are expected; less than 50 has a chance below one in a hundred million.
    assert!(picked.values().all(|count| *count >= 50), "{picked:?}");
    assert_eq!(pick(&db, json!({"decky_uuid": "no"})).await, json!(null));
}

pub(crate) async fn old_bounds_are_none(database: Database) {
    let db = Calls::of(&database);
    record(&db, "old", "d", "note", json!("0001-01-01")).await;
    assert_eq!(pick(&db, json!({"decky_uuid": "d"})).await, json!(null));
    assert_eq!(pick(&db, json!({"decky_uuid": "d", "max_age_days": 0})).await, json!(null));
    for days in [json!(1_000_000), json!(i64::MAX), json!(u64::MAX)] {
        let row = pick(&db, json!({"decky_uuid": "d", "max_age_days": days})).await;
        assert_eq!(row["uuid"], json!("old"), "{days}");
    }
    for days in [json!(-1), json!(1.5), json!("30")] {
        let arguments = json!({"decky_uuid": "d", "max_age_days": days});
        let (kind, text) = db.refused("pick_random_synthetic_file_for_edit", arguments).await;
        assert_eq!(kind, ErrorKind::InvalidInput);
        assert!(text.starts_with("max_age_days: "), "{text}");
    }
}

pub(crate) async fn files_may_come_and_go(database: Database) {
    let db = Calls::of(&database);
    record(&db, "stays", "d", "note", json!(null)).await;
    for number in 0..8 {
        record(&db, &number.to_string(), "d", "note", json!(null)).await;
    }
    let rows = at_once(32, move |number| {
        let db = db.clone();
        async move {
            if number % 2 == 0 {
                let data = json!({"last_modified": "2020-01-01"});
                let update = json!({"row_uuid": (number / 4).to_string(), "data": data});
                db.called("update_synthetic_file", update).await;
            }
            pick(&db, json!({"decky_uuid": "d"})).await
        }
    });
    assert!(rows.await.iter().all(|row| row["decky_uuid"] == "d"));
}
