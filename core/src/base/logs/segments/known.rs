//! What is known of the events up to an id, segment by segment.

use std::cmp::Reverse;
use std::collections::{BTreeMap, btree_map};
use std::ops::Range;
use std::time::{Duration, Instant};

use super::statements::{Anchor, Group};
use super::{believed, clock};
use crate::contract::Bucket;
use crate::time::Timestamp;

/// How many ids a segment has.
pub(super) const WIDTH: i64 = 1_024;
/// From here on, and below 1, ids are nobody's but a test's: they are counted by the table.
pub(super) const LAST: i64 = i64::MAX - 2 * WIDTH;
/// The most minutes of segments that are kept. Where there are more (wrong clocks, many years of little) the database counts
/// each histogram, and only numbers are kept.
pub(super) const MINUTES: usize = 530_000;

/// In microseconds.
const MINUTE: i64 = 60_000_000;

/// The first id of the segment that a positive id lies in.
pub(super) fn start(id: i64) -> i64 {
    id - id % WIDTH
}

/// What is known. The segments before `front` are gone, or counted each time.
#[derive(Debug)]
pub(super) struct Known {
    /// The oldest event when it was looked at last.
    pub(super) first: i64,
    /// Where the segments end: from here on events are counted each time.
    pub(super) end: i64,
    /// The last event before that, by id and time: it must be there still.
    pub(super) anchor: Anchor,
    segments: BTreeMap<i64, Segment>,
    count: u64,
    minutes: Option<Minutes>,
    /// When it was built, how long that took, and when others' deletions were last ruled out.
    pub(super) built: Instant,
    pub(super) cost: Duration,
    pub(super) checked: Instant,
    /// How often others had committed when it was built.
    pub(super) foreign: Option<u64>,
}

/// The events of [`WIDTH`] ids.
#[derive(Debug, Default)]
struct Segment {
    count: u64,
    /// How many of them each minute has, by minutes since 1970.
    minutes: Vec<(i32, u32)>,
}

/// The events of each minute in all segments together.
#[derive(Debug, Default)]
struct Minutes {
    /// By the seconds since 1970 at which the minute begins.
    counts: BTreeMap<i64, u64>,
    /// How many entries the segments have.
    entries: usize,
    /// Whether a time is stored in another form, which another order may follow from.
    disordered: bool,
}

impl Known {
    /// What was counted from the segment of the first event on, up to the id `end`; `anchor` is the last event before that.
    pub(super) fn of(first: i64, end: i64, anchor: Anchor, groups: &[Group], foreign: Option<u64>) -> Self {
        let now = clock::now();
        let mut known = Self {
            first,
            end,
            anchor,
            segments: BTreeMap::new(),
            count: 0,
            minutes: Some(Minutes::default()),
            built: now,
            cost: Duration::ZERO,
            checked: now,
            foreign,
        };
        known.learn(groups);
        known
    }

    /// Where what is known begins: the segment of the oldest event is counted each time, since it may be deleted event by event.
    pub(super) fn front(&self) -> i64 {
        (start(self.first) + WIDTH).min(self.end)
    }

    /// How many events the segments have.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// How many of them lie before the id.
    pub(super) fn count_before(&self, id: i64) -> u64 {
        self.segments.range(..id).map(|(_, segment)| segment.count).sum()
    }

    /// Whether all must be counted anew.
    pub(super) fn is_old(&self, now: Instant) -> bool {
        now.duration_since(self.built) >= believed(self.cost)
    }

    /// Whether there are minutes.
    pub(super) fn has_minutes(&self) -> bool {
        self.minutes.is_some()
    }

    /// Whether the order of times is that of what is stored.
    pub(super) fn is_ordered(&self) -> bool {
        self.minutes.as_ref().is_some_and(|minutes| !minutes.disordered)
    }

    /// Forgets the minutes.
    fn drop_minutes(&mut self) {
        self.minutes = None;
        self.segments.values_mut().for_each(|segment| segment.minutes = Vec::new());
    }

    /// The oldest event is this one now.
    pub(super) fn begins_at(&mut self, first: i64) {
        self.first = first;
        self.forget(i64::MIN..self.front());
    }

    /// Forgets the segments that begin within the ids.
    pub(super) fn forget(&mut self, ids: Range<i64>) {
        let starts: Vec<i64> = self.segments.range(ids).map(|(start, _)| *start).collect();
        for start in starts {
            let Some(segment) = self.segments.remove(&start) else { continue };
            self.count -= segment.count;
            let Some(minutes) = &mut self.minutes else { continue };
            minutes.entries -= segment.minutes.len();
            for (minute, count) in segment.minutes {
                if let btree_map::Entry::Occupied(mut entry) = minutes.counts.entry(i64::from(minute) * 60) {
                    *entry.get_mut() -= u64::from(count);
                    if *entry.get() == 0 {
                        entry.remove();
                    }
                }
            }
        }
    }

    /// Learns the segments that were counted. Those of the front are left out.
    pub(super) fn learn(&mut self, groups: &[Group]) {
        let front = self.front();
        for group in groups.iter().filter(|group| group.segment >= front) {
            let segment = self.segments.entry(group.segment).or_default();
            segment.count += group.count;
            self.count += group.count;
            let Some(minutes) = &mut self.minutes else { continue };
            let entry = group.minute.and_then(|minute| i32::try_from(minute / 60).ok());
            match (entry, u32::try_from(group.count)) {
                (Some(minute), Ok(count)) if minutes.entries < MINUTES => {
                    segment.minutes.push((minute, count));
                    minutes.entries += 1;
                    *minutes.counts.entry(i64::from(minute) * 60).or_default() += u64::from(count);
                    minutes.disordered |= !group.is_plain();
                }
                _ => self.drop_minutes(),
            }
        }
    }

    /// The ids in parts of segments, the newest events first, each part with the end of its newest minute in microseconds since
    /// 1970; without segments that have nothing from `from` to `to`. There must be minutes.
    pub(super) fn newest_first(
        &self,
        ids: &[Range<i64>],
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Vec<(i64, Range<i64>)> {
        let mut parts = Vec::new();
        for ids in ids {
            for (&start, segment) in self.segments.range(start(ids.start)..ids.end) {
                let minutes = || segment.minutes.iter().map(|(minute, _)| *minute);
                let (Some(oldest), Some(newest)) = (minutes().min(), minutes().max()) else { continue };
                let (begin, end) = (i64::from(oldest) * MINUTE, (i64::from(newest) + 1) * MINUTE);
                if from.is_none_or(|from| from.as_microseconds() < end)
                    && to.is_none_or(|to| to.as_microseconds() >= begin)
                {
                    parts.push((end, ids.start.max(start)..ids.end.min(start + WIDTH)));
                }
            }
        }
        parts.sort_unstable_by_key(|(end, ids)| Reverse((*end, ids.start)));
        parts
    }

    /// The intervals of `width` minutes that have events; `others` are the minutes of the events that are not in segments.
    pub(super) fn histogram(&self, others: &BTreeMap<i64, u64>, width: i64) -> Option<Vec<Bucket>> {
        let counts = &self.minutes.as_ref()?.counts;
        let seconds = width * 60;
        let mut intervals: Vec<(i64, u64)> = Vec::new();
        for (minute, count) in merged(counts.iter(), others.iter(), i64::le) {
            let start = minute.div_euclid(seconds) * seconds;
            match intervals.last_mut() {
                Some(last) if last.0 == start => last.1 += count,
                _ => intervals.push((start, count)),
            }
        }
        let bucket = |(start, count)| Bucket { time: Timestamp::bucket_text(start), count };
        Some(intervals.into_iter().map(bucket).collect())
    }

    /// In which minute the event lies that so many newer ones come before: its end, and how many events of the minute are newer.
    /// `others` as above.
    pub(super) fn place(&self, others: &BTreeMap<i64, u64>, offset: u64) -> Option<(Timestamp, u64)> {
        let counts = &self.minutes.as_ref()?.counts;
        let mut newer = 0_u64;
        let mut minutes = merged(counts.iter().rev(), others.iter().rev(), i64::ge).peekable();
        while let Some((minute, mut count)) = minutes.next() {
            count += minutes.next_if(|next| next.0 == minute).map_or(0, |(_, count)| count);
            if newer + count > offset {
                let end = minute.checked_add(60)?.checked_mul(1_000_000)?;
                return Some((Timestamp::from_microseconds(end).ok()?, offset - newer));
            }
            newer += count;
        }
        None
    }
}

/// The minutes of both in one order; one that both have comes twice in a row.
fn merged<'m>(
    one: impl Iterator<Item = (&'m i64, &'m u64)>,
    other: impl Iterator<Item = (&'m i64, &'m u64)>,
    is_before: fn(&i64, &i64) -> bool,
) -> impl Iterator<Item = (i64, u64)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || {
        let first = match (one.peek(), other.peek()) {
            (Some((a, _)), Some((b, _))) => is_before(a, b),
            (a, _) => a.is_some(),
        };
        let next = if first { one.next() } else { other.next() };
        next.map(|(minute, count)| (*minute, *count))
    })
}
