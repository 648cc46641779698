//! Golden data of users and tokens.

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["users", "revoked_tokens"],
        ruled: vec![
            Ruled::answer(
                List::CoreReads,
                9,
                "R6: no order is documented, so it is that of the key",
                List::CoreReads.rows(9, &[1, 2, 3, 0]),
            ),
            Ruled::error(List::CoreMutations, 1, "R15: a duplicate is a conflict", "conflict"),
        ],
        ..Coverage::default()
    }
}
