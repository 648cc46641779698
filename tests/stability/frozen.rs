//! That the frozen sources are what they were.

use sha2::{Digest as _, Sha256};

/// SHA-256 of each file. Another sum here is a broken promise, not a mend.
const DRIVER_0_1: &[(&str, &str)] = &[
    ("Cargo.toml", "?"),
    ("src/backend.rs", "?"),
    ("src/dialect.rs", "?"),
    ("src/lib.rs", "?"),
    ("src/values.rs", "?"),
];

#[test]
fn the_source_of_0_1_was_never_changed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stability/driver-0.1");
    let mut files = 0;
    for (name, sum) in DRIVER_0_1 {
        let bytes = std::fs::read(format!("{folder}/{name}")).unwrap();
        let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, *sum, "{name} was changed: undo that, and mend core instead");
        files += usize::from(name.starts_with("src/"));
    }
    assert_eq!(std::fs::read_dir(format!("{folder}/src")).unwrap().count(), files);
}
