//! The SQL functions that the dialect uses: registered on every connection, stored in no schema.

use std::borrow::Cow;

use decnet_db_core::Needle;
use decnet_db_core::json::member_text;
use decnet_db_core::time::Timestamp;
use memchr::memmem::{self, Finder};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Connection, Result};

/// Makes the functions known to the connection:
///
/// - `decnet_contains(needle, text, …)`: whether one of the texts contains the needle, ASCII letters in either case;
/// - `decnet_may_have(json, key, text)`: false only if the JSON object has no member with that key (in quotes) that is spelled or
///   means `text`;
/// - `decnet_member(json, key, …)`: the first of the members that is text, a number, true or false, as text;
/// - `decnet_bucket(time, seconds)`: the beginning of the interval that the time lies in.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    // DIRECTONLY: a trigger or view that someone planted in the file can't call them.
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("decnet_contains", -1, flags, |context| {
        // Kept for the statement, whose needle is the same for all rows.
        let needle =
            context.get_or_create_aux(0, |value| Ok::<_, FromSqlError>(Needle::new(value.as_bytes()?)))?;
        Ok((1..context.len()).any(|place| with_text(context, place, |text| needle.is_in(text))))
    })?;
    connection.create_scalar_function("decnet_may_have", 3, flags, |context| {
        let finder = |value: ValueRef<'_>| Ok::<_, FromSqlError>(Finder::new(value.as_bytes()?).into_owned());
        let (key, text) = (context.get_or_create_aux(1, finder)?, context.get_or_create_aux(2, finder)?);
        Ok(with_text(context, 0, |json| may_have(json, &key, &text)))
    })?;
    connection.create_scalar_function("decnet_member", -1, flags, |context| {
        let keys = (1..context.len()).map(|place| context.get_raw(place).as_str());
        let keys = keys.collect::<std::result::Result<Vec<_>, _>>()?;
        let json = match context.get_raw(0) {
            // What is no UTF-8 as a reader of the column sees it.
            ValueRef::Text(json) | ValueRef::Blob(json) => String::from_utf8_lossy(json),
            _ => return Ok(None),
        };
        // Most objects have none of them, and needn't be taken apart. An escape may spell one otherwise.
        let bytes = json.as_bytes();
        let may_have = keys.iter().any(|key| memmem::find(bytes, key.as_bytes()).is_some())
            || memchr::memchr(b'\\', bytes).is_some();
        Ok(if may_have { member_text(&json, &keys).map(Cow::into_owned) } else { None })
    })?;
    connection.create_scalar_function("decnet_bucket", 2, flags, |context| {
        let width = context.get::<i64>(1)?.max(1);
        Ok(match context.get_raw(0) {
            ValueRef::Text(text) => seconds(text).map(|seconds| seconds.div_euclid(width) * width),
            _ => None,
        })
    })
}

/// An argument as the bytes of its text; NULL contains nothing.
fn with_text(context: &Context<'_>, place: usize, use_it: impl FnOnce(&[u8]) -> bool) -> bool {
    match context.get_raw(place) {
        ValueRef::Null => false,
        ValueRef::Text(text) | ValueRef::Blob(text) => use_it(text),
        ValueRef::Integer(number) => use_it(number.to_string().as_bytes()),
        ValueRef::Real(number) => use_it(number.to_string().as_bytes()),
    }
}

/// Whether a JSON text can have the member: both key and value stand in it as they are, unless it spells something by
/// escapes.
fn may_have(json: &[u8], key: &Finder<'_>, text: &Finder<'_>) -> bool {
    (text.find(json).is_some() && key.find(json).is_some()) || memchr::memchr(b'\\', json).is_some()
}

/// The stored time in whole seconds since 1970, rounded down.
fn seconds(text: &[u8]) -> Option<i64> {
    Timestamp::parse(str::from_utf8(text).ok()?).ok().map(Timestamp::as_seconds_floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_ruled_out_only_when_they_are_not_there() {
        let (key, text) = (Finder::new("\"user\""), Finder::new("r\u{e9}"));
        let has = |json: &str| may_have(json.as_bytes(), &key, &text);
        assert!(has("{\"user\":\"r\u{e9}\"}"));
        assert!(has(r#"{"us\u0065r":"r\u00e9"}"#), "escapes may spell anything");
        assert!(!has(r#"{"username":"x"}"#));
        assert!(!has(r#"{"user":"admin"}"#));
        assert!(!has("no JSON"));
    }

    #[test]
    fn buckets_are_floors_of_instants() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let table = [
            ("1970-01-01 00:00:00.000000", Some(0)),
            ("1969-12-31 23:59:59.999999", Some(-900)),
            ("1970-01-01 00:14:59.999999", Some(0)),
            ("1970-01-01 00:15:00.000000", Some(900)),
            ("1970-01-01T02:15:00+02:00", Some(900)),
            ("1970-01-02", Some(86_400)),
            ("0001-01-01 00:00:00.000000", Some(-62_135_596_800)),
            ("9999-12-31 23:59:59.999999", Some(253_402_299_900)),
            ("not a time", None),
        ];
        for (text, expected) in table {
            let bucket: Option<i64> =
                connection.query_row("SELECT decnet_bucket(?1, 900)", [text], |row| row.get(0)).unwrap();
            assert_eq!(bucket, expected, "{text}");
        }
        for width in [i64::MIN, 0, i64::MAX] {
            connection.query_row("SELECT decnet_bucket('0001-01-01', ?1)", [width], |_| Ok(())).unwrap();
        }
    }
}
