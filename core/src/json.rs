//! JSON text as DECNET stores it.
