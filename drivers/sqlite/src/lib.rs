//! The SQLite driver of decnet-db.
