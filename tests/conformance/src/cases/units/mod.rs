//! Several writes in one commit.

pub(crate) mod atomicity;
pub(crate) mod isolation;
