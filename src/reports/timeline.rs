//! Events in the order of time, and what their whole is.

use decnet_db_core::Result;
use decnet_db_core::contract::Repository;
use decnet_db_core::contract::{Log, LogFilter, LogQuery};
use decnet_db_core::time::Timestamp;
use serde::Serialize;

use super::latest;

/// The latest of some events, and what all of them are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Timeline {
    /// How many events there are.
    pub total: u64,
    /// When the first of all happened.
    pub first: Option<Timestamp>,
    /// When the last of all happened.
    pub last: Option<Timestamp>,
    /// The latest of them, oldest first; those of one instant by ascending id.
    pub events: Vec<Log>,
}

/// The events that the filter chooses, with the last `limit` of them.
///
/// The parts are read one after the other: what arrives meanwhile may be in one and not in the other.
///
/// # Errors
/// Those of [`get_logs_page`](crate::contract::Logs::get_logs_page).
pub async fn timeline(repository: &dyn Repository, filter: LogFilter, limit: u64) -> Result<Timeline> {
    let total = repository.get_total_logs(filter.clone()).await?;
    let events = latest(repository, filter.clone(), limit.max(1)).await?;
    let last = events.last().map(|event| event.timestamp);
    let mut first = events.first().map(|event| event.timestamp);
    if total > events.len() as u64 {
        let query = LogQuery::from(filter).limit(1).offset(total - 1);
        let oldest = repository.get_logs(query).await?;
        first = oldest.first().map(|event| event.timestamp).or(first);
    }
    let unwanted = events.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Timeline { total, first, last, events: events.into_iter().skip(unwanted).collect() })
}

/// A word of the search language: the column or member `name` is exactly `value`, whatever characters it has.
pub(super) fn word(name: &str, value: &str) -> String {
    format!("{name}:\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use decnet_db_core::contract::search::{Search, Term};

    use super::*;

    #[test]
    fn any_value_is_one_word() {
        for value in
            ["203.0.113.7", "", "a b", r#"" OR "1"="1"#, r"\", r#"\""#, "'", "x:y", "\u{1b}[2J", "\n"]
        {
            let search = Search::parse(&word("session", value));
            assert_eq!(search.terms(), [Term::Member("session".into(), value.into())], "{value:?}");
        }
    }
}
