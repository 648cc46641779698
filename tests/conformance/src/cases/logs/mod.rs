//! Events.

pub(crate) mod limits;
pub(crate) mod order;
