//! Times as the rows' texts have them.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Calendar and clock in UTC.
pub(crate) fn civil(seconds: i64) -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).saturating_add(SignedDuration::from_secs(seconds))
}

/// `YYYY-MM-DD HH:MM:SS`, with another separator for other forms.
pub(crate) fn text(seconds: i64, separator: char) -> String {
    let t = civil(seconds);
    format!(
        "{:04}-{:02}-{:02}{separator}{:02}:{:02}:{:02}",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}
