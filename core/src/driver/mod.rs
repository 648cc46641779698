//! What a database driver is, and how drivers are found.
//!
//! A driver is a crate that implements [`Backend`] and [`Dialect`](crate::sql::Dialect), exports one `const DRIVER` and
//! submits it with [`register!`](crate::register). Programs never name it: they ask the [`Registry`] for a URL's scheme.
//! Everything that is true of every backend (the contract, its SQL, the schema, telemetry) is inherited.

mod backend;
mod bootstrap;
mod capability;
mod pooled;
mod queue;
mod registry;
mod replay;
mod sqlstate;

pub use backend::{Backend, PoolStatus, ServerInfo};
pub use bootstrap::{Bootstrap, Bootstrapped};
pub use capability::Capability;
pub use pooled::{Pooled, Session, Sessions};
pub use queue::{BatchLimits, Pending, UnitQueue};
pub use registry::{Driver, OpenFuture, Registration, Registry};
pub use replay::{Failed, Replays, Verdict, backoff};

#[doc(hidden)]
pub use inventory;
