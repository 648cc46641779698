//! Columns that hold the text of a JSON list.

use crate::error::Result;
use crate::json::Json;

/// The entries of the list; none where the text is no list.
pub(in crate::base) fn entries(text: Option<&str>) -> Vec<Json> {
    let json = text.and_then(|text| Json::parse(text).ok());
    json.and_then(|json| json.decode().ok()).unwrap_or_default()
}

/// The text of a list in the form that DECNET writes.
///
/// # Errors
/// Only what [`Json::of`] may return.
pub(in crate::base) fn list_text(entries: &[Json]) -> Result<String> {
    let list = Json::of(entries)?;
    // A stranger's entry that can't be respelled (an integer beyond 64 bits) is no reason to drop what is added.
    Ok(list.spaced().unwrap_or_else(|_| list.as_str().to_owned()))
}
