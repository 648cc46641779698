//! Whether an event matches a filter: what the database decides elsewhere, decided here once for many watchers.

use std::borrow::Cow;

use super::signature::{Probe, Signature};
use crate::Needle;
use crate::contract::search::{Column, Search, Term};
use crate::contract::{Log, LogFilter};
use crate::json::member;

/// A filter, made ready for many events.
///
/// It decides as the readers of the contract do (ruling R5). Where engines differ, this is the same on all of them: text is compared
/// exactly, whatever collation a table has; of a member that is there twice the first counts, and numbers as they are spelled.
#[derive(Debug)]
pub(super) struct Matcher {
    filter: LogFilter,
    probe: Probe,
    /// What the search looks for in all texts, in its order.
    needles: Vec<Needle>,
}

impl Matcher {
    pub(super) fn new(filter: LogFilter) -> Self {
        let needles = filter.search.iter().flat_map(Search::terms).filter_map(|term| match term {
            Term::Contains(text) => Some(Needle::new(text)),
            _ => None,
        });
        let probe = filter.search.as_ref().map(Probe::of).unwrap_or_default();
        Self { needles: needles.collect(), probe, filter }
    }

    pub(super) fn filter(&self) -> &LogFilter {
        &self.filter
    }

    /// Whether the event matches.
    pub(super) fn matches(&self, event: &Log) -> bool {
        let filter = &self.filter;
        filter.start_time.is_none_or(|start| event.timestamp >= start)
            && filter.end_time.is_none_or(|end| event.timestamp <= end)
            && filter.search.iter().flat_map(Search::terms).all(|term| term_matches(term, event))
            && self.needles.iter().all(|needle| occurs(needle, event))
    }

    /// Whether an event with the signature may match.
    pub(super) fn may_match(&self, signature: &Signature) -> bool {
        self.probe.may_match(signature)
    }

    /// A filter for the database that leaves out no event that matches.
    pub(super) fn outline(&self) -> LogFilter {
        let mut outline = self.filter.clone();
        outline.search = self.filter.search.as_ref().map(Search::without_members);
        outline
    }
}

/// Whether the event has what the term compares; what it looks for in all texts is left to its needle.
fn term_matches(term: &Term, event: &Log) -> bool {
    match term {
        Term::Equals(column, value) => {
            let text = match column {
                Column::Decky => &event.decky,
                Column::Service => &event.service,
                Column::EventType => &event.event_type,
                Column::AttackerIp => &event.attacker_ip,
            };
            text == value
        }
        Term::Member(name, value) => member_is(&event.fields, name, value),
        Term::Contains(_) => true,
    }
}

fn occurs(needle: &Needle, event: &Log) -> bool {
    searched(event).into_iter().any(|text| needle.is_in(text.as_bytes()))
}

/// The texts that a search looks into.
pub(super) fn searched(event: &Log) -> [&String; 4] {
    [&event.raw_line, &event.decky, &event.service, &event.attacker_ip]
}

fn member_is(fields: &str, name: &str, value: &str) -> bool {
    // Most events don't have it, and needn't be taken apart. An escape may spell it otherwise.
    if !fields.contains(name) && !fields.contains('\\') {
        return false;
    }
    let Some(raw) = member(fields, name) else { return false };
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Cow<'_, str>>(raw).is_ok_and(|text| text == value),
        Some(b'{' | b'[') | None => false,
        Some(_) => raw == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn event(fields: &str) -> Log {
        Log {
            id: 1,
            timestamp: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
            decky: "decky-01".into(),
            service: "ssh".into(),
            event_type: "login_attempt".into(),
            attacker_ip: "203.0.113.7".into(),
            raw_line: "Failed É 100% ROOT\0x".into(),
            fields: fields.into(),
            msg: None,
            trace_id: None,
            span_id: None,
        }
    }

    fn found(search: &str, fields: &str) -> bool {
        let mut filter = LogFilter::all();
        filter.search = Some(search.into());
        let (matcher, event) = (Matcher::new(filter), event(fields));
        let found = matcher.matches(&event);
        assert!(!found || matcher.may_match(&Signature::of(&event)), "{search}: ruled out");
        found
    }

    #[test]
    fn words_and_columns() {
        for search in [
            "",
            "''",
            "failed",
            "root\0X",
            "é".to_uppercase().as_str(),
            "100%",
            "203.0.113.7",
            "service:ssh",
            "decky:decky-01 root",
        ] {
            assert!(found(search, "{}"), "{search:?}");
        }
        for search in
            ["é", "roots", "service:SSH", "service:ss", "event:login", "root wget", "%", "login_attempt"]
        {
            assert_eq!(found(search, "{}"), search == "%", "{search:?}");
        }
    }

    #[test]
    fn members_are_whole_values_of_the_top_level() {
        for (search, fields) in [
            ("port:22", r#"{"port":22}"#),
            ("port:22", r#"{"port":"22"}"#),
            ("ok:true", r#"{"ok":true}"#),
            ("n:null", r#"{"n":null}"#),
            (r#"cmd:"a b""#, r#"{"cmd":"a\u0020b"}"#),
            ("port:22", r#"{"p\u006frt":22}"#),
            ("port:22", r#"{"port":22,"port":23}"#),
        ] {
            assert!(found(search, fields), "{search} {fields}");
        }
        for (search, fields) in [
            ("port:22", r#"{"port":22.0}"#),
            ("port:22", r#"{"x":{"port":22}}"#),
            ("port:22", r#"{"port":22"#),
            ("port:23", r#"{"port":22,"port":23}"#),
            ("port:[]", r#"{"port":[]}"#),
            ("port:22", "port 22"),
        ] {
            assert!(!found(search, fields), "{search} {fields}");
        }
    }

    #[test]
    fn times_are_inclusive() {
        let mut filter = LogFilter::all();
        let time = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        (filter.start_time, filter.end_time) = (Some(time), Some(time));
        assert!(Matcher::new(filter.clone()).matches(&event("{}")));
        filter.start_time = Some(Timestamp::parse("2026-01-02T03:04:05.000001Z").unwrap());
        assert!(!Matcher::new(filter).matches(&event("{}")));
    }

    #[test]
    fn the_outline_leaves_out_only_members() {
        let mut filter = LogFilter::all();
        filter.search = Some("service:ssh port:22 root".into());
        assert_eq!(Matcher::new(filter).outline().search.unwrap().terms().len(), 2);
    }
}
