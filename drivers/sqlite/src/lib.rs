//! The SQLite driver of decnet-db.
//!
//! Serves `sqlite:///relative.db`, `sqlite:////absolute.db` and `sqlite:///:memory:`; `?timeout=5` sets how many seconds
//! a write waits for other programs that write the same file (30 otherwise). What can't be written to, or is opened with
//! `?mode=ro`, is read all the same. Programs don't name this crate's types:
//! they open a repository through the facade, and the registry finds [`DRIVER`].
//!
//! - One thread writes. It commits what several callers have queued in one transaction, each unit behind a savepoint.
//! - Reads go to a pool of connections, on threads of the driver's own: as many at once as there are processors, and more
//!   as soon as some take long. The write-ahead log lets them run beside the writer.
//!   Each has a page cache of its own where SQLite is built with `LIBSQLITE3_FLAGS=-USQLITE_ENABLE_MEMORY_MANAGEMENT`, in the
//!   environment or in `[env]` of `.cargo/config.toml`; otherwise all share one behind one lock.
//! - A thread of its own moves the log into the database file, so that commits don't wait for it.
//! - Other programs, DECNET included, may use the file at the same time.
//! - What was acknowledged survives a crash of the program. A power failure may lose what was written in the last second,
//!   the schema never; with `?durability=commit` a write is on the disk before it is acknowledged, which callers that write
//!   at the same time share. Neither damages the file.
//! - Files that are deleted or replaced while they are open, the log beside the database among them, are noticed before each
//!   commit, and by reads within half a second.
//!
//! | metric of its own | counts |
//! |---|---|
//! | `decnet_db.sqlite.group.units` | units in a commit (histogram) |
//! | `decnet_db.sqlite.units.abandoned` | units whose callers were gone before they began |
//! | `decnet_db.sqlite.wal.pages` | pages in the write-ahead log (gauge) |
//! | `decnet_db.sqlite.log.syncs`, `.log.sync_failures`, `.log.written_anew` | syncs of the log, those that failed, and logs that were written once more |
//!
//! | value | stored as |
//! |---|---|
//! | `Bool` | INTEGER 0 or 1 |
//! | `Int` | INTEGER |
//! | `Real` | REAL |
//! | `Text` | TEXT, NUL characters included |
//! | `Blob` | BLOB |
//! | `Time` | TEXT, the 26 characters `YYYY-MM-DD HH:MM:SS.ffffff` |

use decnet_db_core::driver::Driver;

mod backend;
mod busy;
mod checkpoint;
mod codec;
mod connect;
mod data_version;
mod dialect;
mod error;
mod examine;
mod file;
mod functions;
mod location;
mod options;
mod read;
mod session;
mod snapshot;
mod spin;
mod watch;
mod write;

/// The driver, for [`Registry::collect`](decnet_db_core::registry::Registry::collect); linking this crate submits it too.
pub const DRIVER: Driver = Driver::new("sqlite", &["sqlite"], connect::open)
    .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    .dialect(&dialect::Sqlite);

decnet_db_core::register!(DRIVER);
