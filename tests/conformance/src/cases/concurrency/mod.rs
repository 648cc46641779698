//! Many callers at once.

pub(crate) mod callers;
pub(crate) mod processes;
