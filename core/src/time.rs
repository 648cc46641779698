//! Instants as DECNET stores and shows them.
