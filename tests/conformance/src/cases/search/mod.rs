//! The search language.

pub(crate) mod language;
mod model;
mod strategies;
