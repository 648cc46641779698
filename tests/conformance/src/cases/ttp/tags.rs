//! Tags.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::TtpTag;
use serde_json::{Value, json};

use super::samples::tag;
use crate::cases::at_once;
use crate::cases::calls::Calls;
use crate::database::Database;

fn with(mut tag: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        tag[name] = value.clone();
    }
    tag
}

async fn count(calls: &Calls) -> i64 {
    calls.stored("SELECT COUNT(*) FROM ttp_tag").await
}

pub(crate) async fn a_tag_is_stored_once_and_unsure_ones_are_dropped(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    assert_eq!(calls.called("insert_tags", json!({"rows": []})).await, 0);
    let rows = [
        tag(&attacker, "é|1"),
        tag(&attacker, "é|1"),
        with(tag(&attacker, "least"), json!({"confidence": 0.3, "sub_technique_id": "", "uuid": null})),
        with(tag(&attacker, "mine"), json!({"uuid": "mine", "confidence": 1, "created_at": "2026-01-02"})),
        with(tag("nobody", "unsure"), json!({"confidence": 0.29999, "technique_id": null, "evidence": null})),
        json!({"confidence": -1}),
    ];
    assert_eq!(calls.called("insert_tags", json!({"rows": rows})).await, 3);
    assert_eq!(calls.called("insert_tags", json!({"rows": rows})).await, 0);
    let stored = calls.called("list_ttp_tags_by_attacker", json!({"uuid": attacker})).await;
    let uuids: Vec<_> = stored.as_array().expect("a list").iter().map(|tag| tag["uuid"].clone()).collect();
    for (source_id, sub_technique) in [("é|1", None), ("least", Some(""))] {
        let uuid = TtpTag::uuid_of("command", source_id, "R0001", 1, "T1110", sub_technique);
        assert!(uuids.contains(&json!(uuid)), "{uuids:?}");
    }
    assert_eq!(uuids[2], "mine", "the oldest is last");
    assert_eq!(stored[2]["evidence"], json!({"matched_tokens": ["é"]}));
}

pub(crate) async fn one_bad_tag_refuses_all_with_its_index(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let good = || tag(&attacker, "good");
    let unsure = || with(good(), json!({"confidence": 0.1}));
    for (change, kind, path) in [
        (json!({"confidence": 1.5}), ErrorKind::InvalidInput, "rows[2].confidence"),
        (json!({"confidence": null}), ErrorKind::InvalidInput, "rows[2].confidence"),
        (json!({"attacker_uuid": null}), ErrorKind::InvalidInput, "rows[2].attacker_uuid"),
        (json!({"tactic": null}), ErrorKind::InvalidInput, "rows[2].tactic"),
        (json!({"rule_id": null}), ErrorKind::InvalidInput, "rows[2].rule_id"),
        (json!({"evidence": null}), ErrorKind::InvalidInput, "rows[2].evidence"),
        (json!({"evidence": "{}"}), ErrorKind::InvalidInput, "rows[2].evidence"),
        (json!({"technique_id": "T".repeat(256)}), ErrorKind::InvalidInput, "rows[2].technique_id"),
        (json!({"rule_version": 1_i64 << 40}), ErrorKind::InvalidInput, "rows[2].rule_version"),
        (json!({"nonsense": 1}), ErrorKind::InvalidInput, "rows[2].nonsense"),
        (json!({"attacker_uuid": "nobody"}), ErrorKind::Conflict, "rows[2].attacker_uuid"),
        (json!({"identity_uuid": "nobody"}), ErrorKind::Conflict, "rows[2].identity_uuid"),
    ] {
        let rows = json!([good(), unsure(), with(tag(&attacker, "bad"), change)]);
        let (is, message) = calls.refused("insert_tags", json!({"rows": rows})).await;
        assert_eq!(is, kind, "{message}");
        assert!(message.starts_with(path), "{message}");
    }
    let alone = json!([with(good(), json!({"attacker_uuid": "nobody"}))]);
    let (_, message) = calls.refused("insert_tags", json!({"rows": alone})).await;
    assert!(message.starts_with("rows[0].attacker_uuid"), "{message}");
    assert_eq!(count(&calls).await, 0);
}

pub(crate) async fn a_stored_tag_is_not_checked_again(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    calls.called("insert_tags", json!({"rows": [with(tag(&attacker, "1"), json!({"uuid": "u"}))]})).await;
    let again = with(tag("nobody", "2"), json!({"uuid": "u", "tactic": "other"}));
    assert_eq!(calls.called("insert_tags", json!({"rows": [again, tag(&attacker, "3")]})).await, 1);
    let rows = json!([again, tag("nobody", "4")]);
    let (kind, message) = calls.refused("insert_tags", json!({"rows": rows})).await;
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.starts_with("rows[1].attacker_uuid"), "{message}");
    let tactic: String = calls.stored("SELECT tactic FROM ttp_tag WHERE uuid = 'u'").await;
    assert_eq!(tactic, "TA0006");
}

pub(crate) async fn storing_at_once_adds_each_tag_once(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let added = at_once(&db, 12, move |repository, _| {
        let rows: Vec<_> = (0..10).map(|number| tag(&attacker, &number.to_string())).collect();
        async move {
            let call = decnet_db_core::call::call(&*repository, "insert_tags", json!({"rows": rows}));
            call.await?.decode::<u64>()
        }
    })
    .await;
    assert_eq!(added.iter().sum::<u64>(), 10);
    assert_eq!(count(&calls).await, 10);
}

pub(crate) async fn many_tags_are_one_unit(db: Database) {
    let calls = Calls::of(&db);
    let attacker = calls.attacker("203.0.113.7").await;
    let mut rows: Vec<_> = (0..2_500).map(|number| tag(&attacker, &number.to_string())).collect();
    rows[2_400]["attacker_uuid"] = json!("nobody");
    let (kind, message) = calls.refused("insert_tags", json!({"rows": rows})).await;
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.starts_with("rows[2400].attacker_uuid"), "{message}");
    assert_eq!(count(&calls).await, 0);
    rows[2_400]["attacker_uuid"] = json!(attacker);
    assert_eq!(calls.called("insert_tags", json!({"rows": rows})).await, 2_500);
    let (mut seen, mut after) = (0, json!(null));
    loop {
        let page = calls.called("export_ttp_tags", json!({"limit": 900, "after": after})).await;
        seen += page["data"].as_array().expect("rows").len();
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(seen, 2_500);
}
