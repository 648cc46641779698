//! N-gram filters: which blocks of events can't contain what is searched.
//!
//! For each block of [`BLOCK`] ids there is a Bloom filter of the trigrams of the texts that a search looks into, letters folded
//! as it folds them, and of the members of `fields`. A block that lacks one trigram of a needle has no event that matches; the
//! others are looked through with the search's own condition, so that no answer depends on a filter. The filters of one segment
//! lie bit by bit beside each other, so that one operation asks all of its blocks.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::known::{WIDTH, start};
use super::{CHECKED, SHARE, Segments, clock, of_events};
use crate::base::logs::SEARCHED;
use crate::contract::Log;
use crate::contract::search::{Search, Term};
use crate::driver::Backend;
use crate::error::Result;
use crate::json::each_member;
use crate::needle::trigrams;
use crate::sql::Value;

/// How many ids a block has: 128 blocks are a segment.
const BLOCK: i64 = WIDTH / 128;
/// How many bits the filter of a block has: 20 bytes for each id.
const BITS: usize = 160 * BLOCK as usize;
/// What the filters of one segment take.
const BYTES: usize = BITS * size_of::<u128>();
/// How many bits stand for a member of `fields`.
const MEMBER_BITS: u64 = 4;
/// How many segments are read with one statement.
const READ: i64 = 4;
/// How many new segments are read at least at a time, and the share of those that are there.
const NEW: usize = 8;
const NEW_SHARE: usize = 64;

/// The filters of the blocks of one segment: for each bit, the blocks whose filter has it.
struct Filters {
    bits: Box<[u128]>,
    /// Blocks of which nothing is ruled out.
    open: u128,
}

impl fmt::Debug for Filters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Filters").finish_non_exhaustive()
    }
}

/// The n-gram filters of the segments that were read.
#[derive(Debug, Default)]
pub(super) struct Ngrams {
    segments: BTreeMap<i64, Filters>,
    /// When the segments were read from the first to the last, and how long that took.
    read: Option<(Instant, Duration)>,
    /// Whether they are being read.
    reading: bool,
}

/// What is to be read next.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    /// The ids of the segments.
    ids: Range<i64>,
    /// Whether those are all.
    all: bool,
}

impl Ngrams {
    /// Until when they are believed: others may have changed texts.
    pub(super) fn until(&self) -> Option<Instant> {
        self.read.map(|(begun, cost)| begun + CHECKED.max(cost.saturating_mul(SHARE)))
    }

    /// Nobody has changed anything until now.
    pub(super) fn refresh(&mut self, now: Instant) {
        if let Some((begun, _)) = &mut self.read {
            *begun = now;
        }
    }

    /// Forgets the filters of segments that begin within the ids.
    pub(super) fn forget(&mut self, ids: Range<i64>) {
        self.segments.retain(|start, _| !ids.contains(start));
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.segments.clear();
        self.read = None;
    }

    /// What should be read, given the ids of all segments.
    fn wanted(&self, ids: &Range<i64>, now: Instant) -> Option<Reading> {
        if self.reading || ids.is_empty() {
            return None;
        }
        let due = self.read.is_none_or(|(begun, cost)| {
            now.duration_since(begun) >= (CHECKED * 3 / 4).max(cost.saturating_mul(SHARE * 3 / 4))
        });
        if due {
            return Some(Reading { ids: ids.clone(), all: true });
        }
        let from = self.segments.last_key_value().map_or(ids.start, |(start, _)| start + WIDTH);
        let new = usize::try_from((ids.end - from) / WIDTH).unwrap_or(0);
        let enough = new >= NEW.max(self.segments.len() / NEW_SHARE);
        enough.then_some(Reading { ids: from..ids.end, all: false })
    }

    /// Takes the filters of segments that were read. All together have at most so many bytes: the oldest are left out. Whether
    /// none of these was.
    fn learn(&mut self, read: Vec<(i64, Filters)>, most: usize) -> bool {
        let oldest = read.first().map(|(start, _)| *start);
        self.segments.extend(read);
        while self.segments.len() * BYTES > most {
            self.segments.pop_first();
        }
        oldest.is_none_or(|oldest| self.segments.contains_key(&oldest))
    }

    /// The ids among which all events are that match, in ascending order; none when too much of the ids is among them.
    pub(super) fn candidates(
        &self,
        probe: &Probe,
        ids: &Range<i64>,
        now: Instant,
    ) -> Option<Vec<Range<i64>>> {
        if self.until().is_none_or(|until| now >= until) {
            return None;
        }
        // A block that is found by its key costs about twice what its events cost in a scan.
        let most = (ids.end - ids.start) / 8;
        let mut found: Vec<Range<i64>> = Vec::new();
        let mut sum = 0;
        let mut add = |from: i64, to: i64| {
            match found.last_mut() {
                Some(last) if last.end == from => last.end = to,
                _ => found.push(from..to),
            }
            sum += to - from;
            sum <= most
        };
        let mut next = ids.start;
        for (&start, filters) in self.segments.range(ids.clone()) {
            if next < start && !add(next, start) {
                return None;
            }
            next = start + WIDTH;
            let mut blocks = filters.blocks(probe);
            while blocks != 0 {
                let block = start + i64::from(blocks.trailing_zeros()) * BLOCK;
                blocks &= blocks - 1;
                if !add(block, block + BLOCK) {
                    return None;
                }
            }
        }
        if next < ids.end && !add(next, ids.end) {
            return None;
        }
        Some(found)
    }
}

/// The bits that a block's filter must have for an event to match.
#[derive(Debug, Default)]
pub(super) struct Probe {
    trigrams: Vec<usize>,
    /// Of each member: with this text, or with a value that has more than one spelling.
    members: Vec<[Vec<usize>; 2]>,
}

impl Probe {
    /// Of a search; none when it rules nothing out.
    pub(super) fn of(search: &Search) -> Option<Self> {
        let mut probe = Self::default();
        search.terms().iter().for_each(|term| probe.add(term));
        // A long needle has many alike.
        probe.trigrams.sort_unstable();
        probe.trigrams.dedup();
        (!probe.trigrams.is_empty() || !probe.members.is_empty()).then_some(probe)
    }

    fn add(&mut self, term: &Term) {
        match term {
            Term::Contains(text) => self.trigrams.extend(bits(text)),
            Term::Member(key, text) => {
                let bits = |text| member(key, text).collect();
                self.members.push([bits(Some(text)), bits(None)]);
            }
            Term::Equals(..) => {}
        }
    }
}

impl Filters {
    fn new() -> Self {
        Self { bits: vec![0; BITS].into_boxed_slice(), open: 0 }
    }

    /// The blocks that may have an event that matches.
    fn blocks(&self, probe: &Probe) -> u128 {
        let all = |bits: &[usize]| {
            let mut blocks = u128::MAX;
            for bit in bits {
                blocks &= self.bits[*bit];
                if blocks == 0 {
                    break;
                }
            }
            blocks
        };
        let members =
            probe.members.iter().fold(u128::MAX, |blocks, [text, any]| blocks & (all(text) | all(any)));
        all(&probe.trigrams) & members | self.open
    }

    /// Adds what an event has: the texts that are searched, and `fields`.
    fn add(&mut self, id: i64, texts: &[Value], fields: &Value) {
        let block = 1_u128 << (id % WIDTH / BLOCK);
        for text in texts {
            match text {
                Value::Null => {}
                Value::Text(text) => bits(text).for_each(|bit| self.bits[bit] |= block),
                _ => self.open |= block,
            }
        }
        match fields {
            Value::Null => {}
            Value::Text(json) => {
                let mut clear = true;
                clear &= each_member(json, |key, value| {
                    clear &= !key.contains('\\');
                    // Of what has more than one spelling each engine makes its own.
                    let text = unquoted(value).filter(|text| !text.contains('\\'));
                    let bits = member(unquoted(key).unwrap_or(key), text);
                    bits.for_each(|bit| self.bits[bit] |= block);
                });
                if !clear {
                    self.open |= block;
                }
            }
            _ => self.open |= block,
        }
    }
}

/// The text within the quotes, where there are such.
fn unquoted(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// The bits of each three bytes in a row, ASCII letters in lower case.
fn bits(text: &str) -> impl Iterator<Item = usize> {
    trigrams(text).map(|trigram| bit(u64::from(trigram)))
}

/// The bits of a member of `fields` with this text, or with a value that has more than one spelling.
fn member(key: &str, text: Option<&str>) -> impl Iterator<Item = usize> {
    // FNV-1a; 0xff is in no UTF-8.
    let parts = [
        key.as_bytes(),
        &[0xff],
        text.unwrap_or_default().as_bytes(),
        &[0xff; 2][usize::from(text.is_some())..],
    ];
    let hash = parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (1..=MEMBER_BITS).map(move |number| bit(hash.rotate_left(16 * number as u32) ^ number << 32))
}

/// Which bit stands for the number.
fn bit(number: u64) -> usize {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    // The upper half, of 2³² parts as many as there are bits.
    (((mixed >> 32) * BITS as u64) >> 32) as usize
}

impl Segments {
    /// Has the n-gram filters read that are missing or old, in a task of its own: nobody waits for them.
    pub(super) fn read_ngrams(self: &Arc<Self>, backend: &Arc<dyn Backend>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let reading = {
            let mut state = self.state.lock();
            let Some(known) = state.known.as_ref().filter(|_| self.search_memory >= BYTES) else { return };
            let Some(reading) = state.ngrams.wanted(&(known.front()..known.end), clock::now()) else {
                return;
            };
            state.ngrams.reading = true;
            reading
        };
        // Whoever closes the repository does not wait for it either.
        runtime.spawn(read_all(IsReading(Arc::downgrade(self)), Arc::downgrade(backend), reading));
    }
}

/// Reads n-gram filters, the newest first, as many as may be kept.
async fn read_all(segments: IsReading, backend: Weak<dyn Backend>, Reading { ids, all }: Reading) {
    let (begun, watch) = (clock::now(), Instant::now());
    let mut end = ids.end;
    let mut done = true;
    while end > ids.start
        && let (Some(segments), Some(backend)) = (segments.0.upgrade(), backend.upgrade())
    {
        let part = ids.start.max(end - READ * WIDTH)..end;
        end = part.start;
        let epoch = {
            let state = segments.state.lock();
            // Events still come into what is not closed, as after a purge.
            if state.known.as_ref().is_none_or(|known| part.end > known.end) {
                continue;
            }
            state.epoch
        };
        let filters = read(&*backend, &part).await;
        let mut state = segments.state.lock();
        state.follow();
        // What this process changed meanwhile, or what was forgotten, is not what was read.
        match filters {
            Ok(filters) if state.epoch == epoch => {
                if !state.ngrams.learn(filters, segments.search_memory) {
                    break;
                }
            }
            Ok(_) => state.ngrams.forget(part),
            Err(_) => {
                state.ngrams.clear();
                done = false;
                break;
            }
        }
    }
    if let Some(segments) = segments.0.upgrade()
        && (all || !done)
    {
        segments.state.lock().ngrams.read = Some((begun, watch.elapsed()));
    }
}

/// Segments are being read, until this is dropped: also when the runtime of the task that reads them ends.
struct IsReading(Weak<Segments>);

impl Drop for IsReading {
    fn drop(&mut self) {
        if let Some(segments) = self.0.upgrade() {
            segments.state.lock().ngrams.reading = false;
        }
    }
}

/// The filters of the segments within the ids.
async fn read(backend: &dyn Backend, ids: &Range<i64>) -> Result<Vec<(i64, Filters)>> {
    let mut sql = of_events(backend.dialect());
    sql.push("SELECT id, ").columns(SEARCHED.iter().copied()).push(", ").column(Log::FIELDS).from::<Log>();
    sql.and().push("id >= ").bind(ids.start).and().push("id < ").bind(ids.end);
    let mut read = BTreeMap::<i64, Filters>::new();
    backend.query(sql.finish()?).await?.decode(|row| {
        let id: i64 = row.value("id")?;
        let texts =
            SEARCHED.iter().map(|column| row.value::<Value>(column.name)).collect::<Result<Vec<_>>>()?;
        let fields: Value = row.value("fields")?;
        read.entry(start(id)).or_insert_with(Filters::new).add(id, &texts, &fields);
        Ok(())
    })?;
    Ok(read.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filters of segments with these events: `raw_line` and `fields` of each id.
    fn ngrams(events: &[(i64, &str, &str)]) -> Ngrams {
        let mut segments = BTreeMap::<i64, Filters>::new();
        for (id, line, fields) in events {
            let filters = segments.entry(start(*id)).or_insert_with(Filters::new);
            filters.add(*id, &[Value::from(*line), Value::Null], &Value::from(*fields));
        }
        Ngrams { segments, read: Some((clock::now(), Duration::ZERO)), reading: false }
    }

    /// The ids of the 80 segments from 1,024 on in which the search must look, `None` for all.
    fn looked_in(ngrams: &Ngrams, search: &str) -> Option<Vec<Range<i64>>> {
        ngrams.candidates(&Probe::of(&Search::parse(search))?, &(WIDTH..81 * WIDTH), clock::now())
    }

    #[test]
    fn only_blocks_that_may_match_are_looked_through() {
        let mut events: Vec<_> = (WIDTH..81 * WIDTH).map(|id| (id, "nothing to see", "{}")).collect();
        events[5_000].1 = "uname -A; É";
        events[5_008].2 = r#"{"user":"Admin","port":22,"cmd":"a\"b","a":{"user":"x"}}"#;
        let all = ngrams(&events);
        let block = |position: i64| (WIDTH + position) / BLOCK * BLOCK;
        for (search, position) in [
            ("UNAME", 5_000),
            ("'e -a'", 5_000),
            ("'; É'", 5_000),
            ("uname -a", 5_000),
            ("user:Admin", 5_008),
            ("port:22", 5_008),
            // A number and what is escaped may be spelled otherwise.
            ("port:22.0", 5_008),
            ("cmd:'a\"b'", 5_008),
            ("cmd:other", 5_008),
        ] {
            let found = looked_in(&all, search);
            let ids = found.into_iter().flatten().flatten();
            assert!(ids.eq(block(position)..block(position) + BLOCK), "{search}");
        }
        for search in ["absent", "uname user:Admin", "user:admin", "'É; '", "user:22"] {
            assert_eq!(looked_in(&all, search), Some(Vec::new()), "{search}");
        }
        // Too short, or in too many blocks.
        for search in ["un", "service:ssh", "nothing", "'' 'un'"] {
            assert_eq!(looked_in(&all, search), None, "{search}");
        }
    }

    #[test]
    fn what_can_not_be_told_is_looked_through() {
        let mut events: Vec<_> = (WIDTH..81 * WIDTH).map(|id| (id, "nothing", "{}")).collect();
        let first = |position: usize| (WIDTH + position as i64) / BLOCK * BLOCK;
        events[1_000].2 = "no JSON";
        events[2_000].2 = r#"{"\u0075ser":"x"}"#;
        events[3_000].2 = r#"{"user":"x"} "#;
        let mut all = ngrams(&events);
        let block = |position| first(position)..first(position) + BLOCK;
        assert_eq!(looked_in(&all, "absent"), Some(vec![block(1_000), block(2_000)]));
        for value in [Value::Int(7), Value::Blob(b"x".to_vec())] {
            let filters = all.segments.entry(4 * WIDTH).or_insert_with(Filters::new);
            filters.open = 0;
            filters.add(4 * WIDTH, &[value], &Value::Null);
            assert_eq!(filters.open, 1);
        }
        // A segment that was not read, and one that is forgotten.
        all.segments.remove(&(70 * WIDTH));
        all.forget(60 * WIDTH..61 * WIDTH);
        let looked = looked_in(&all, "absent").unwrap();
        assert!(looked.contains(&(60 * WIDTH..61 * WIDTH)) && looked.contains(&(70 * WIDTH..71 * WIDTH)));
        // What is old is not believed.
        let probe = Probe::of(&Search::parse("absent")).unwrap();
        let ids = WIDTH..81 * WIDTH;
        assert_eq!(all.candidates(&probe, &ids, clock::now() + CHECKED), None);
    }

    proptest::proptest! {
        #[test]
        fn no_match_is_ruled_out(
            line in "[aBÉ\\x00\\\\\"0 ß😀]{1,40}",
            user in "[aBÉ\\x00\\\\\"0 ß😀]{0,5}",
            from in 0_usize..40,
            length in 1_usize..10,
        ) {
            let fields = serde_json::json!({"user": user, "x": line}).to_string();
            let all = ngrams(&[(WIDTH, &line, &fields)]);
            let needle: String = line.chars().skip(from).take(length).collect();
            for term in [Term::Contains(needle.to_ascii_uppercase()), Term::Member("user".into(), user)] {
                let mut probe = Probe::default();
                probe.add(&term);
                assert_eq!(all.segments[&WIDTH].blocks(&probe) & 1, 1, "{term:?} in {line:?}, {fields}");
            }
        }
    }

    #[test]
    fn the_oldest_give_way_when_memory_ends() {
        let mut all = Ngrams::default();
        let read = |numbers: Range<i64>| numbers.map(|number| (number * WIDTH, Filters::new())).collect();
        assert!(all.learn(read(5..8), 4 * BYTES));
        assert!(!all.learn(read(3..5), 4 * BYTES));
        assert_eq!(all.segments.keys().map(|start| start / WIDTH).collect::<Vec<_>>(), [4, 5, 6, 7]);
        assert!(all.learn(read(8..9), 4 * BYTES));
        assert_eq!(all.segments.first_key_value().map(|(start, _)| *start), Some(5 * WIDTH));
    }
}
