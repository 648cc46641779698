//! Signatures of events: with them most events that a filter does not match are passed over at a glance.
//!
//! A signature says which trigrams an event may have: bits of a Bloom filter with one hash. It is made once for an event, however
//! many watchers there are, and a thousand of them with a filter each ask it of each event.

use crate::contract::Log;
use crate::contract::search::{Search, Term};
use crate::needle::trigrams;

/// How many bits the trigrams of a text have: an event of some hundred bytes sets a quarter of them.
const BITS: usize = 1_024;

/// The trigrams that a text may have.
#[derive(Debug)]
struct Trigrams([u64; BITS / 64]);

impl Trigrams {
    fn of<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        let mut bits = [0; BITS / 64];
        for place in texts.into_iter().flat_map(|text| places(text)) {
            bits[usize::from(place) / 64] |= 1 << (place % 64);
        }
        Self(bits)
    }

    fn have(&self, places: &[u16]) -> bool {
        places.iter().all(|place| self.0[usize::from(*place) / 64] >> (place % 64) & 1 == 1)
    }
}

/// The bits of a text's trigrams.
fn places(text: &str) -> impl Iterator<Item = u16> {
    // The upper bits of a product depend on all bits of its factors.
    trigrams(text).map(|trigram| (trigram.wrapping_mul(0x9e37_79b1) >> (32 - BITS.ilog2())) as u16)
}

/// What an event may have.
#[derive(Debug)]
pub(super) struct Signature {
    texts: Trigrams,
    /// None where an escape may spell anything.
    fields: Option<Trigrams>,
}

impl Signature {
    pub(super) fn of(event: &Log) -> Self {
        let fields = (!event.fields.contains('\\')).then(|| Trigrams::of([&event.fields]));
        Self { texts: Trigrams::of(super::filter::searched(event)), fields }
    }
}

/// What an event must have to match a search.
#[derive(Debug, Default)]
pub(super) struct Probe {
    texts: Vec<u16>,
    fields: Vec<u16>,
}

impl Probe {
    pub(super) fn of(search: &Search) -> Self {
        let mut probe = Self::default();
        for term in search.terms() {
            match term {
                Term::Contains(text) => probe.texts.extend(places(text)),
                Term::Member(name, value) => probe.fields.extend(places(name).chain(places(value))),
                Term::Equals(..) => {}
            }
        }
        probe
    }

    /// Whether an event with the signature may match.
    pub(super) fn may_match(&self, signature: &Signature) -> bool {
        signature.texts.have(&self.texts)
            && signature.fields.as_ref().is_none_or(|fields| fields.have(&self.fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::filter::Matcher;
    use super::*;
    use crate::contract::LogFilter;
    use crate::time::Timestamp;

    fn event(raw_line: &str, service: &str, fields: &str) -> Log {
        Log {
            id: 1,
            timestamp: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
            decky: "decky-01".into(),
            service: service.into(),
            event_type: "login_attempt".into(),
            attacker_ip: "203.0.113.7".into(),
            raw_line: raw_line.into(),
            fields: fields.into(),
            msg: None,
            trace_id: None,
            span_id: None,
        }
    }

    fn may_match(search: &str, event: &Log) -> bool {
        Probe::of(&search.into()).may_match(&Signature::of(event))
    }

    #[test]
    fn what_has_other_trigrams_is_ruled_out() {
        let event = event("Failed password for root", "ssh", r#"{"port":"2222","user":"root"}"#);
        for search in ["198.51.100.7", "wget", "session:abcdef", "port:4444"] {
            assert!(!may_match(search, &event), "{search}");
        }
        let escaped = Log { fields: r#"{"p\u006frt":"4444"}"#.into(), ..event };
        assert!(may_match("port:4444", &escaped));
    }

    proptest! {
        #[test]
        fn no_event_that_matches_is_ruled_out(
            line in "[aAbB é]{0,12}",
            service in "[ab]{0,4}",
            value in r"[aA1\\ ]{0,5}",
            words in proptest::collection::vec("[aAbBé]{1,5}|k:[aA1]{0,5}|service:[ab]{1,3}", 0..3),
        ) {
            let fields = serde_json::json!({"k": value}).to_string();
            let event = event(&line, &service, &fields);
            let search = words.join(" ");
            let filter = LogFilter { search: Some(search.as_str().into()), ..LogFilter::all() };
            prop_assert!(!Matcher::new(filter).matches(&event) || may_match(&search, &event));
        }
    }
}
