//! Creating, seeding, closing.

pub(crate) mod bootstrap;
