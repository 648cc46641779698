//! The rows are those of the workload's description, byte for byte.

use decnet_db_workload::digests::{EXPECTED, digests};

#[test]
fn rows_are_the_same_as_those_of_every_other_program() {
    for ((what, expected), found) in EXPECTED.into_iter().zip(digests()) {
        assert_eq!(found, expected, "{what}");
    }
}
