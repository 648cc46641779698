//! Loot.

pub(crate) mod loot;
