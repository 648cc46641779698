//! What columns take of JSON objects.

use decnet_db_core::json::{Json, MapOrText};
use serde_json::value::RawValue;

use super::members::Members;
use super::{Rejection, quoted};

/// The text of a value, or the compact JSON of one that is no text.
pub(super) fn text_of(value: &RawValue) -> Result<String, Rejection> {
    match serde_json::from_str(value.get()) {
        Ok(text) => Ok(text),
        Err(_) => compact(value).map_err(|error| Rejection::new(error.to_string())),
    }
}

/// All members that are no columns, as one compact object.
pub(super) fn fields(
    members: &Members<'_>,
    is_column: impl Fn(&str) -> bool,
) -> Result<MapOrText, Rejection> {
    let mut text = String::from("{");
    for (name, value) in members.iter().filter(|(name, _)| !is_column(name)) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    let json = Json::parse(text).map_err(|error| Rejection::new(error.to_string()))?;
    let text = match json.compact() {
        Ok(text) => text,
        // An integer beyond 64 bits, the only thing that is left to refuse.
        Err(_) => member_by_member(json.as_str())?,
    };
    Ok(MapOrText::from(text))
}

/// The compact form of an object whose integers may have any length: a member that has a long one keeps its spelling.
fn member_by_member(text: &str) -> Result<String, Rejection> {
    let members = Members::parse(text)?;
    // Of repeated members the last value stands in the place of the first, as everywhere.
    let mut order: Vec<&str> = Vec::new();
    let mut values = std::collections::HashMap::new();
    for (name, value) in members.iter() {
        if values.insert(name, value).is_none() {
            order.push(name);
        }
    }
    let mut compacted = String::with_capacity(text.len());
    compacted.push('{');
    for name in order {
        let Some(value) = values.get(name) else { continue };
        if compacted.len() > 1 {
            compacted.push(',');
        }
        compacted.push_str(&quoted(name));
        compacted.push(':');
        compacted.push_str(&compact(value).unwrap_or_else(|_| without_blanks(value.get())));
    }
    compacted.push('}');
    Ok(compacted)
}

fn compact(value: &RawValue) -> decnet_db_core::Result<String> {
    Json::parse(value.get())?.compact()
}

/// JSON without the white space between its parts.
fn without_blanks(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    text.chars()
        .filter(|character| {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => inside = !inside,
                _ => {}
            }
            inside || !matches!(character, ' ' | '\t' | '\n' | '\r')
        })
        .collect()
}
