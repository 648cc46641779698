//! What the wrong drivers do wrong.

pub(crate) mod counts;
pub(crate) mod domains;
pub(crate) mod lifecycle;
pub(crate) mod reads;
pub(crate) mod search;
pub(crate) mod together;
pub(crate) mod units;
pub(crate) mod values;
pub(crate) mod writes;
