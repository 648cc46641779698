//! The driver interface: what a crate for another database implements.
//!
//! A driver is a crate that implements [`Backend`] and [`Dialect`](crate::sql::Dialect), exports one `const DRIVER` and
//! submits it with [`register!`](crate::register). Programs never name it: they ask the [`Registry`](crate::registry::Registry) for a URL's scheme.
//! Everything that is true of every backend (the contract, its SQL, the schema, telemetry) is inherited.
//!
//! # Writing one
//!
//! `decnet-db new-driver NAME` writes a crate that compiles, with the conformance kit as its tests; `cargo test` there says
//! which method to write next. The guide, "Add a driver" in `CONTRIBUTING.md`, goes on to a driver that passes. The crate:
//!
//! | file | has |
//! |---|---|
//! | `src/lib.rs` | `pub const DRIVER` ([`Driver::new`]) and [`register!`](crate::register) |
//! | `src/backend.rs` | the function that opens a database, and [`Backend`]: reads, units, the schema |
//! | `src/dialect.rs` | [`Dialect`](crate::sql::Dialect): what the engine spells differently |
//! | `tests/conformance.rs` | how the kit (`decnet-db-conformance`) gets an empty database, and its macro line |
//!
//! [`Pooled`] is a whole `Backend` for servers whose DDL is transactional, from one connection's [`Session`]; [`UnitQueue`]
//! gathers units for an engine with one writer; [`Replays`] runs again what an engine gave up; [`Unit::guards`] gives
//! guards as numbers to lock.
//!
//! # Checklist
//!
//! The kit's groups of cases; each can be run alone (`cargo test --test conformance units::`).
//!
//! - `lifecycle`: twenty processes may create the schema at once; a database is found again; after `close` calls are
//!   `Unavailable`; a missing schema is `Configuration`.
//! - `engine`: values come back bit by bit; affected rows, expectations and guards do what [`Unit`] says.
//! - `units`: all steps or none, and no unit sees half of another one.
//! - `concurrency`: many callers, openings and processes; one that is killed leaves whole units.
//! - `cancellation`: a future that is dropped anywhere leaves nothing half done and no connection unfit.
//! - `golden`: what DECNET 1.0.0 wrote is read as it reads it.
//! - `logs`, `users`, `bounties`, `state`, `attackers`, `deployment`: order, limits, what is the same, errors.
//! - `topology`, `webhooks`, `canary`, `tarpit`, `realism`, `orchestrator`: the same of what is deployed and simulated.
//! - `credentials`, `identities`, `campaigns`, `observations`, `intel`, `ttp`: the same of what is known of attackers.
//! - `search`: `%`, `_` and `\` are data, ASCII case is folded and no other, JSON members match by their spelling.
//! - `counts`: totals and pages are right while others write; [`Backend::foreign_commits`] makes them cheaper.
//! - `hostile`: NUL, four-byte characters, both ends of 64 bits and of the calendar, 16 MiB; refused by name or kept whole.
//! - `capabilities`: what the engine can't have is declared by [`Driver::lacks`], and its alternative holds.
//! - `copying`: everything can be copied into another database, compared, and deleted.
//! - `large`: 50,000 events, by pages and as a whole.
//! - `model`: random histories of units, reads, dropped units and reopenings leave what plain maps and lists have.
//!
//! # When it is not there
//!
//! [`Registry::drivers`](crate::registry::Registry::drivers) (`decnet_db::drivers()`) lists what a program has, and the error for an unknown scheme repeats it.
//! A crate that no source line refers to is not linked: `use the_crate as _;`. A static library loses registrations, and
//! WebAssembly runs none unless the host does: pass the driver to [`Registry::collect`](crate::registry::Registry::collect). Two versions of this crate in one
//! program (`cargo tree -d`) have a registry each.
//!
//! # What may change
//!
//! This module, [`sql`](crate::sql), [`config`](crate::config) and [`Error`](enum@crate::Error) are public API under
//! semantic versioning: a driver that builds against one 0.1 builds against every later one, and works. Until 1.0 the
//! second number is the one that breaks. A later 0.1 may
//!
//! - add methods to [`Backend`], [`Dialect`](crate::sql::Dialect), [`Sessions`] and [`Session`], always provided, with
//!   what a driver that does not know them should do;
//! - add variants to [`Step`](crate::sql::Step), [`ColumnKind`](crate::sql::ColumnKind), [`Capability`] and
//!   [`Error`](enum@crate::Error), which are `#[non_exhaustive]`: a driver refuses a step that it does not know as
//!   `Unsupported`, and stores a kind of column that it does not know as text;
//! - add fields to [`Driver`], [`PoolStatus`], [`ServerInfo`] and [`Bootstrapped`], which only their functions make, and to
//!   [`Table`](crate::sql::Table) and [`Column`](crate::sql::Column), which only core's derives make;
//! - write SQL that it did not write before, in the holes that the dialect fills and in standard SQL;
//! - test more in the kit. A driver that fails a new case had a fault before.
//!
//! It will not add variants to [`Value`](crate::sql::Value), on which every driver matches without a default, nor required
//! methods. `tests/stability` in the repository has a driver that was written against the first 0.1.0, which must build
//! and work.
//!
//! [`Unit`]: crate::sql::Unit
//! [`Unit::guards`]: crate::sql::Unit::guards

mod backend;
mod bootstrap;
mod capability;
#[allow(clippy::module_inception, reason = "the type of that name")]
mod driver;
mod finding;
mod snapshot;
mod space;
mod toolkit;

pub use backend::{Backend, PoolStatus, ServerInfo};
pub use bootstrap::{Bootstrap, Bootstrapped};
pub use capability::Capability;
pub use driver::{Driver, OpenFuture};
pub use finding::{Finding, Soundness};
pub use snapshot::Snapshot;
pub use space::{Rebuild, Space};
pub use toolkit::{
    Answer, Backlog, BatchLimits, Failed, Pending, Places, Pooled, Replays, Session, Sessions, UnitQueue,
    Verdict, backoff,
};
