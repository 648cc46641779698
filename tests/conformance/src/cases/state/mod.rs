//! Named values.

pub(crate) mod values;
