//! Golden data of credentials.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "upsert_credential",
            "update_credential_attacker_uuid",
            "find_credential_reuse_candidates",
            "upsert_credential_reuse",
            "get_credentials",
            "get_total_credentials",
            "get_credentials_for_attacker",
            "get_credential_attempts_for_secret",
            "list_credential_reuses",
            "get_credential_reuse_by_id",
        ],
        tables: &["credentials", "credential_reuse"],
        ..Coverage::default()
    }
}
