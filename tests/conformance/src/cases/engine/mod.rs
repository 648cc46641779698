//! What the base relies on below the contract: values, keys and counts of rows.

pub(crate) mod steps;
pub(crate) mod values;
