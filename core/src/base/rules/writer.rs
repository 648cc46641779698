//! Rules as YAML that readers of YAML 1.1 and 1.2 load alike: text is double-quoted and escaped, floats have a point.

use std::fmt::Write as _;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::contract::Rule;
use crate::error::{Error, Result};
use crate::json::Json;

/// Longer keys are marked as such: YAML 1.1 looks no further than 1,024 characters for the colon.
const LONGEST_KEY: usize = 1_000;

/// The rule's YAML, with DECNET's members in its order; `description` follows `name` (ruling R19).
///
/// # Errors
/// Invalid input that names the member.
pub(super) fn write(rule: &Rule) -> Result<String> {
    if !rule.match_spec.is_object() {
        return Err(Error::invalid_input("match_spec", "must be a map"));
    }
    let mut out = String::new();
    member(&mut out, "rule_id", &Json::of(&rule.rule_id)?)?;
    member(&mut out, "rule_version", &Json::of(&rule.rule_version)?)?;
    member(&mut out, "name", &Json::of(&rule.name)?)?;
    member(&mut out, "description", &Json::of(&rule.description)?)?;
    member(&mut out, "applies_to", &Json::of(&rule.applies_to)?)?;
    // Of a repeated key the last value counts, and what can't be spelled in JSON is refused.
    let match_spec = rule.match_spec.compact().and_then(Json::parse);
    let match_spec = match_spec.map_err(|error| error.within("match_spec"))?;
    member(&mut out, "match", &match_spec).map_err(|error| error.within("match_spec"))?;
    out.push_str(if rule.emits.is_empty() { "emits: []\n" } else { "emits:\n" });
    for (position, (technique, sub_technique, tactic, confidence)) in rule.emits.iter().enumerate() {
        if !confidence.is_finite() {
            return Err(Error::invalid_input(format!("emits[{position}]"), "the confidence is no number"));
        }
        out.push_str("- technique_id: ");
        string(&mut out, technique);
        out.push_str("\n  tactic: ");
        string(&mut out, tactic);
        out.push_str("\n  confidence: ");
        float(&mut out, *confidence);
        if let Some(sub_technique) = sub_technique.as_ref().filter(|id| !id.is_empty()) {
            out.push_str("\n  sub_technique_id: ");
            string(&mut out, sub_technique);
        }
        out.push('\n');
    }
    member(&mut out, "evidence_fields", &Json::of(&rule.evidence_fields)?)?;
    Ok(out)
}

fn member(out: &mut String, key: &str, value: &Json) -> Result<()> {
    out.push_str(key);
    out.push(':');
    node(out, value, 2)?;
    out.push('\n');
    Ok(())
}

/// What follows a colon or a dash: a scalar on the same line, or a block on the next ones.
fn node(out: &mut String, value: &Json, indent: usize) -> Result<()> {
    if value.is_object() {
        let Members(members) = value.decode()?;
        if members.is_empty() {
            out.push_str(" {}");
        }
        for (key, value) in members {
            line(out, indent);
            let start = out.len();
            string(out, &key);
            if out.len() - start > LONGEST_KEY {
                out.insert_str(start, "? ");
                line(out, indent);
            }
            out.push(':');
            node(out, &value, indent + 2)?;
        }
    } else if value.is_array() {
        let items: Vec<Json> = value.decode()?;
        if items.is_empty() {
            out.push_str(" []");
        }
        for item in items {
            line(out, indent);
            out.push('-');
            node(out, &item, indent + 2)?;
        }
    } else {
        out.push(' ');
        let text = value.as_str();
        if value.is_string() {
            string(out, &value.decode::<String>()?);
        } else if text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
            && text.contains(['.', 'e', 'E'])
        {
            float(out, value.decode()?);
        } else {
            out.push_str(text);
        }
    }
    Ok(())
}

fn line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// `1.0e-07`: YAML 1.1 wants the point, and a sign in the exponent.
fn float(out: &mut String, number: f64) {
    let text = format!("{number:?}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, ""));
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    if !exponent.is_empty() {
        out.push_str(if exponent.starts_with('-') { "e" } else { "e+" });
        out.push_str(exponent);
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        let code = u32::from(character);
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            _ => drop(match code {
                0..=0xFF => write!(out, "\\x{code:02X}"),
                0x100..=0xFFFF => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            }),
        }
    }
    out.push('"');
}

/// The members of an object in their order.
struct Members(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
