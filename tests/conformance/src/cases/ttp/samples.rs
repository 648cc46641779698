//! Sample arguments: techniques and rules.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("ttp", techniques()), ("rules", rules())]
}

/// A tag of the attacker.
pub(crate) fn tag(attacker: &str, source_id: &str) -> Value {
    json!({
        "source_kind": "command", "source_id": source_id, "attacker_uuid": attacker, "tactic": "TA0006",
        "technique_id": "T1110", "confidence": 0.5, "rule_id": "R0001", "rule_version": 1,
        "evidence": {"matched_tokens": ["é"]}, "attack_release": "v15.1",
    })
}

/// A rule.
pub(crate) fn rule(rule_id: &str) -> Value {
    json!({
        "rule_id": rule_id, "rule_version": 1, "name": "brüte", "description": "what it is for",
        "applies_to": ["command", "auth"], "match_spec": {"pattern": "a|b", "n": [1, 0.5, null]},
        "emits": [["T1110", null, "TA0006", 0.85], ["T1059", "T1059.004", "TA0002", 0.5]],
        "evidence_fields": ["matched_tokens"],
    })
}

fn techniques() -> Vec<(&'static str, Value)> {
    let since = "2026-03-01T12:00:00Z";
    let tags = |scope: &str| json!({"scope": scope, "uuid": UUID, "technique_id": "T1110", "limit": 5});
    let mut of_sub_technique = tags("session");
    of_sub_technique["sub_technique_id"] = json!("T1110.001");
    vec![
        ("insert_tags", json!({"rows": [tag(UUID, "cmd-1"), tag(UUID, "cmd-2")]})),
        ("list_techniques_by_identity", json!({"uuid": UUID})),
        ("list_techniques_by_attacker", json!({"uuid": UUID})),
        ("list_techniques_by_session", json!({"sid": "s1"})),
        ("list_techniques_by_campaign", json!({"uuid": UUID})),
        ("list_distinct_techniques", json!({})),
        ("get_all_ttp_rollups_for_export", json!({})),
        ("list_tags_by_scope_and_technique", tags("identity")),
        ("list_tags_by_scope_and_technique", tags("attacker")),
        ("list_tags_by_scope_and_technique", of_sub_technique),
        ("list_ttp_tags_by_attacker", json!({"uuid": UUID})),
        ("export_ttp_tags", json!({"limit": 2, "after": "ttp_tag.uuid::u1"})),
        ("list_ttp_decky_phases", json!({"identity_uuid": UUID})),
        ("iter_attacker_commands_since", json!({"since": since})),
        ("attacker_commands_page", json!({"since": since, "after": "attackers.uuid::u1"})),
    ]
}

fn rules() -> Vec<(&'static str, Value)> {
    let state = json!({"state": "clipped", "confidence_max": 0.4, "expires_at": "2099-01-01", "reason": "é"});
    vec![
        ("upsert_rule", json!({"rule": rule("R0001"), "source_path": "./r.yaml", "updated_by": "git"})),
        ("delete_rule", json!({"rule_id": "R0001"})),
        ("load_compiled", json!({})),
        ("get_rule_state", json!({"rule_id": "R0001"})),
        ("set_rule_state", json!({"rule_id": "R0001", "state": state, "set_by": "admin"})),
        ("get_rules_updated_since", json!({"watermark": "2026-03-01T12:00:00Z"})),
    ]
}
