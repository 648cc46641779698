//! Golden data of techniques.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "insert_tags",
            "upsert_rule",
            "set_rule_state",
            "list_techniques_by_identity",
            "list_techniques_by_attacker",
            "list_techniques_by_campaign",
            "list_techniques_by_session",
            "list_distinct_techniques",
            "list_ttp_decky_phases",
            "list_tags_by_scope_and_technique",
            "list_ttp_tags_by_attacker",
            "get_all_ttp_rollups_for_export",
            "iter_attacker_commands_since",
            "load_compiled",
            "get_rule_state",
        ],
        tables: &["ttp_tag", "ttp_rule", "ttp_rule_state"],
        ..Coverage::default()
    }
}
