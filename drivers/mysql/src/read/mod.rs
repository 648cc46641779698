//! The pool of connections, and one connection.

pub(crate) mod connection;
pub(crate) mod pool;
pub(crate) mod snapshot;
