//! Whether our values are like the original's, which took its ids and its times from a generator and a clock of its own.

use std::collections::HashMap;

use decnet_db_core::time::Timestamp;
use serde_json::Value;

/// What in our database stands for what the original generated.
///
/// In the lists of writes generated ids and the clock's times have a form by which they are told from what was given: ids
/// count up, and the clock began at 05:06:07 on 4 March 2026, where nothing else lies.
#[derive(Debug)]
pub(crate) struct Likeness {
    ours: HashMap<String, String>,
    originals: HashMap<String, String>,
    /// Nothing was written before.
    began: Timestamp,
}

impl Likeness {
    /// Before the first call.
    pub(crate) fn new() -> Self {
        Self { ours: HashMap::new(), originals: HashMap::new(), began: Timestamp::now() }
    }

    /// Whether our value is the original's, or generated where the original's is. What stands for a generated id from now
    /// on is learnt, if all of the value is alike.
    pub(crate) fn learn(&mut self, original: &Value, ours: &Value) -> bool {
        let mut learnt = Vec::new();
        if !self.alike(original, ours, &mut learnt) {
            return false;
        }
        for (original, ours) in learnt {
            self.ours.insert(original.clone(), ours.clone());
            self.originals.insert(ours, original);
        }
        true
    }

    /// An argument, with our ids in place of the original's.
    pub(crate) fn argument(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.ours.get(&text).cloned().unwrap_or(text)),
            Value::Array(list) => list.into_iter().map(|value| self.argument(value)).collect(),
            Value::Object(map) => map.into_iter().map(|(key, value)| (key, self.argument(value))).collect(),
            other => other,
        }
    }

    fn alike(&self, original: &Value, ours: &Value, learnt: &mut Vec<(String, String)>) -> bool {
        match (original, ours) {
            (Value::String(original), Value::String(ours)) => self.alike_text(original, ours, learnt),
            (Value::Array(original), Value::Array(ours)) => {
                original.len() == ours.len()
                    && original.iter().zip(ours).all(|(original, ours)| self.alike(original, ours, learnt))
            }
            (Value::Object(original), Value::Object(ours)) => {
                original.len() == ours.len()
                    && original.iter().all(|(key, original)| {
                        // The key that a database counts up: it may count in steps.
                        let counted = key == "id" && original.is_u64();
                        ours.get(key).is_some_and(|ours| {
                            if counted { ours.is_u64() } else { self.alike(original, ours, learnt) }
                        })
                    })
            }
            // R19: whole floats may come back as integers.
            (Value::Number(original), Value::Number(ours)) => {
                original == ours || (original.is_f64() || ours.is_f64()) && original.as_f64() == ours.as_f64()
            }
            _ => original == ours,
        }
    }

    fn alike_text(&self, original: &str, ours: &str, learnt: &mut Vec<(String, String)>) -> bool {
        if is_generated_id(original) {
            if let Some(known) = self.ours.get(original) {
                return known == ours;
            }
            if let Some((_, known)) = learnt.iter().find(|(known, _)| known == original) {
                return known == ours;
            }
            // Rows of domains that are pending are the original's, with its ids.
            if original == ours {
                return true;
            }
            let free = !self.originals.contains_key(ours) && !learnt.iter().any(|(_, known)| known == ours);
            let is_id = ours.len() == original.len() && uuid::Uuid::parse_str(ours).is_ok();
            if free && is_id {
                learnt.push((original.to_owned(), ours.to_owned()));
            }
            return free && is_id;
        }
        if original == ours {
            return true;
        }
        if is_clock(original) {
            // Columns without fractions cut them.
            let second = 1_000_000;
            let ours = ours.parse::<Timestamp>().map(|ours| ours.as_microseconds());
            return ours.is_ok_and(|ours| ours > self.began.as_microseconds() - second);
        }
        // JSON text of a map that was recorded with its keys sorted.
        let json = |text: &str| {
            serde_json::from_str::<Value>(text).ok().filter(|json| json.is_object() || json.is_array())
        };
        match (json(original), json(ours)) {
            (Some(original), Some(ours)) => self.alike(&original, &ours, learnt),
            _ => false,
        }
    }
}

/// `5eed0000-0000-4000-8000-…` of one file, `00000000-0000-4000-8000-…` of the other, and the latter without dashes.
fn is_generated_id(text: &str) -> bool {
    let counted = |prefix: &str| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() == 12
                && rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        })
    };
    ["5eed0000-0000-4000-8000-", "00000000-0000-4000-8000-", "00000000000040008000"].into_iter().any(counted)
}

/// In the hour of the original's clock.
fn is_clock(text: &str) -> bool {
    text.get(..14).is_some_and(|hour| ["2026-03-04T05:", "2026-03-04 05:"].contains(&hour))
        && text.parse::<Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ORIGINAL: &str = "5eed0000-0000-4000-8000-000000000001";
    const OURS: &str = "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b";

    #[test]
    fn an_id_that_was_learnt_stays_what_it_is() {
        let mut likeness = Likeness::new();
        assert!(likeness.learn(&json!({"a": ORIGINAL, "b": [1, 2.0]}), &json!({"a": OURS, "b": [1, 2]})));
        assert_eq!(likeness.argument(json!([{"x": ORIGINAL}, 1])), json!([{"x": OURS}, 1]));
        let other = OURS.replace("1b4e", "1b4f");
        assert!(!likeness.learn(&json!(ORIGINAL), &json!(other)));
        let second = ORIGINAL.replace("01", "02");
        assert!(!likeness.learn(&json!(second), &json!(OURS)), "it stands for the first already");
        assert!(
            !likeness.learn(&json!([second, "x"]), &json!([other, "y"])),
            "not alike, so nothing is learnt"
        );
        assert!(likeness.learn(&json!(ORIGINAL.replace("01", "03")), &json!(other)));
        assert!(!likeness.learn(&json!(second), &json!("no uuid")));
    }

    #[test]
    fn times_of_the_clock_are_ours_and_others_are_the_originals() {
        let mut likeness = Likeness::new();
        let now = Timestamp::now().to_string();
        assert!(likeness.learn(&json!("2026-03-04T05:06:08.100011Z"), &json!(now)));
        assert!(!likeness.learn(&json!("2026-03-04T05:06:08.100011Z"), &json!("2020-01-01T00:00:00Z")));
        assert!(!likeness.learn(&json!("2026-03-04T06:00:00Z"), &json!(now)));
        assert!(likeness.learn(&json!(r#"{"b":1,"a":[]}"#), &json!(r#"{"a": [], "b": 1}"#)));
        assert!(!likeness.learn(&json!(r#"{"b":1}"#), &json!(r#"{"b":2}"#)));
        assert!(!likeness.learn(&json!("x"), &json!("y")));
        assert!(!likeness.learn(&json!({"n": 1}), &json!({"n": 2})));
        assert!(!likeness.learn(&json!({"n": 1}), &json!({"n": 1, "m": 1})));
    }
}
