//! The MySQL and MariaDB driver of decnet-db: MariaDB 10.11 and later, MySQL 8.0.17 and later, one code path for both.
//!
//! Programs don't name it: they give a URL to the factory of `decnet-db`, which finds [`DRIVER`] by the scheme, `mysql`
//! or `mariadb`.
//!
//! ```no_run
//! use decnet_db_core::config::Config;
//! use decnet_db_core::registry::Registry;
//!
//! # async fn f() -> decnet_db_core::Result<()> {
//! let url = "mysql://decnet:p%40ss@db1,db2:3307/decnet?ssl-mode=verify-identity&ssl-ca=/etc/decnet/ca.pem".parse()?;
//! let repository = Registry::collect(&[decnet_db_mysql::DRIVER], &[]).connect(&Config::new(url)).await?;
//! repository.initialize().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Options of the URL
//!
//! Names may have `-` or `_`, in any case. An option that is not in this table is an error.
//!
//! | option | value | meaning |
//! |---|---|---|
//! | `ssl-mode` | `off`, `preferred`, `required`, `verify-ca`, `verify-identity` | see below |
//! | `ssl-ca` | file, PEM or DER | the authority that the server's certificate must come from; without it, those that browsers know |
//! | `ssl-cert`, `ssl-key` | files | the client's certificate and key |
//! | `ssl-check-hostname` | `true`, `false` | as DECNET's driver has it: with `ssl-ca`, `false` means `verify-ca` |
//! | `server-public-key` | file, PEM | the server's `public_key.pem`, under which a password may be sent without TLS |
//! | `allow-public-key-retrieval` | `false`, `true` | whether that key may be asked for: from whoever answers |
//! | `unix-socket` | path | connects there instead of to the hosts |
//! | `connect-timeout` | seconds, 10 | for each attempt, login included; with several hosts 3 at first |
//! | `answer-timeout` | seconds, 60 | for each answer; afterwards the connection is given up |
//! | `access` | `write`, `read` | `read`: any host will do, also one that takes no writes |
//! | `charset` | `utf8mb4` | accepted because DECNET's URLs have it |
//!
//! # Several hosts
//!
//! All connections are at one host: the first of the URL that is fit, which is asked once after each login. A host is fit when
//! it takes writes (`read_only`, `super_read_only`) and is in step with its cluster (`wsrep_ready`; most members of its
//! replication group are there). One that is not, or that failed, is passed over for 10 to 60 s. A host that leaves an answer
//! waiting for two seconds and lets nobody in within three is taken for dead. What a host refuses before it does anything
//! (1047, 1290, 1792, 1836) is done at another one; the rest of the pool follows, and goes back when a host that stands
//! further to the front is fit again. Where no host takes writes, reads go on, and writes wait and then say why of each host.
//! `decnet_db.failovers` counts the moves. What each engine and cluster promises is in `docs/engines.md`.
//!
//! # TLS
//!
//! `preferred` and `required` encrypt but do not check who the server is; `verify-ca` checks that its certificate comes
//! from the authority, `verify-identity` also that it is for the host of the URL. Without `ssl-mode`: with `ssl-ca` it is
//! `verify-identity`; on `localhost` and loopback addresses `off`; else `required`, because a password does not leave the
//! machine unencrypted unless the URL says so (`ssl-mode=off`, or `preferred`, which may end without TLS). No mode ever
//! sends a password as plain text (`mysql_clear_password`).
//!
//! MySQL's `caching_sha2_password` wants the password itself at an account's first login after the server started. Without TLS
//! the client is then expected to ask whoever answers for a key, and to send the password under it: whoever has the port has
//! the password. This is refused, on loopback addresses too, unless the URL gives the key (`server-public-key`) or allows to
//! ask for it. For a server on this machine there is mostly a better way, which is taken by itself: the login goes over the
//! server's own socket (`/run/mysqld/mysqld.sock`, `/var/lib/mysql/mysql.sock`), where nobody else can be, and later ones need
//! no password. MariaDB's accounts never want it.
//!
//! # Connections
//!
//! At most `size` + `max_overflow` are open, `size` are kept, one is replaced when it is older than `recycle`, and closed when
//! nobody needed it for a minute. A connection
//! that has rested for five seconds is pinged before it is used, unless pre-ping is off; one that was used just now is
//! not, as that would double the round trips. After any connection was found dead, all that rest are pinged. While the
//! server is away, callers wait for up to the pool's wait time-out (30 s) and go on when it is back. Each connection keeps
//! 128 prepared statements. The one that creates the schema comes on top of the pool's.
//!
//! # Writes
//!
//! Units of many callers are committed in groups, each isolated by a savepoint; single rows for one table are put into one
//! INSERT. What a single statement of at most 64 KiB does, for one unit or for a group, is sent without a transaction
//! around it: it commits by itself, in one round trip. On MariaDB the rows of an INSERT are one command, whatever their
//! number; MySQL gets statements of 512, 256, …, 2 and 1 rows.
//!
//! A unit is replayed, with jitter and for as long as callers wait (30 s), after a deadlock (1213, 3101), a lock wait that took too long (1205),
//! and a connection that was lost before COMMIT, or the statement that commits by itself, was sent; the counter
//! `decnet_db.replays` counts them by `reason`. When the connection is lost after that, the error is `UnknownOutcome`. A
//! connection that has been silent for a millisecond is pinged before a statement that commits by itself, so that one
//! which the server ended meanwhile is found out in time. A unit of several steps, such as `add_logs` with `set_state`,
//! always has a COMMIT of its own.
//!
//! Guards are the server's named locks. A group of writes does not wait for one that somebody else holds: only the unit that
//! needs it does. Clusters don't replicate such locks: where several nodes take writes, a guard is a row that the transaction
//! changes, in a table of ours, `decnet_db_guard`, that is made when it is first needed. An account that may not make it is
//! warned once.
//!
//! # Tables
//!
//! Those that this driver makes have a binary collation without padding, so that text is compared exactly. On tables that
//! DECNET made (any collation, TEXT of 64 KiB, times without fraction, INT of 32 bits, FLOAT) merging of users, bounties
//! and state keys is exact all the same; other comparisons follow the table; what does not fit is refused with the
//! column and its limit; fractions of a second are cut. A FLOAT column takes numbers that it gives back by their shortest decimal, such
//! as 0.1; others are refused. Tables that are added take the collation of those that are there.
//!
//! MariaDB takes no JSON that is nested deeper than 32 levels, MySQL of 100: a search by member does not find such rows.

mod backend;
mod bootstrap;
mod codec;
mod codes;
mod connect;
mod context;
mod dialect;
mod error;
mod examine;
mod execute;
mod fitness;
mod flavour;
mod hosts;
mod legacy;
mod options;
mod public_key;
mod read;
mod server;
mod session;
mod write;

use std::sync::Arc;

use decnet_db_core::config::Config;
use decnet_db_core::driver::{Backend, Capability, Driver, OpenFuture};
use decnet_db_core::sql::Dialect;

/// The driver, for programs that list drivers by hand; see [`Registry::collect`](decnet_db_core::registry::Registry::collect).
pub const DRIVER: Driver = Driver::new("mysql", &["mysql", "mariadb"], open)
    .package(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    .dialect(&dialect::BEFORE_CONNECT)
    .lacks(Capability::DeepJson, "MariaDB reads JSON of 32 levels at most, MySQL of 100");

decnet_db_core::register!(DRIVER);

/// The dialect for a server of that version, for tests that look at statements and ask no server.
#[doc(hidden)]
#[must_use]
pub fn dialect(version: &str, other_charsets: bool) -> Box<dyn Dialect> {
    Box::new(dialect::Mysql::new(flavour::Flavour::of(version), other_charsets))
}

fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let backend: Arc<dyn Backend> = Arc::new(backend::MysqlBackend::open(config).await?);
        Ok(backend)
    })
}
