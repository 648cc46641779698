//! Hostile data is normal data.

pub(crate) mod text;
