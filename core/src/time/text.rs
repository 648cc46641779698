//! The text forms of an instant. Every row written and every row shown passes here, so they are put together digit by
//! digit in a buffer on the stack.

use std::fmt;

use super::{MICROS_PER_SECOND, Timestamp};

/// `YYYY-MM-DD HH:MM:SS.ffffff`.
const SQL_LENGTH: usize = 26;
/// The same without the fraction.
const SECONDS_LENGTH: usize = 19;

impl Timestamp {
    /// The text on disk: always the 26 characters `YYYY-MM-DD HH:MM:SS.ffffff`, in UTC (contract document 10).
    pub fn to_sql_text(self) -> String {
        let mut text = String::with_capacity(SQL_LENGTH);
        self.write_sql(&mut text);
        text
    }

    /// Appends [`to_sql_text`](Self::to_sql_text) to `out`.
    pub fn write_sql(&self, out: &mut String) {
        out.push_str(ascii(&self.digits(b' ')));
    }

    /// The text of a histogram bucket that begins `epoch_seconds` after 1970 (before it when negative):
    /// `YYYY-MM-DD HH:MM:SS`.
    ///
    /// A bucket that would begin before year 1 is `0001-01-01 00:00:00` (ruling R16).
    ///
    /// ```
    /// use decnet_db_core::time::Timestamp;
    ///
    /// assert_eq!(Timestamp::bucket_text(-900), "1969-12-31 23:45:00");
    /// assert_eq!(Timestamp::bucket_text(i64::MIN), "0001-01-01 00:00:00");
    /// ```
    pub fn bucket_text(epoch_seconds: i64) -> String {
        let micros = epoch_seconds.saturating_mul(MICROS_PER_SECOND);
        let start = Self { microseconds: micros.clamp(Self::MIN.microseconds, Self::MAX.microseconds) };
        ascii(&start.digits(b' ')[..SECONDS_LENGTH]).to_owned()
    }

    /// Reads the text on disk, as [`to_sql_text`](Self::to_sql_text) writes it; `None` for any other form, which
    /// [`parse`](Self::parse) may know. Every row that is shown has one.
    pub(super) fn parse_sql(text: &[u8]) -> Option<Self> {
        let text: &[u8; SQL_LENGTH] = text.try_into().ok()?;
        let [_, _, _, _, b'-', _, _, b'-', _, _, b' ', _, _, b':', _, _, b':', _, _, b'.', ..] = text else {
            return None;
        };
        let digits = |from: usize, to: usize| {
            text[from..to].iter().try_fold(0_i32, |value, byte| match byte {
                b'0'..=b'9' => Some(value * 10 + i32::from(byte - b'0')),
                _ => None,
            })
        };
        let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
        let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
        // The last days of the months are left to the calendar.
        if year == 0 || !(1..=12).contains(&month) || !(1..=28).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Self::from_civil([year, month, day], [hour, minute, second], digits(20, 26)?.into()).ok()
    }

    /// Hands the JSON text to `use_it`, without allocating.
    pub(super) fn with_json_text<T>(self, use_it: impl FnOnce(&str) -> T) -> T {
        let mut buffer = [b'Z'; SQL_LENGTH + 1];
        buffer[..SQL_LENGTH].copy_from_slice(&self.digits(b'T'));
        if self.microseconds % MICROS_PER_SECOND == 0 {
            buffer[SECONDS_LENGTH] = b'Z';
            use_it(ascii(&buffer[..=SECONDS_LENGTH]))
        } else {
            use_it(ascii(&buffer))
        }
    }

    /// Date, separator, time and six digits of fraction.
    fn digits(self, separator: u8) -> [u8; SQL_LENGTH] {
        let civil = self.to_civil();
        let micros = self.microseconds.rem_euclid(MICROS_PER_SECOND).unsigned_abs();
        let mut text = *b"0000-00-00 00:00:00.000000";
        text[10] = separator;
        put(&mut text[0..4], civil.year().unsigned_abs().into());
        put(&mut text[5..7], civil.month().unsigned_abs().into());
        put(&mut text[8..10], civil.day().unsigned_abs().into());
        put(&mut text[11..13], civil.hour().unsigned_abs().into());
        put(&mut text[14..16], civil.minute().unsigned_abs().into());
        put(&mut text[17..19], civil.second().unsigned_abs().into());
        put(&mut text[20..26], micros);
        text
    }
}

impl fmt::Display for Timestamp {
    /// The JSON text: `YYYY-MM-DDTHH:MM:SSZ`, or `YYYY-MM-DDTHH:MM:SS.ffffffZ` if the fraction is not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_json_text(|text| f.pad(text))
    }
}

/// Fills `place` with the last digits of `value`.
fn put(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

#[expect(clippy::expect_used, reason = "the buffer is filled with digits and ASCII punctuation only")]
fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("digits and punctuation are ASCII")
}
