//! A page of the newest events that match a search, from no more blocks than it takes.
//!
//! The total of a new search needs each block that may have an event that matches; its first page needs the newest of them. Which
//! those are the minutes of the segments tell, not the ids: captures of long ago are stored late.

use std::sync::Arc;

use super::ngrams::Probe;
use super::searches::{RANGES, counting, look_through, outside, read};
use super::statements::Verdict;
use super::{Segments, clock};
use crate::contract::LogFilter;
use crate::driver::Backend;
use crate::error::Result;
use crate::time::Timestamp;

impl Segments {
    /// The newest events that match and are older than `after`, so many at least if there are; none where the table, what is
    /// kept of the search, or a look into all blocks tells as soon.
    pub(super) async fn newest(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        filter: &LogFilter,
        after: Option<(Timestamp, i64)>,
        wanted: u64,
    ) -> Result<Option<Vec<(Timestamp, i64)>>> {
        let Some(search) = self.search(backend, filter).await? else { return Ok(None) };
        let Some(probe) = Probe::of(search) else { return Ok(None) };
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let most = wanted.max(RANGES).saturating_mul(2);
        let (blocks, ids, generation) = {
            let mut state = self.state.lock();
            if !matches!(state.found(search.text()), Some(None)) {
                return Ok(None);
            }
            let Some(known) = state.known.as_ref().filter(|known| known.is_ordered()) else {
                return Ok(None);
            };
            let ids = known.front()..known.end;
            let Some(blocks) = state.ngrams.candidates(&probe, &ids, clock::now()) else { return Ok(None) };
            if blocks.len() <= most {
                return Ok(None);
            }
            let [from, to] =
                [filter.start_time, filter.end_time.into_iter().chain(after.map(|(time, _)| time)).min()];
            (known.newest_first(&blocks, from, to), ids, state.generation)
        };
        let (mut found, mut looked, mut is_whole) = (Vec::new(), 0, false);
        while !is_whole {
            // Where the order of ids is far from that of times, nearly all must be looked through.
            if looked >= most {
                return Ok(None);
            }
            let next: Vec<_> = blocks[looked..].iter().take(RANGES).map(|(_, ids)| ids.clone()).collect();
            looked += next.len();
            let Some(events) = look_through(&**backend, filter, &next, true).await?.events else {
                return Ok(None);
            };
            found.extend(events.into_iter().filter(|event| after.is_none_or(|after| *event < after)));
            is_whole = blocks.get(looked).is_none_or(|(end, _)| {
                found.iter().filter(|(time, _)| time.as_microseconds() >= *end).count() >= wanted
            });
        }
        let statement = {
            let state = self.state.lock();
            let Some(known) = state.known.as_ref().filter(|_| state.generation == generation) else {
                return Ok(None);
            };
            counting(backend.dialect(), (known, &state.gaps), (ids.start, ids.end), filter, false)?
        };
        let rows = backend.query(statement).await?;
        let (ends, verdict, [others, _]) = {
            let state = self.state.lock();
            let Some(known) = state.known.as_ref().filter(|_| state.generation == generation) else {
                return Ok(None);
            };
            read(rows, known)?
        };
        if verdict != Verdict::Holds {
            return Ok(None);
        }
        self.keep_up(&**backend, ends).await;
        if others > 0 {
            let Some(others) = outside(&**backend, &ids, filter).await? else { return Ok(None) };
            found.extend(others);
        }
        Ok(Some(found))
    }
}
