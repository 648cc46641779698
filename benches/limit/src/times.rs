//! Times as decnet-db stores them.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Calendar and clock in UTC of so many seconds since 1970.
pub(crate) fn civil(seconds: i64) -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).saturating_add(SignedDuration::from_secs(seconds))
}

/// `YYYY-MM-DD HH:MM:SS.ffffff`, UTC.
pub(crate) fn text(seconds: i64) -> String {
    civil(seconds).to_string().replace('T', " ") + ".000000"
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_have_the_26_characters_of_the_column() {
        assert_eq!(super::text(1_767_225_600), "2026-01-01 00:00:00.000000");
    }
}
