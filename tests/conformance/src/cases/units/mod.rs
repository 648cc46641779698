//! Several writes in one commit.

pub(crate) mod atomicity;
