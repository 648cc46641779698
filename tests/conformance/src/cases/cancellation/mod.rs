//! Futures that are dropped.

pub(crate) mod dropped;
pub(crate) mod every_method;
