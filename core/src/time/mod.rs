//! Instants as DECNET stores and shows them.

mod iso8601;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::excerpt;
use crate::{Error, Result};

const MICROS_PER_SECOND: i64 = 1_000_000;
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// An instant in UTC with microsecond precision, from the beginning of year 1 to the end of year 9999.
///
/// It has two text forms. In JSON, and by `Display`, it is `2026-01-02T03:04:05Z`, with `.ffffff` (always six digits)
/// before the `Z` only when the microseconds are not zero. On disk it is always the 26 characters
/// `2026-01-02 03:04:05.000000` ([`to_sql_text`](Self::to_sql_text)), whose order as text is the order in time. Both
/// come from contract document 10 and ruling R1, as does what [`parse`](Self::parse) accepts.
///
/// ```
/// use decnet_db_core::time::Timestamp;
///
/// let time: Timestamp = "2026-01-02 01:00+02:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-01T23:00:00Z");
/// assert_eq!(time.to_sql_text(), "2026-01-01 23:00:00.000000");
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z, within `MIN..=MAX`.
    microseconds: i64,
}

impl Timestamp {
    /// The earliest instant, `0001-01-01T00:00:00Z`.
    pub const MIN: Self = Self { microseconds: -62_135_596_800 * MICROS_PER_SECOND };

    /// The latest instant, `9999-12-31T23:59:59.999999Z`.
    pub const MAX: Self = Self { microseconds: 253_402_300_800 * MICROS_PER_SECOND - 1 };

    /// Reads the system's clock. A clock outside years 1 to 9999 reads as the nearer end of that range.
    pub fn now() -> Self {
        let now = SystemTime::now();
        let end = if now < SystemTime::UNIX_EPOCH { Self::MIN } else { Self::MAX };
        Self::try_from(now).unwrap_or(end)
    }

    /// The instant that is `microseconds` after 1970-01-01T00:00:00Z, or before it when negative.
    ///
    /// # Errors
    ///
    /// Invalid input outside years 1 to 9999.
    pub fn from_microseconds(microseconds: i64) -> Result<Self> {
        Self::from_wide_microseconds(microseconds.into())
    }

    /// The instant of a date (year, month from 1 to 12, day) and a time of day (hour, minute, second) in UTC, with
    /// microseconds: for drivers, whose engines have dates of their own. A day behind the month's last one counts into the
    /// next month.
    ///
    /// ```
    /// use decnet_db_core::time::Timestamp;
    ///
    /// let time = Timestamp::from_civil([2026, 1, 2], [3, 4, 5], 678_000)?;
    /// assert_eq!(time.to_sql_text(), "2026-01-02 03:04:05.678000");
    /// # Ok::<(), decnet_db_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Invalid input outside years 1 to 9999.
    pub fn from_civil(date: [i32; 3], time: [i32; 3], microseconds: i64) -> Result<Self> {
        let ([year, month, day], [hour, minute, second]) = (date.map(i64::from), time.map(i64::from));
        // Years that begin in March: the leap day is the last one.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 719_469;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        Self::from_wide_microseconds(
            i128::from(seconds) * i128::from(MICROS_PER_SECOND) + i128::from(microseconds),
        )
    }

    /// Microseconds since 1970-01-01T00:00:00Z, negative before it.
    pub const fn as_microseconds(self) -> i64 {
        self.microseconds
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down, before 1970 too.
    ///
    /// This is what a histogram bucket is computed from (ruling R1).
    pub const fn as_seconds_floor(self) -> i64 {
        self.microseconds.div_euclid(MICROS_PER_SECOND)
    }

    /// Reads an ISO 8601 text: the one parser for input and for what SQLite has stored.
    ///
    /// Accepted is what ruling R1 lists, which is what Python 3.11's `datetime.fromisoformat` takes:
    ///
    /// - a date: `2026-01-02`, `20260102`, and by ISO week `2026-W01`, `2026W01`, `2026-W01-5`, `2026W015`;
    /// - alone (midnight), or followed by any one character and a time: `03`, `03:04`, `0304`, `03:04:05`, `030405`,
    ///   with a fraction of any length after `.` or `,`, which is cut (not rounded) to six digits;
    /// - an offset, which is converted: `Z`, `+01`, `-0130`, `+01:30`, `+01:30:15`, less than 24 hours; one space may
    ///   stand before it. Without one the time is UTC.
    ///
    /// The separator is really any character: in `2026-01-02+03:00` the `+` is one, and the time is three o'clock.
    /// Not accepted are a lower-case `z` for the zone, ordinal dates, hour 24, second 60, and blanks around the text.
    ///
    /// # Errors
    ///
    /// Invalid input that shows the text, also when the converted instant is outside years 1 to 9999. The error names
    /// no argument; [`Error::within`] adds it.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(stored) = Self::parse_sql(text.as_bytes()) {
            return Ok(stored);
        }
        let (local, offset) = iso8601::parse(text).ok_or_else(|| {
            Error::invalid_input(
                "",
                format!(
                    "{} is not a time; write it as ISO 8601, such as 2026-01-02T03:04:05Z, 2026-01-02 03:04:05.678 (UTC) or 2026-01-02T03:04:05+01:00",
                    excerpt(text)
                ),
            )
        })?;
        Self::from_wide_microseconds(local.duration_since(EPOCH).as_micros() - i128::from(offset)).map_err(
            |_| {
                Error::invalid_input(
                    "",
                    format!("{} is, in UTC, outside the years 0001 to 9999", excerpt(text)),
                )
            },
        )
    }

    /// The instant that is `duration` later, to the microsecond, or `None` after year 9999.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_microseconds(self.microseconds.checked_add(micros)?).ok()
    }

    /// The instant that is `duration` earlier, to the microsecond, or `None` before year 1.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_microseconds(self.microseconds.checked_sub(micros)?).ok()
    }

    fn from_wide_microseconds(microseconds: i128) -> Result<Self> {
        match i64::try_from(microseconds) {
            Ok(microseconds) if (Self::MIN.microseconds..=Self::MAX.microseconds).contains(&microseconds) => {
                Ok(Self { microseconds })
            }
            _ => Err(Error::invalid_input(
                "",
                format!("{microseconds} microseconds from 1970 is outside the years 0001 to 9999"),
            )),
        }
    }

    /// Calendar and clock in UTC. jiff's own instants end a day before year 9999 does, so this goes by the calendar.
    fn to_civil(self) -> DateTime {
        EPOCH.saturating_add(SignedDuration::from_micros(self.microseconds))
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// See [`Timestamp::parse`].
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = Error;

    /// Cuts what is finer than a microsecond. Outside years 1 to 9999: invalid input.
    fn try_from(time: SystemTime) -> Result<Self> {
        let nanoseconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => i128::try_from(before.duration().as_nanos()).map_or(i128::MIN, |nanos| -nanos),
        };
        Self::from_wide_microseconds(nanoseconds.div_euclid(1000))
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = Error;

    /// Fails only where the operating system's clock doesn't reach that far (Windows: before 1601).
    fn try_from(time: Timestamp) -> Result<Self> {
        let distance = Duration::from_micros(time.microseconds.unsigned_abs());
        if time.microseconds < 0 {
            Self::UNIX_EPOCH.checked_sub(distance)
        } else {
            Self::UNIX_EPOCH.checked_add(distance)
        }
        .ok_or_else(|| Error::invalid_input("", format!("{time} is beyond this system's clock")))
    }
}

impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = Error;

    /// Cuts what is finer than a microsecond. Before year 1: invalid input.
    fn try_from(time: jiff::Timestamp) -> Result<Self> {
        Self::from_wide_microseconds(time.as_nanosecond().div_euclid(1000))
    }
}

impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = Error;

    /// Fails on the last hours of year 9999, which jiff leaves out of its range.
    fn try_from(time: Timestamp) -> Result<Self> {
        Self::from_microsecond(time.microseconds)
            .map_err(|error| Error::invalid_input("", format!("{time} is no jiff timestamp: {error}")))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_json_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time as ISO 8601 text, such as \"2026-01-02T03:04:05Z\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}
