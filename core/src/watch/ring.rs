//! The last events that were read, for all watchers together.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::filter::Matcher;
use super::position::Position;
use super::signature::Signature;
use crate::contract::Log;

/// What is kept at most: events, bytes of their text, and batches.
const EVENTS: usize = 32_768;
const BYTES: usize = 64 << 20;
const BATCHES: usize = 1_024;
/// So many filters look at the events of a batch themselves: making its signatures takes longer.
const FEW: usize = 8;

/// Places of events in a batch, found out once.
type Places = Arc<OnceLock<Arc<[u32]>>>;

/// Events that were read together.
#[derive(Debug)]
pub(super) struct Batch {
    /// Where the feed was before.
    pub(super) before: Arc<Position>,
    pub(super) events: Vec<Arc<Log>>,
    /// Where it is behind them.
    pub(super) after: Arc<Position>,
    /// Whether ids come in the order of commits, so that none that is missing may come.
    pub(super) in_order: bool,
    bytes: usize,
    /// Of each event, once there are more than a few filters.
    signatures: OnceLock<Vec<Signature>>,
    /// For each filter that was asked for: the places of the events that match.
    matching: Mutex<HashMap<u64, Places>>,
}

impl Batch {
    pub(super) fn new(
        before: Arc<Position>,
        events: Vec<Arc<Log>>,
        after: Arc<Position>,
        in_order: bool,
    ) -> Self {
        let bytes = events.iter().map(|event| size(event)).sum();
        Self {
            before,
            events,
            after,
            in_order,
            bytes,
            signatures: OnceLock::new(),
            matching: Mutex::default(),
        }
    }

    /// The places of the events that match: found out by the first watcher with such a filter, for all others.
    pub(super) fn matching(&self, id: u64, filter: &Matcher) -> Arc<[u32]> {
        let (found, filters) = {
            let mut matching = self.matching.lock();
            let found = Arc::clone(matching.entry(id).or_default());
            (found, matching.len())
        };
        let places = found.get_or_init(|| {
            let mut signatures = if filters > FEW { self.signatures() } else { &[] }.iter();
            let places = (0..).zip(&self.events).filter(|(_, event)| {
                signatures.next().is_none_or(|signature| filter.may_match(signature)) && filter.matches(event)
            });
            places.map(|(place, _)| place).collect()
        });
        Arc::clone(places)
    }

    fn signatures(&self) -> &[Signature] {
        self.signatures.get_or_init(|| self.events.iter().map(|event| Signature::of(event)).collect())
    }
}

fn size(event: &Log) -> usize {
    let texts =
        [&event.decky, &event.service, &event.event_type, &event.attacker_ip, &event.raw_line, &event.fields];
    let more = [&event.msg, &event.trace_id, &event.span_id];
    let more = more.into_iter().flatten().map(String::len).sum::<usize>();
    size_of::<Log>() + size_of::<Signature>() + texts.into_iter().map(String::len).sum::<usize>() + more
}

/// The batch that a watcher reads, and how far.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) batch: Arc<Batch>,
    /// The places of the events that match; none where all do.
    places: Option<Arc<[u32]>>,
    /// How many of the matching events were delivered.
    taken: usize,
}

impl Current {
    pub(super) fn new(batch: Arc<Batch>, places: Option<Arc<[u32]>>) -> Self {
        Self { batch, places, taken: 0 }
    }

    /// The next event that matches.
    pub(super) fn next(&mut self) -> Option<Arc<Log>> {
        let place = match &self.places {
            Some(places) => *places.get(self.taken)? as usize,
            None => self.taken,
        };
        let event = self.batch.events.get(place)?;
        self.taken += 1;
        Some(Arc::clone(event))
    }

    /// How many events of the batch were delivered or passed over.
    pub(super) fn looked_at(&self) -> usize {
        let Some(before) = self.taken.checked_sub(1) else { return 0 };
        match &self.places {
            Some(places) => places.get(before).map_or(0, |place| *place as usize + 1),
            None => self.taken,
        }
    }
}

/// The last batches, numbered on from 1.
#[derive(Debug, Default)]
pub(super) struct Ring {
    batches: VecDeque<Arc<Batch>>,
    events: usize,
    bytes: usize,
    /// The number of the last batch.
    last: u64,
}

impl Ring {
    /// The number of the last batch that was read; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Adds a batch, and forgets the oldest where there are too many.
    pub(super) fn push(&mut self, batch: Batch) {
        self.events += batch.events.len();
        self.bytes += batch.bytes;
        self.last += 1;
        self.batches.push_back(Arc::new(batch));
        while self.events > EVENTS || self.bytes > BYTES || self.batches.len() > BATCHES {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.events -= oldest.events.len();
            self.bytes -= oldest.bytes;
        }
    }

    /// Forgets all batches.
    pub(super) fn clear(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }

    /// The batch with the number.
    pub(super) fn get(&self, number: u64) -> Numbered {
        if number > self.last {
            return Numbered::NotYet;
        }
        let back = usize::try_from(self.last - number).unwrap_or(usize::MAX);
        let place = self.batches.len().checked_sub(back.saturating_add(1));
        match place.and_then(|place| self.batches.get(place)) {
            Some(batch) => Numbered::There(Arc::clone(batch)),
            None => Numbered::Gone,
        }
    }
}

/// What there is of a number.
#[derive(Debug)]
pub(super) enum Numbered {
    There(Arc<Batch>),
    NotYet,
    /// It was forgotten.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let position = Arc::new(Position::start());
        Batch::new(Arc::clone(&position), Vec::new(), position, true)
    }

    #[test]
    fn the_oldest_are_forgotten_and_numbers_go_on() {
        let mut ring = Ring::default();
        assert!(matches!(ring.get(1), Numbered::NotYet));
        for _ in 0..BATCHES + 2 {
            ring.push(batch());
        }
        let last = BATCHES as u64 + 2;
        assert_eq!(ring.last(), last);
        assert!(matches!(ring.get(2), Numbered::Gone) && matches!(ring.get(0), Numbered::Gone));
        assert!(matches!(ring.get(3), Numbered::There(_)) && matches!(ring.get(last), Numbered::There(_)));
        ring.clear();
        assert!(matches!(ring.get(last), Numbered::Gone) && matches!(ring.get(last + 1), Numbered::NotYet));
    }
}
