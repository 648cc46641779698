//! Golden data of campaigns.

use crate::cases::identities::golden::with_hash;
use crate::golden::{Coverage, List, Ruled};

const HEXADECIMAL: &str = "R19: a hash of typing rhythm is shown as hexadecimal digits, whatever its bytes";

pub(crate) fn golden() -> Coverage {
    let (reads, after) = (List::IntelligenceReads, List::IntelligenceReadsAfterSql);
    Coverage {
        tables: &["campaigns"],
        tables_of_others: &["attacker_identities"],
        ruled: vec![
            Ruled::answer(reads, 56, HEXADECIMAL, with_hash(reads.result(56), "41424344007f7a7a")),
            Ruled::answer(after, 5, HEXADECIMAL, with_hash(reads.result(56), "deadbeefcafef00d")),
        ],
        ..Coverage::default()
    }
}
