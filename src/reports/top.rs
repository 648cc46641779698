//! The most frequent values of a column, or of a member of the events' fields.

use std::borrow::Cow;
use std::collections::HashMap;

use decnet_db_core::Result;
use decnet_db_core::contract::{AttackerFilter, AttackerOrder, Log, LogFilter, Repository};
use serde::Serialize;
use serde_json::value::RawValue;

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
/// Reads all of these events, page by page. More than half a million different values, or more than 64 MiB of them, are counted in
/// several passes, so that memory stays bounded; events that come after the first pass began are not counted. Only
/// [`Facet::Countries`] holds something for each attacker: the country that it is in.
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
    // Most events have none of them, and needn't be read.
    if !names.iter().any(|name| memchr::memmem::find(fields.as_bytes(), name.as_bytes()).is_some()) {
        return None;
    }
    let members: HashMap<Cow<'e, str>, &'e RawValue> = serde_json::from_str(fields).ok()?;
    names.iter().find_map(|name| {
        let raw = members.get(*name)?.get();
        match raw.as_bytes().first()? {
            b'"' => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
            b'{' | b'[' | b'n' => None,
            _ => Some(Cow::Borrowed(raw)),
        }
    })
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

    #[test]
    fn a_member_is_text_or_a_plain_value_of_the_top_level() {
        for (fields, value) in [
            (r#"{"user":"root"}"#, Some("root")),
            (r#"{"a":1,"name":"x","user":"a\"b\u0000"}"#, Some("x")),
            (r#"{"user":"a\"b\n"}"#, Some("a\"b\n")),
            (r#"{"user":12.50}"#, Some("12.50")),
            (r#"{"user":true}"#, Some("true")),
            (r#"{"user":null,"name":"y"}"#, Some("y")),
            (r#"{"name":{"user":"inner"},"user":[]}"#, None),
            (r#"{"x":"user"}"#, None),
            (r#"["user"]"#, None),
            ("user", None),
            ("", None),
        ] {
            assert_eq!(member(fields, &["name", "user"]).as_deref(), value, "{fields}");
        }
    }
}
