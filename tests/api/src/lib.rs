//! See `tests/snapshots.rs`.
