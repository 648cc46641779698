//! Golden data of techniques and rules.

use serde_json::{Value, json};

use crate::golden::{Coverage, List, Ruled, RuledRow};

/// The rule R0002 as `load_compiled` has it, alone.
fn second_rule() -> Value {
    List::IntelligenceReads.rows(129, &[1])
}

/// What the original wrote for a rule, as ruling R19 has it.
fn yaml(rule_id: &str, version: u8, name: &str, evidence_fields: &str) -> String {
    format!(
        "rule_id: \"{rule_id}\"\nrule_version: {version}\nname: \"{name}\"\ndescription: \"description is lost\"\n\
         applies_to:\n  - \"auth\"\n  - \"command\"\nmatch:\n  \"opts\":\n    \"a\":\n      - 1\n      - null\n      - true\n  \
         \"pattern\": \"hydra|ncrack\"\nemits:\n- technique_id: \"T1110\"\n  tactic: \"TA0006\"\n  confidence: 0.85\n\
         - technique_id: \"T1059\"\n  tactic: \"TA0002\"\n  confidence: 0.5\n  sub_technique_id: \"T1059.004\"\n\
         evidence_fields:{evidence_fields}\n"
    )
}

fn rule_row(rule_id: &'static str, yaml: String) -> RuledRow {
    RuledRow::columns(
        List::IntelligenceWrites,
        "ttp_rule",
        json!({"rule_id": rule_id}),
        "R19: the description is kept, text is quoted",
        json!({"yaml_content": yaml}),
    )
}

pub(crate) fn golden() -> Coverage {
    let after = List::IntelligenceReadsAfterSql;
    Coverage {
        tables: &["ttp_tag", "ttp_rule", "ttp_rule_state"],
        ruled: vec![
            Ruled::error(
                List::IntelligenceReads,
                122,
                "R8: an unknown scope is invalid input",
                "invalid_input",
            ),
            Ruled::error(after, 16, "R15: what is stored is none of the states", "invalid_input"),
            Ruled::answer(after, 17, "R19: a rule whose state can't be read is left out", second_rule()),
            Ruled::answer(after, 22, "R19: a rule whose YAML can't be read is left out", second_rule()),
        ],
        rows: vec![
            rule_row("R0001", yaml("R0001", 1, "br\\xFCte 'force'", "\n  - \"matched_tokens\"")),
            rule_row("R0002", yaml("R0002", 3, "second", " []")),
        ],
        ..Coverage::default()
    }
}
