//! Values on their way to the server and back.
//!
//! | column | read as |
//! |---|---|
//! | integers, `BOOL`, `DECIMAL` without a fraction (what `SUM` gives) | `Int` |
//! | `DOUBLE`, `FLOAT`, other `DECIMAL` | `Real` |
//! | `DATETIME`, `TIMESTAMP`, `DATE` | `Time` |
//! | text, `JSON` | `Text` |
//! | `BINARY`, `BLOB` | `Blob` |

use decnet_db_core::sql::Value;
use decnet_db_core::time::Timestamp;
use mysql_async::consts::ColumnType;
use mysql_async::{Column, Params, Value as Wire};

/// The number of the character set `binary`.
const BINARY: u16 = 63;
const DAY: i64 = 86_400_000_000;

/// The values as parameters of a prepared statement.
pub(crate) fn params(values: &[Value]) -> Params {
    if values.is_empty() { Params::Empty } else { Params::Positional(values.iter().map(encode).collect()) }
}

/// What a value is on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// `BIGINT`.
    Integer,
    /// `DOUBLE`.
    Double,
    /// Text and bytes.
    Bytes,
    /// `DATETIME`.
    Time,
}

impl Encoded {
    /// The kind of a value; `None` for NULL, which is of any kind.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) | Value::Int(_) => Self::Integer,
            Value::Real(_) => Self::Double,
            Value::Text(_) | Value::Blob(_) => Self::Bytes,
            Value::Time(_) => Self::Time,
        })
    }
}

pub(crate) fn encode(value: &Value) -> Wire {
    match value {
        Value::Null => Wire::NULL,
        Value::Bool(v) => Wire::Int((*v).into()),
        Value::Int(v) => Wire::Int(*v),
        Value::Real(v) => Wire::Double(*v),
        Value::Text(v) => Wire::Bytes(v.as_bytes().to_vec()),
        Value::Blob(v) => Wire::Bytes(v.clone()),
        Value::Time(v) => encode_time(*v),
    }
}

/// About how many bytes a value takes in a packet.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len() + 16,
        Value::Blob(bytes) => bytes.len() + 16,
        _ => 16,
    }
}

/// One value of a row.
pub(crate) fn decode(value: Wire, column: &Column) -> Value {
    match value {
        Wire::NULL => Value::Null,
        Wire::Int(v) => Value::Int(v),
        Wire::UInt(v) => i64::try_from(v).map_or_else(|_| Value::Text(v.to_string()), Value::Int),
        // A FLOAT column of a table that DECNET made: 0.1 is 0.1, not the double next to the single-precision 0.1.
        Wire::Float(v) => Value::Real(decoded(v)),
        Wire::Double(v) => Value::Real(v),
        Wire::Date(year, month, day, hour, minute, second, micros) => {
            decode_time(year, month, day, [hour, minute, second], micros).map_or_else(
                // The server's "zero date", and others that no calendar has.
                || Value::Text(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")),
                Value::Time,
            )
        }
        Wire::Time(negative, days, hours, minutes, seconds, _) => {
            let sign = if negative { "-" } else { "" };
            Value::Text(format!("{sign}{}:{minutes:02}:{seconds:02}", days * 24 + u32::from(hours)))
        }
        Wire::Bytes(bytes) => decode_bytes(bytes, column),
    }
}

/// The number whose shortest decimal is that of the stored one.
pub(crate) fn decoded(stored: f32) -> f64 {
    stored.to_string().parse().unwrap_or_else(|_| stored.into())
}

fn decode_bytes(bytes: Vec<u8>, column: &Column) -> Value {
    match column.column_type() {
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => {
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(v) = text.parse() {
                Value::Int(v)
            } else {
                text.parse().map_or_else(|_| Value::Text(text.clone().into_owned()), Value::Real)
            }
        }
        ColumnType::MYSQL_TYPE_JSON => text(bytes),
        _ if column.character_set() == BINARY => Value::Blob(bytes),
        _ => text(bytes),
    }
}

fn text(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).map_or_else(|error| Value::Blob(error.into_bytes()), Value::Text)
}

/// The calendar date of an instant: days are counted from 1 March of year 0, in cycles of 400 years of 146,097 days, so
/// that the leap day is the last one of a year.
fn encode_time(time: Timestamp) -> Wire {
    let micros = time.as_microseconds();
    let (days, rest) = (micros.div_euclid(DAY) + 719_468, micros.rem_euclid(DAY));
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let seconds = rest / 1_000_000;
    // A `Timestamp` is within years 1 to 9999, so nothing is cut here.
    let small = |v: i64| u8::try_from(v).unwrap_or(u8::MAX);
    Wire::Date(
        u16::try_from(year).unwrap_or(u16::MAX),
        small(month),
        small(day),
        small(seconds / 3_600),
        small(seconds / 60 % 60),
        small(seconds % 60),
        u32::try_from(rest % 1_000_000).unwrap_or(u32::MAX),
    )
}

fn decode_time(year: u16, month: u8, day: u8, clock: [u8; 3], micros: u32) -> Option<Timestamp> {
    if year == 0 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let date = [year.into(), month.into(), day.into()];
    Timestamp::from_civil(date, clock.map(i32::from), micros.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_its_date_and_back() {
        let mut micros = Timestamp::MIN.as_microseconds();
        let mut count = 0;
        while micros <= Timestamp::MAX.as_microseconds() {
            let time = Timestamp::from_microseconds(micros).unwrap();
            let Wire::Date(year, month, day, h, m, s, us) = encode_time(time) else { panic!() };
            let text = format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02}.{us:06}");
            assert_eq!(text, time.to_sql_text());
            assert_eq!(decode_time(year, month, day, [h, m, s], us), Some(time));
            // Not a whole number of days: every hour of the clock comes up.
            micros += 7 * DAY + 3_723_000_001;
            count += 1;
        }
        assert!(count > 500_000);
    }

    #[test]
    fn dates_that_no_calendar_has_are_no_times() {
        assert_eq!(decode_time(0, 0, 0, [0; 3], 0), None);
        assert_eq!(decode_time(2026, 0, 1, [0; 3], 0), None);
        assert_eq!(decode_time(2026, 13, 1, [0; 3], 0), None);
    }
}
