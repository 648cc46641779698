//! The most frequent values of a column, or of a member of the events' fields.

use std::borrow::Cow;
use std::collections::HashMap;

use decnet_db_core::Result;
use decnet_db_core::contract::search::Column;
use decnet_db_core::contract::{AttackerFilter, AttackerOrder, Counted, Log, LogFilter, Repository};
use decnet_db_core::json::member_text;
use serde::Serialize;

use super::Events;
use super::counts::Counts;

/// What events are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Facet<'a> {
    /// The address that did it.
    Attackers,
    /// The service.
    Services,
    /// The decky that saw it.
    Deckies,
    /// What happened.
    EventTypes,
    /// The country of the address, as DECNET's profiler noted it (`attackers.country_code`).
    Countries,
    /// A top-level member of `fields`: the first of these that an event has as text, number, true or false.
    Member(&'a [&'a str]),
}

impl<'a> Facet<'a> {
    /// What an engine can count; none for what is in two tables.
    fn counted(self) -> Option<Counted<'a>> {
        Some(match self {
            Self::Attackers => Counted::Column(Column::AttackerIp),
            Self::Services => Counted::Column(Column::Service),
            Self::Deckies => Counted::Column(Column::Decky),
            Self::EventTypes => Counted::Column(Column::EventType),
            Self::Countries => return None,
            Self::Member(names) => Counted::Members(names),
        })
    }
}

impl Facet<'_> {
    /// User names that were tried, under the names that honeypots give them.
    pub const USERNAMES: Facet<'static> = Facet::Member(&["username", "user", "USERNAME"]);
    /// Passwords that were tried.
    pub const PASSWORDS: Facet<'static> = Facet::Member(&["password", "pass", "PASSWORD"]);
    /// Commands that were run.
    pub const COMMANDS: Facet<'static> = Facet::Member(&["input", "command", "cmd", "CMD"]);
}

/// The most frequent values, and what they are the most frequent of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TopValues {
    /// The values, the most frequent first; those of one count in the order of their bytes.
    pub values: Vec<TopValue>,
    /// How many different values there are.
    pub distinct: u64,
    /// How many events have a value.
    pub events: u64,
}

/// A value, and how many events have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TopValue {
    /// The value.
    pub value: String,
    /// How many events have it.
    pub count: u64,
}

/// The `limit` most frequent values among the events that the filter chooses, counted exactly.
///
/// The engine counts, in one statement and so of one moment: columns on every engine, members of `fields` on SQLite. Elsewhere
/// JSON functions change the spelling of numbers, take for JSON what is none, or refuse deep nesting; there, and for
/// [`Facet::Countries`], the events are read page by page and counted here. More than half a million different values, or more
/// than 64 MiB of them, are then counted in several passes, so that memory stays bounded; events that come after the first pass began
/// are not counted. Only [`Facet::Countries`] holds something for each attacker: the country that it is in.
///
/// ```
/// # async fn f(repository: &dyn decnet_db::Repository) -> decnet_db::Result<()> {
/// use decnet_db::contract::LogFilter;
/// use decnet_db::reports::{Facet, top_values};
///
/// let passwords = top_values(repository, Facet::PASSWORDS, LogFilter::all(), 10).await?;
/// for top in passwords.values {
///     println!("{:>8}  {}", top.count, top.value);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`get_logs_after_id`](crate::contract::Logs::get_logs_after_id).
pub async fn top_values(
    repository: &dyn Repository,
    facet: Facet<'_>,
    filter: LogFilter,
    limit: usize,
) -> Result<TopValues> {
    if let Some(counted) = facet.counted() {
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        if let Some(counts) = repository.engine().value_counts(counted, &filter, most).await? {
            let values = counts.values.into_iter().map(|(value, count)| TopValue { value, count }).collect();
            return Ok(TopValues { values, distinct: counts.distinct, events: counts.events });
        }
    }
    read_and_count(repository, facet, filter, limit).await
}

/// The same by reading the events.
async fn read_and_count(
    repository: &dyn Repository,
    facet: Facet<'_>,
    filter: LogFilter,
    limit: usize,
) -> Result<TopValues> {
    let values = Values {
        facet,
        countries: if facet == Facet::Countries { countries(repository).await? } else { HashMap::new() },
    };
    let newest = repository.get_max_log_id().await?;
    let mut counts = Counts::new(limit);
    while counts.next_pass() {
        let mut events = Events::by_id(repository, filter.clone());
        'pass: while let Some(page) = events.next().await? {
            for event in &page {
                if event.id > newest {
                    break 'pass;
                }
                if let Some(value) = values.of(event) {
                    counts.add(&value);
                }
            }
        }
    }
    Ok(counts.done())
}

/// What the value of an event is.
struct Values<'a> {
    facet: Facet<'a>,
    countries: HashMap<String, String>,
}

impl Values<'_> {
    fn of<'e>(&'e self, event: &'e Log) -> Option<Cow<'e, str>> {
        match self.facet {
            Facet::Attackers => Some(Cow::Borrowed(event.attacker_ip.as_str())),
            Facet::Services => Some(Cow::Borrowed(event.service.as_str())),
            Facet::Deckies => Some(Cow::Borrowed(event.decky.as_str())),
            Facet::EventTypes => Some(Cow::Borrowed(event.event_type.as_str())),
            Facet::Countries => {
                self.countries.get(&event.attacker_ip).map(|country| Cow::Borrowed(country.as_str()))
            }
            Facet::Member(names) => member(&event.fields, names),
        }
    }
}

/// The first of the top-level members that is text, a number, true or false: text as it is, others as they are spelled.
fn member<'e>(fields: &'e str, names: &[&str]) -> Option<Cow<'e, str>> {
    // Most events have none of them, and needn't be taken apart. An escape may spell one otherwise.
    let may_have =
        names.iter().any(|name| memchr::memmem::find(fields.as_bytes(), name.as_bytes()).is_some())
            || memchr::memchr(b'\\', fields.as_bytes()).is_some();
    if may_have { member_text(fields, names) } else { None }
}

/// The country of each address that has one.
async fn countries(repository: &dyn Repository) -> Result<HashMap<String, String>> {
    let mut countries = HashMap::new();
    let mut after = None;
    loop {
        let page = repository
            .get_attackers_page(1_000, AttackerOrder::Recent, AttackerFilter::default(), after)
            .await?;
        for attacker in page.data {
            if let Some(country) = attacker.country_code {
                countries.insert(attacker.ip, country);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(countries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What attackers may have written, and what honeypots wrote of it.
    const FIELDS: [&str; 30] = [
        "{}",
        "",
        "user",
        r#"{"user":"root"}"#,
        r#"{"user":"root"}"#,
        r#"{"user":"ROOT"}"#,
        r#"{"user":"root "}"#,
        r#"{"user":""}"#,
        r#"{"user":"r\u006fot"}"#,
        r#"{"us\u0065r":"root"}"#,
        r#"{"user":12.50}"#,
        r#"{"user":1e2}"#,
        r#"{"user":-0}"#,
        r#"{"user":123456789012345678901234567890}"#,
        r#"{"user":true}"#,
        r#"{"user":null,"name":"other"}"#,
        r#"{"user":{"user":"inner"},"name":"other"}"#,
        r#"{"user":[],"x":"user"}"#,
        r#"{"x":{"user":"inner"}}"#,
        r#"{"user":"one","user":"two"}"#,
        r#"{"user":null,"user":"two"}"#,
        r#"{"name":"n","user":"u"}"#,
        r#"{"user":"\ud800"}"#,
        r#"{"user":"\ud83e\udd80"}"#,
        r#"{"user":"nul\u0000nul"}"#,
        r#"{"user\u0000":"nul"}"#,
        "{\"user\":\"raw\0nul\"}",
        r#"{"user":"half"#,
        r#"{"user":01}"#,
        r#"{"user":"é"}"#,
    ];

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn the_engine_counts_what_reading_counts() {
        use decnet_db_core::contract::NewLog;

        let repository = crate::connect("sqlite:///:memory:").await.unwrap();
        repository.initialize().await.unwrap();
        let deep = format!(r#"{{"a":{}{},"user":"deep"}}"#, "[".repeat(2_000), "]".repeat(2_000));
        let mut logs = Vec::new();
        for (place, fields) in FIELDS.into_iter().chain([deep.as_str()]).enumerate() {
            let source = ["203.0.113.7", "203.0.113.7 ", "É", "é", "nul\0", "nul", "", "Unknown"][place % 8];
            logs.push(NewLog::new("d", ["ssh", "SSH"][place % 2], "e", source).fields(fields));
        }
        repository.add_logs(logs).await.unwrap();
        let mut ssh = LogFilter::all();
        ssh.search = Some("service:ssh".into());
        let mut none = LogFilter::all();
        none.search = Some("service:none".into());
        let members = Facet::Member(&["user", "name"]);
        for facet in [Facet::Attackers, Facet::Services, Facet::Deckies, Facet::EventTypes, members] {
            for filter in [LogFilter::all(), ssh.clone(), none.clone()] {
                for limit in [0, 1, 3, 100] {
                    let read = read_and_count(&*repository, facet, filter.clone(), limit).await.unwrap();
                    let counted =
                        repository.engine().value_counts(facet.counted().unwrap(), &filter, 1).await;
                    assert!(counted.unwrap().is_some(), "{facet:?} is counted by the engine");
                    let counted = top_values(&*repository, facet, filter.clone(), limit).await.unwrap();
                    assert_eq!(counted, read, "{facet:?} {filter:?} {limit}");
                }
            }
        }
        let all = top_values(&*repository, members, LogFilter::all(), 1).await.unwrap();
        assert_eq!((all.values[0].value.as_str(), all.values[0].count), ("root", 4));
    }
}
