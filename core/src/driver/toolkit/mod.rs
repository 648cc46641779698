//! Parts for writing a driver: a whole backend over a pool of sessions, a queue of units, replays, SQLSTATEs.

mod pooled;
mod queue;
mod replay;
mod sqlstate;

pub use pooled::{Pooled, Session, Sessions};
pub use queue::{BatchLimits, Pending, UnitQueue};
pub use replay::{Failed, Replays, Verdict, backoff};
