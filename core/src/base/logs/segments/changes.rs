//! What this process changes among events that are there, so that all of its repositories forget what they knew of those.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::contract::Log;
use crate::sql::{Record as _, Step, Unit};

/// How many changes are remembered. A repository that asks less often forgets all it knew.
const REMEMBERED: usize = 256;

/// How many changes there were, in whatever databases: to take another one's for one's own costs little.
static NUMBER: AtomicU64 = AtomicU64::new(0);
static RECENT: Mutex<VecDeque<RangeInclusive<i64>>> = Mutex::new(VecDeque::new());

/// How many changes there were until now.
pub(super) fn number() -> u64 {
    NUMBER.load(Ordering::Acquire)
}

/// The ids that may have changed since there were so many changes, and how many there are now.
pub(super) fn since(seen: u64) -> (u64, Vec<RangeInclusive<i64>>) {
    let recent = RECENT.lock();
    let number = NUMBER.load(Ordering::Acquire);
    let missed = usize::try_from(number - seen).unwrap_or(usize::MAX);
    let spans = match recent.len().checked_sub(missed) {
        Some(known) => recent.range(known..).cloned().collect(),
        None => vec![i64::MIN..=i64::MAX],
    };
    (number, spans)
}

/// A unit that changes events, or inserts them where the caller chose. What is known of them is forgotten when it ends,
/// whatever came of it: until then no method has returned that others could have heard of.
#[derive(Debug)]
pub(in crate::base) struct Changing(RangeInclusive<i64>);

impl Changing {
    /// The unit, if it is such a one.
    pub(in crate::base) fn events(unit: &Unit) -> Option<Self> {
        let spans: Vec<_> = unit.steps().iter().filter_map(changed).collect();
        let first = spans.iter().map(|span| *span.start()).min()?;
        let last = spans.iter().map(|span| *span.end()).max()?;
        Some(Self(first..=last))
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        let mut recent = RECENT.lock();
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(self.0.clone());
        NUMBER.fetch_add(1, Ordering::Release);
    }
}

/// The ids of events that a step changes, deletes, or inserts below others.
fn changed(step: &Step) -> Option<RangeInclusive<i64>> {
    let all = || i64::MIN..=i64::MAX;
    match step {
        Step::Execute(statement, _) => statement
            .table()
            .is_none_or(|table| *table == *Log::TABLE)
            .then(|| statement.keys().unwrap_or_else(all)),
        // Ids that the caller chose may lie anywhere.
        Step::Insert(insert) => {
            (*insert.table() == *Log::TABLE && insert.columns().contains(&Log::ID.name())).then(all)
        }
        _ => None,
    }
}
