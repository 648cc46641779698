//! Parts for writing a driver: a whole backend over a pool of sessions, a queue of units, replays, SQLSTATEs.

mod backlog;
mod pooled;
mod queue;
mod replay;
mod sqlstate;

pub use backlog::{Answer, Backlog, BatchLimits, Pending, Places};
pub use pooled::{Pooled, Session, Sessions};
pub use queue::UnitQueue;
pub use replay::{Failed, Replays, Verdict, backoff};
