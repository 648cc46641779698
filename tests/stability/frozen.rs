//! That the frozen sources are what they were.

use sha2::{Digest as _, Sha256};

/// SHA-256 of each file. Another sum here is a broken promise, not a mend.
const DRIVER_0_1: &[(&str, &str)] = &[
    ("Cargo.toml", "4ebae8e4662dfb30ca2fd7b25365d96d30f6eaa7c575e00549a12c2467ca6ab4"),
    ("src/backend.rs", "f5551bb49740114306d72043a6211c6680d41f71623c83a1643ea6a44de9958f"),
    ("src/dialect.rs", "ecd86ed437b0a5511bcbda5da9b6dc3d49355230bbca7110a77ce02ebde7e512"),
    ("src/lib.rs", "3d7c07bcc24435d81bf1416d8ae3eb1a8597f330a208581ad2c1cd38370b06e1"),
    ("src/values.rs", "4971715de880a87643a9e6eb223df3937001c661b9b1a4d0a3dcc7a919414e0e"),
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
