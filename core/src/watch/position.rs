//! How far a feed has come: the highest id, and the ids below it that may still come.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::contract::Log;

/// The most gaps that are kept. Where there are more, the oldest are given up.
pub(super) const MOST_GAPS: usize = 10_000;

/// Ids that were missing when a higher one was there, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: i64,
    pub(super) to: i64,
    /// When it was seen first.
    pub(super) since: Instant,
}

/// The event that a position ends at, by which it is seen whether the table is still the same.
#[derive(Debug, Clone)]
pub(super) enum Anchor {
    /// There was none.
    None,
    /// What a token has of it.
    Print(u64),
    /// Itself.
    Event(Arc<Log>),
}

impl Anchor {
    /// A number that another event has only by a chance of 2⁻⁶⁴; none without an event.
    pub(super) fn print(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Print(print) => Some(*print),
            Self::Event(event) => Some(print(event)),
        }
    }
}

/// The number that stands for an event: the beginning of a hash of its columns.
pub(super) fn print(event: &Log) -> u64 {
    let mut hash = Sha256::new();
    hash.update(event.id.to_be_bytes());
    hash.update(event.timestamp.as_microseconds().to_be_bytes());
    for text in [&event.decky, &event.service, &event.event_type, &event.attacker_ip, &event.raw_line] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.iter().take(8).fold(0, |print, byte| print << 8 | u64::from(*byte))
}

/// Which events were delivered: all up to an id, but for those in gaps.
#[derive(Debug, Clone)]
pub(super) struct Position {
    /// Nothing above it was delivered.
    pub(super) upto: i64,
    pub(super) anchor: Anchor,
    /// In ascending order.
    pub(super) gaps: Vec<Gap>,
}

impl Position {
    /// Before every event.
    pub(super) fn start() -> Self {
        Self { upto: i64::MIN, anchor: Anchor::None, gaps: Vec::new() }
    }

    /// An event is delivered. `with_gaps` says whether ids below it that are missing may still come.
    pub(super) fn advance(&mut self, event: &Arc<Log>, with_gaps: bool, now: Instant) {
        let id = event.id;
        if id <= self.upto {
            self.fill(id);
            return;
        }
        // Servers count from 1.
        let known = if self.upto == i64::MIN { 0 } else { self.upto };
        if with_gaps && id.saturating_sub(1) > known {
            self.gaps.push(Gap { from: known + 1, to: id - 1, since: now });
        }
        self.upto = id;
        self.anchor = Anchor::Event(Arc::clone(event));
    }

    /// Whether the id is missing so far.
    pub(super) fn is_missing(&self, id: i64) -> bool {
        self.gap_of(id).is_some()
    }

    fn gap_of(&self, id: i64) -> Option<usize> {
        let place = self.gaps.partition_point(|gap| gap.to < id);
        self.gaps.get(place).filter(|gap| gap.from <= id).map(|_| place)
    }

    /// The id is not missing any more.
    pub(super) fn fill(&mut self, id: i64) {
        let Some(place) = self.gap_of(id) else { return };
        let gap = self.gaps[place];
        let sides = [Gap { to: id - 1, ..gap }, Gap { from: id + 1, ..gap }];
        self.gaps.splice(place..=place, sides.into_iter().filter(|side| side.from <= side.to));
    }

    /// Gives up the oldest gaps where there are too many; how many ids those were.
    pub(super) fn bound(&mut self) -> u64 {
        if self.gaps.len() <= MOST_GAPS {
            return 0;
        }
        let surplus = self.gaps.len() - MOST_GAPS;
        let ids = |gap: Gap| gap.to.saturating_sub(gap.from).saturating_add(1).unsigned_abs();
        self.gaps.drain(..surplus).fold(0, |sum: u64, gap| sum.saturating_add(ids(gap)))
    }

    /// Takes in gaps of which it has no part.
    pub(super) fn merge(&mut self, gaps: &[Gap]) {
        if !gaps.is_empty() {
            self.gaps.extend_from_slice(gaps);
            self.gaps.sort_unstable_by_key(|gap| gap.from);
        }
    }

    /// The parts of the gaps that `other` does not have as gaps.
    pub(super) fn gaps_unlike(&self, other: &Self) -> Vec<Gap> {
        let mut unlike = Vec::new();
        for gap in &self.gaps {
            let mut from = gap.from;
            for known in other.gaps.iter().skip_while(|known| known.to < gap.from) {
                if known.from > gap.to {
                    break;
                }
                if known.from > from {
                    unlike.push(Gap { from, to: known.from - 1, ..*gap });
                }
                from = known.to.saturating_add(1);
            }
            if from <= gap.to {
                unlike.push(Gap { from, ..*gap });
            }
        }
        unlike
    }
}

/// At most so many ranges of ids that cover the gaps: where those are many, what lies between the nearest is covered too.
pub(super) fn cover(gaps: &[Gap], most: usize) -> Vec<(i64, i64)> {
    let mut between: Vec<i64> = gaps.windows(2).map(|pair| pair[1].from.saturating_sub(pair[0].to)).collect();
    between.sort_unstable_by(|a, b| b.cmp(a));
    // A distance that is not among the greatest divides nothing.
    let least = between.get(most.saturating_sub(1)).copied().unwrap_or(0);
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for gap in gaps {
        match ranges.last_mut() {
            Some(last) if gap.from.saturating_sub(last.1) <= least => last.1 = gap.to,
            _ => ranges.push((gap.from, gap.to)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(ranges: &[(i64, i64)]) -> Vec<Gap> {
        let since = Instant::now();
        ranges.iter().map(|&(from, to)| Gap { from, to, since }).collect()
    }

    fn ranges(position: &Position) -> Vec<(i64, i64)> {
        position.gaps.iter().map(|gap| (gap.from, gap.to)).collect()
    }

    fn at(upto: i64, missing: &[(i64, i64)]) -> Position {
        Position { upto, anchor: Anchor::None, gaps: gaps(missing) }
    }

    #[test]
    fn what_comes_late_divides_its_gap() {
        let mut position = at(20, &[(3, 7), (10, 10)]);
        assert!(position.is_missing(3) && position.is_missing(7) && !position.is_missing(8));
        position.fill(5);
        assert_eq!(ranges(&position), [(3, 4), (6, 7), (10, 10)]);
        position.fill(3);
        position.fill(10);
        position.fill(9);
        assert_eq!(ranges(&position), [(4, 4), (6, 7)]);
    }

    #[test]
    fn only_what_the_other_does_not_have_is_unlike() {
        let position = at(40, &[(1, 10), (20, 20), (30, 35)]);
        let other = at(40, &[(3, 4), (8, 25), (30, 30), (33, 33)]);
        let unlike: Vec<_> = position.gaps_unlike(&other).iter().map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(unlike, [(1, 2), (5, 7), (31, 32), (34, 35)]);
        assert!(other.gaps_unlike(&other).is_empty());
    }

    #[test]
    fn many_gaps_are_covered_by_few_ranges() {
        let few = gaps(&[(1, 2), (10, 10), (1_000, 1_001)]);
        assert_eq!(cover(&few, 3), [(1, 2), (10, 10), (1_000, 1_001)]);
        assert_eq!(cover(&few, 2), [(1, 10), (1_000, 1_001)]);
        assert_eq!(cover(&few, 1), [(1, 1_001)]);
        let every_third: Vec<_> = (0..1_000).map(|n| (3 * n, 3 * n + 1)).collect();
        assert!(cover(&gaps(&every_third), 32).len() <= 32);
        assert!(cover(&[], 32).is_empty());
    }

    #[test]
    fn more_gaps_than_are_kept_lose_the_oldest() {
        let mut position = at(1 << 40, &[]);
        position.gaps = gaps(&(0..MOST_GAPS as i64 + 2).map(|n| (3 * n, 3 * n + 1)).collect::<Vec<_>>());
        assert_eq!(position.bound(), 4);
        assert_eq!(position.gaps[0].from, 6);
        assert_eq!(position.bound(), 0);
    }
}
