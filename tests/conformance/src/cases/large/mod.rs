//! Many rows.

pub(crate) mod results;
