//! Golden data of intel.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "upsert_attacker_intel",
            "get_attacker_intel_by_uuid",
            "get_attacker_intel_row_by_uuid",
            "get_unenriched_attackers",
        ],
        tables: &["attacker_intel"],
        ..Coverage::default()
    }
}
