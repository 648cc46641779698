//! What an engine may lack.

pub(crate) mod deep_json;
pub(crate) mod nul_in_text;
