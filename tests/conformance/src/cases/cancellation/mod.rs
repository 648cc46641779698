//! Futures that are dropped.

pub(crate) mod dropped;
