//! The MySQL and MariaDB driver of decnet-db.
