//! Events, page by page.

use decnet_db_core::Result;
use decnet_db_core::contract::Repository;
use decnet_db_core::contract::{Log, LogFilter};

/// Events of a page.
const PAGE: u64 = 1_000;

/// Events in the order of their ids, which is that of their arrival, page by page: any number of them in bounded memory.
///
/// What is stored while it is read comes too, until a page is not full. On servers an event that another program commits late
/// may be left out, as by [`get_logs_after_id`](crate::contract::Logs::get_logs_after_id).
pub struct Events<'r> {
    repository: &'r dyn Repository,
    filter: LogFilter,
    last: i64,
    done: bool,
}

impl<'r> Events<'r> {
    /// The events that the filter chooses.
    pub fn by_id(repository: &'r dyn Repository, filter: LogFilter) -> Self {
        // Ids that a caller chose may be negative.
        Self { repository, filter, last: i64::MIN, done: false }
    }

    /// The next events, at most 1,000; `None` after the last.
    ///
    /// # Errors
    /// Those of `get_logs_after_id`. After an error the same events are tried again.
    pub async fn next(&mut self) -> Result<Option<Vec<Log>>> {
        if self.done {
            return Ok(None);
        }
        let page = self.repository.get_logs_after_id(self.last, PAGE, self.filter.clone()).await?;
        self.done = (page.len() as u64) < PAGE;
        let Some(last) = page.last() else { return Ok(None) };
        self.last = last.id;
        Ok(Some(page))
    }
}

/// The last `limit` events that the filter chooses, oldest first: those of one instant by ascending id.
///
/// # Errors
/// Those of [`get_logs_page`](crate::contract::Logs::get_logs_page).
pub async fn latest(repository: &dyn Repository, filter: LogFilter, limit: u64) -> Result<Vec<Log>> {
    let mut events = Vec::new();
    let mut after = None;
    while (events.len() as u64) < limit {
        let size = PAGE.min(limit - events.len() as u64);
        let page = repository.get_logs_page(size, filter.clone(), after).await?;
        events.extend(page.data);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    events.reverse();
    Ok(events)
}
