//! Campaigns as rows.

use decnet_db_core::ErrorKind;
use serde_json::{Value, json};

use crate::cases::calls::Calls;
use crate::database::Database;

pub(crate) async fn a_campaign_is_made_listed_and_merged(database: Database) {
    let db = Calls::of(&database);
    for uuid in ["c1", "c2", "c3"] {
        let row = json!({"uuid": uuid, "ja3_hashes": ["a"], "notes": "\u{1F600} 'quoted'"});
        assert_eq!(db.called("create_campaign", json!({"row": row})).await, uuid);
    }
    let read = db.called("get_campaign_by_uuid", json!({"uuid": "c1"})).await;
    assert_eq!((&read["schema_version"], &read["identity_count"]), (&json!(1), &json!(0)));
    assert_eq!((&read["ja3_hashes"], &read["notes"]), (&json!(r#"["a"]"#), &json!("\u{1F600} 'quoted'")));
    let merge = |loser: &str, winner: &str| json!({"campaign_uuid": loser, "winner_uuid": winner});
    db.called("update_campaign_merged_into", merge("c1", "c2")).await;
    db.called("update_campaign_merged_into", merge("c2", "c3")).await;
    assert_eq!(db.called("get_campaign_by_uuid", json!({"uuid": "c1"})).await["uuid"], "c3");
    for (loser, winner) in [("c3", "c1"), ("c3", "c3"), ("c3", "nobody")] {
        let (kind, message) = db.refused("update_campaign_merged_into", merge(loser, winner)).await;
        assert_eq!(kind, ErrorKind::Conflict, "{message}");
    }
    assert_eq!(db.called("count_campaigns", json!({})).await, 1);
    let listed = db.called("list_campaigns", json!({})).await;
    assert_eq!(listed.as_array().expect("a list").len(), 1);
    let all = db.called("list_all_campaigns", json!({})).await;
    assert_eq!(all.as_array().expect("a list").len(), 3);
    db.same_in_pages("get_campaigns_page", json!({}), "uuid", &all).await;
    let (kind, message) = db.refused("create_campaign", json!({"row": {"uuid": "c1"}})).await;
    assert_eq!(kind, ErrorKind::Conflict, "{message}");
    let (kind, message) = db.refused("create_campaign", json!({"row": {"uuid": "x", "name": "y"}})).await;
    assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
    assert_eq!(db.called("get_campaign_by_uuid", json!({"uuid": "nobody"})).await, Value::Null);
}

pub(crate) async fn an_identity_takes_part_in_a_campaign(database: Database) {
    let db = Calls::of(&database);
    db.called("create_campaign", json!({"row": {"uuid": "c"}})).await;
    for uuid in ["i1", "i2"] {
        db.called("create_attacker_identity", json!({"row": {"uuid": uuid}})).await;
        let take_part = json!({"identity_uuid": uuid, "campaign_uuid": "c"});
        assert_eq!(db.called("set_identity_campaign_id", take_part).await, Value::Null);
    }
    let take_part = json!({"identity_uuid": "i1", "campaign_uuid": "nobody"});
    let (kind, message) = db.refused("set_identity_campaign_id", take_part).await;
    assert_eq!((kind, message.as_str()), (ErrorKind::Conflict, "campaign_uuid: no campaign has this uuid"));
    db.called("update_identity_merged_into", json!({"identity_uuid": "i1", "winner_uuid": "i2"})).await;
    let of = json!({"campaign_uuid": "c"});
    let identities = db.called("list_identities_for_campaign", of.clone()).await;
    assert_eq!(identities.as_array().expect("a list").len(), 2, "a merged one too");
    assert_eq!(db.called("count_identities_for_campaign", of.clone()).await, 2);
    db.called("set_identity_campaign_id", json!({"identity_uuid": "i1"})).await;
    assert_eq!(db.called("count_identities_for_campaign", of).await, 1);
    let nobody = json!({"identity_uuid": "nobody", "campaign_uuid": "nobody"});
    assert_eq!(db.called("set_identity_campaign_id", nobody).await, Value::Null);
}
