//! Hostile data is normal data.

pub(crate) mod arguments;
pub(crate) mod json;
pub(crate) mod numbers;
pub(crate) mod text;
