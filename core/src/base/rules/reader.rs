//! Rules from YAML 1.1, as DECNET's reader loads it.
//!
//! The parser is `saphyr-parser`: maintained, in safe Rust, and it yields scalars as they are written, which deserialisers
//! resolve as YAML 1.2 has it: DECNET writes the text `1e3` without quotes, and no number.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::contract::Rule;
use crate::error::{Error, Result};
use crate::json::Json;

/// How much JSON a rule may become: aliases of aliases grow beyond all measure.
const LARGEST: usize = 16 << 20;

/// The rule that a YAML text has.
///
/// # Errors
/// Invalid input that names the member.
pub(super) fn read(yaml: &str) -> Result<Rule> {
    #[derive(Deserialize)]
    struct Emitted {
        technique_id: String,
        tactic: String,
        confidence: f64,
        #[serde(default)]
        sub_technique_id: Option<String>,
    }
    let json = to_json(yaml)?;
    if !json.is_object() {
        return Err(Error::invalid_input("", "must be a map"));
    }
    let mut members: BTreeMap<String, Json> = json.decode()?;
    let applies_to: BTreeSet<String> = required(&mut members, "applies_to")?;
    let match_spec: Json = required(&mut members, "match")?;
    if !match_spec.is_object() {
        return Err(Error::invalid_input("match", "must be a map"));
    }
    let emits: Vec<Emitted> = required(&mut members, "emits")?;
    let emits = emits.into_iter().map(|emitted| {
        let sub_technique_id = emitted.sub_technique_id.filter(|id| !id.is_empty());
        (emitted.technique_id, sub_technique_id, emitted.tactic, emitted.confidence)
    });
    Ok(Rule {
        rule_id: required(&mut members, "rule_id")?,
        rule_version: required(&mut members, "rule_version")?,
        name: required(&mut members, "name")?,
        description: optional(&mut members, "description")?,
        applies_to: applies_to.into_iter().collect(),
        match_spec,
        emits: emits.collect(),
        evidence_fields: optional(&mut members, "evidence_fields")?,
    })
}

fn required<T: DeserializeOwned>(members: &mut BTreeMap<String, Json>, name: &str) -> Result<T> {
    let member = members.remove(name).ok_or_else(|| Error::invalid_input(name, "is missing"))?;
    member.decode().map_err(|error| error.within(name))
}

fn optional<T: DeserializeOwned + Default>(members: &mut BTreeMap<String, Json>, name: &str) -> Result<T> {
    if members.get(name).is_some_and(|member| !member.is_null()) {
        required(members, name)
    } else {
        Ok(T::default())
    }
}

/// The first document as JSON.
fn to_json(yaml: &str) -> Result<Json> {
    let mut document = Document { parser: Parser::new_from_str(yaml), anchors: BTreeMap::new(), size: 0 };
    loop {
        match document.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => return Err(Error::invalid_input("", "is empty")),
            event => return Json::parse(document.node(event, 0)?),
        }
    }
}

struct Document<'y> {
    parser: Parser<'y, saphyr_parser::StrInput<'y>>,
    /// The JSON of the nodes that have an anchor.
    anchors: BTreeMap<usize, String>,
    size: usize,
}

impl<'y> Document<'y> {
    fn next(&mut self) -> Result<Event<'y>> {
        let next: Option<std::result::Result<(Event<'y>, Span), _>> = self.parser.next();
        match next {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(Error::invalid_input("", format!("is not YAML: {error}"))),
            None => Err(Error::invalid_input("", "ends too early")),
        }
    }

    /// The JSON text of the node that begins with the event.
    fn node(&mut self, event: Event<'y>, depth: usize) -> Result<String> {
        if depth > Json::MAX_DEPTH {
            let reason = format!("is nested deeper than {} levels", Json::MAX_DEPTH);
            return Err(Error::invalid_input("", reason));
        }
        let (json, anchor) = match event {
            Event::Alias(anchor) => {
                let json = self.anchors.get(&anchor).cloned();
                (
                    json.ok_or_else(|| {
                        Error::invalid_input("", "an alias stands inside of what it stands for")
                    })?,
                    0,
                )
            }
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref())?, anchor),
            Event::SequenceStart(anchor, tag) => {
                of_yaml(tag.as_deref(), "seq")?;
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => items.push(self.node(event, depth + 1)?),
                    }
                }
                (format!("[{}]", items.join(",")), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                of_yaml(tag.as_deref(), "map")?;
                let mut members = Vec::new();
                loop {
                    let key = match self.next()? {
                        Event::MappingEnd => break,
                        event => self.node(event, depth + 1)?,
                    };
                    let key = match key.as_bytes().first() {
                        Some(b'"') => key,
                        Some(b'[' | b'{') => return Err(Error::invalid_input("", "a key must be text")),
                        _ => format!("\"{key}\""),
                    };
                    if key == "\"<<\"" {
                        return Err(Error::invalid_input(
                            "",
                            "has a merge key (`<<`), which rules must not have",
                        ));
                    }
                    let event = self.next()?;
                    members.push(format!("{key}:{}", self.node(event, depth + 1)?));
                }
                (format!("{{{}}}", members.join(",")), anchor)
            }
            _ => return Err(Error::invalid_input("", "ends too early")),
        };
        self.size += json.len();
        if self.size > LARGEST * 4 || json.len() > LARGEST {
            return Err(Error::invalid_input("", "is larger than a rule may be"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, json.clone());
        }
        Ok(json)
    }
}

/// Refuses tags of other types than YAML's own.
fn of_yaml(tag: Option<&Tag>, kind: &str) -> Result<()> {
    match tag {
        Some(tag) if tag.suffix != kind => {
            Err(Error::invalid_input("", format!("has the tag {}, which rules must not have", tag.suffix)))
        }
        _ => Ok(()),
    }
}

/// The JSON of a scalar, by YAML 1.1's types of plain scalars.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<String> {
    let string = || Json::of(text).map(|json| json.as_str().to_owned());
    match tag.map(|tag| tag.suffix.as_str()) {
        Some("str" | "") => return string(),
        Some("int" | "float" | "bool" | "null") | None => {}
        Some(other) => {
            return Err(Error::invalid_input("", format!("has the tag {other}, which rules must not have")));
        }
    }
    if style != ScalarStyle::Plain {
        return string();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok("null".to_owned()),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Ok("true".to_owned()),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok("false".to_owned());
        }
        _ => {}
    }
    if let Some(number) = integer(text).or_else(|| float(text)) {
        return Ok(number);
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(&unsigned) {
        return Err(Error::invalid_input("", format!("{text} is no number of JSON")));
    }
    string()
}

/// Decimal, binary, octal or hexadecimal digits, or minutes and seconds: `1:30` is 90.
fn integer(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let plain = digits.replace('_', "");
    let radix = |digits: &str, radix| {
        i128::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['-', '+']))
    };
    let number = if let Some(digits) = plain.strip_prefix("0b") {
        radix(digits, 2)?.to_string()
    } else if let Some(digits) = plain.strip_prefix("0x") {
        radix(digits, 16)?.to_string()
    } else if plain.contains(':') {
        let parts = plain.split(':').map(|part| part.parse::<i64>().ok());
        parts
            .enumerate()
            .try_fold(0_i64, |sum, (position, part)| {
                let part = part.filter(|part| position == 0 || *part < 60)?;
                sum.checked_mul(60)?.checked_add(part)
            })?
            .to_string()
    } else if plain.len() > 1 && plain.starts_with('0') {
        radix(&plain, 8)?.to_string()
    } else if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        plain
    } else {
        return None;
    };
    Some(if number == "0" { number } else { format!("{sign}{number}") })
}

/// Digits with a point; an exponent has a sign.
fn float(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.')?;
    let (whole, fraction) = (whole.replace('_', ""), fraction.replace('_', ""));
    if !digits(&whole) || !digits(&fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if exponent.is_some_and(|exponent| {
        exponent.strip_prefix(['-', '+']).is_none_or(|exponent| exponent.is_empty() || !digits(exponent))
    }) {
        return None;
    }
    let number: f64 = text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())?;
    Some(format!("{number:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rules::writer::write;

    #[test]
    fn what_decnet_wrote_is_read() {
        let yaml = "rule_id: R0001\nrule_version: 1\nname: \"br\\xFCte 'force'\"\napplies_to:\n- auth\n- command\nmatch:\n  \
                    pattern: hydra|ncrack\n  opts:\n    a:\n    - 1\n    - null\n    - true\nemits:\n- technique_id: T1110\n  \
                    tactic: TA0006\n  confidence: 0.85\n- technique_id: T1059\n  tactic: TA0002\n  confidence: 0.5\n  \
                    sub_technique_id: T1059.004\nevidence_fields:\n- matched_tokens\n";
        let rule = read(yaml).unwrap();
        assert_eq!(
            (rule.rule_id.as_str(), rule.rule_version, rule.name.as_str()),
            ("R0001", 1, "brüte 'force'")
        );
        assert_eq!(
            rule.match_spec,
            r#"{"pattern": "hydra|ncrack", "opts": {"a": [1, null, true]}}"#.parse().unwrap()
        );
        assert_eq!(rule.emits[1], ("T1059".into(), Some("T1059.004".into()), "TA0002".into(), 0.5));
        assert_eq!(read(&write(&rule).unwrap()).unwrap(), rule);
    }

    #[test]
    fn plain_scalars_are_those_of_yaml_1_1() {
        for (yaml, json) in [
            ("yes", "true"),
            ("Off", "false"),
            ("~", "null"),
            ("0x1F", "31"),
            ("017", "15"),
            ("08", r#""08""#),
            ("1_000", "1000"),
            ("-0", "0"),
            ("1:30", "90"),
            ("1e3", r#""1e3""#),
            ("1.5e3", r#""1.5e3""#),
            ("1.0e+03", "1000.0"),
            (".5", "0.5"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("2026-01-02", r#""2026-01-02""#),
            ("'yes'", r#""yes""#),
            ("!!str 5", r#""5""#),
            ("[a, &x [1], *x]", r#"["a",[1],[1]]"#),
            ("{1: a, true: b}", r#"{"1":"a","true":"b"}"#),
        ] {
            assert_eq!(to_json(yaml).unwrap().as_str(), json, "{yaml}");
        }
        for yaml in ["", ".nan", "!!python/object:x {}", "{<<: {a: 1}}", "[a", "&a [*a]", "? [a]\n: b"] {
            assert!(to_json(yaml).is_err(), "{yaml}");
        }
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
            + &('b'..='k')
                .map(|c| {
                    format!("{c}: &{c} [{}]\n", vec![format!("*{}", char::from(c as u8 - 1)); 9].join(","))
                })
                .collect::<String>();
        assert!(to_json(&bomb).is_err());
    }

    #[test]
    fn hostile_text_survives() {
        let mut rule = Rule::new("R\0\u{85}\u{2028}", -1, "no");
        rule.description = "\"\\\r\n\t\u{7f}é\u{1F4A9}\u{feff}: # - ~ %\u{7}".into();
        rule.applies_to = vec!["".into(), "1e3".into(), "yes".into()];
        rule.evidence_fields = vec![" ".into(), "null".into()];
        let long = "k".repeat(3_000);
        let spec = format!(
            r#"{{"z": -0.0, "a": [1e300, 1e-7, [], {{}}, [[1], {{"b": [{{}}]}}], -5, 18446744073709551615, 5e-324], "{long}": {{"c": null}}, "": "", "<": "x\n\n y"}}"#
        );
        rule.match_spec = spec.parse().unwrap();
        rule.emits = vec![
            ("T1".into(), Some(String::new()), "".into(), 1.0),
            ("T2".into(), Some("T2.1".into()), "x".into(), 1e-9),
        ];
        let yaml = write(&rule).unwrap();
        assert!(yaml.is_ascii() && !yaml.contains('\0'));
        let read = read(&yaml).unwrap();
        rule.emits[0].1 = None;
        assert_eq!(read, rule, "{yaml}");
        rule.match_spec = "[]".parse().unwrap();
        assert!(write(&rule).is_err());
    }
}
