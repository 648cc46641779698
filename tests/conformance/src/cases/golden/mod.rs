//! What DECNET 1.0.0 wrote and returned.

pub(crate) mod replay;
