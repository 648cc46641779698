//! Users and their tokens.

pub(crate) mod accounts;
pub(crate) mod tokens;
