//! Derive and attribute macros of `decnet-db-core`; use them through that crate.
