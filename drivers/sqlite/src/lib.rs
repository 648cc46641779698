//! The SQLite driver of decnet-db.
//!
//! Serves `sqlite:///relative.db`, `sqlite:////absolute.db` and `sqlite:///:memory:`; `?timeout=5` sets how many seconds
//! a write waits for other programs that write the same file (30 otherwise). Programs don't name this crate's types:
//! they open a repository through the facade, and the registry finds [`DRIVER`].
//!
//! - One thread writes. It commits what several callers have queued in one transaction, each unit behind a savepoint.
//! - Reads go to a pool of connections, on threads of the driver's own: as many at once as there are processors, and more
//!   as soon as some take long. The write-ahead log lets them run beside the writer.
//! - A thread of its own moves the log into the database file, so that commits don't wait for it.
//! - Other programs, DECNET included, may use the file at the same time.
//! - `synchronous=NORMAL`: what was acknowledged survives a crash of the program; a power failure may lose the last
//!   commits, and never damages the file.
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
mod bind;
mod checkpoint;
mod dialect;
mod error;
mod file;
mod foreign;
mod functions;
mod open;
mod pragmas;
mod readers;
mod unit;
mod waiting;
mod writer;

/// The driver, for [`Registry::collect`](decnet_db_core::registry::Registry::collect); linking this crate submits it too.
pub const DRIVER: Driver = Driver::new("sqlite", &["sqlite"], open::open)
    .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    .dialect(&dialect::Sqlite);

decnet_db_core::register!(DRIVER);
