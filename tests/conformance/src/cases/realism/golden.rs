//! Golden data of realism.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "record_synthetic_file",
            "update_synthetic_file",
            "set_realism_config",
            "list_synthetic_files",
            "count_synthetic_files",
            "get_synthetic_file",
            "pick_random_synthetic_file_for_edit",
            "get_realism_config",
        ],
        tables: &["synthetic_files", "realism_config"],
        ..Coverage::default()
    }
}
