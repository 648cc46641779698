//! What tables that DECNET made can't hold: shorter text, narrower numbers (ruling R3).

pub(crate) mod column_limits;
pub(crate) mod cut_columns;
pub(crate) mod float_columns;
