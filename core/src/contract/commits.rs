//! The commits of this process that may have stored events, for those who wait for events.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::Log;
use crate::sql::{Record, Step, Table, Unit};

/// The commits of a repository that may have stored events, and its end.
#[derive(Default)]
pub struct Commits {
    seen: watch::Sender<Seen>,
    feed: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many commits were told; those that nobody waited for are not counted.
    pub(crate) commits: u64,
    /// Whether the repository was closed.
    pub(crate) closed: bool,
}

impl Commits {
    /// Whether a unit may store events.
    pub(crate) fn may_store_events(unit: &Unit) -> bool {
        let is_logs = |table: &Table| *table == *Log::TABLE;
        unit.steps().iter().any(|step| match step {
            Step::Insert(insert) => is_logs(insert.table()),
            Step::Execute(statement, _) => statement.table().is_none_or(is_logs),
            _ => false,
        })
    }

    /// Tells that such a unit was committed.
    pub(crate) fn committed(&self) {
        if self.seen.receiver_count() > 0 {
            self.seen.send_modify(|seen| seen.commits += 1);
        }
    }

    /// Tells that the repository is closed.
    pub(crate) fn close(&self) {
        self.seen.send_modify(|seen| seen.closed = true);
    }

    /// Whether the repository was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.seen.borrow().closed
    }

    /// What tells of later commits.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Seen> {
        self.seen.subscribe()
    }

    /// What all watchers of the repository share; made by the first of them.
    pub(crate) fn feed<T: Default + Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let feed = self.feed.get_or_init(|| Arc::new(T::default()));
        Arc::clone(feed).downcast().ok()
    }
}

impl fmt::Debug for Commits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commits").field("seen", &*self.seen.borrow()).finish_non_exhaustive()
    }
}
