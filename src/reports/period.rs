//! Times as people write them.

use decnet_db_core::contract::LogFilter;
use decnet_db_core::time::Timestamp;
use decnet_db_core::{Error, Result};
use jiff::{Span, SpanRelativeTo, Unit};

/// The events that a search text and the two ends of a period choose.
///
/// `search` is in the [search language](crate::contract::search); empty text chooses every event. `since` and `until` are
/// read by [`instant`], against `now`.
///
/// # Errors
/// `InvalidInput` for an end that is no time, or a period that ends before it begins.
pub fn filter(search: &str, since: Option<&str>, until: Option<&str>, now: Timestamp) -> Result<LogFilter> {
    let read = |argument: &'static str, text: Option<&str>| {
        text.map(|text| instant(text, now).map_err(|error| error.within(argument))).transpose()
    };
    let mut filter = LogFilter::all();
    filter.search = (!search.is_empty()).then(|| search.into());
    filter.start_time = read("since", since)?;
    filter.end_time = read("until", until)?;
    if let (Some(start), Some(end)) = (filter.start_time, filter.end_time)
        && start > end
    {
        return Err(Error::invalid_input("until", format!("{end} is before the period begins, at {start}")));
    }
    Ok(filter)
}

/// The instant that a text means, where it is `now`.
///
/// | text | meaning |
/// |---|---|
/// | `24h`, `-24h`, `90min`, `7d`, `2 weeks`, `1h30m` | so long ago; a day has 24 hours |
/// | `now`, `today`, `yesterday` | this moment; the midnight, in UTC, with which the day begins |
/// | `2026-01-02`, `2026-01-02T03:04:05Z`, … | that instant, as [`Timestamp::parse`] reads it; UTC unless it says otherwise |
///
/// ```
/// use decnet_db::reports::instant;
///
/// let now = "2026-01-02T03:04:05Z".parse()?;
/// assert_eq!(instant("24h", now)?.to_string(), "2026-01-01T03:04:05Z");
/// assert_eq!(instant("yesterday", now)?.to_string(), "2026-01-01T00:00:00Z");
/// # Ok::<(), decnet_db::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for other text, for months and years, which have no fixed length, and for instants before year 1.
pub fn instant(text: &str, now: Timestamp) -> Result<Timestamp> {
    let day = |back: i64| midnight(now, back);
    match text {
        "now" => return Ok(now),
        "today" => return day(0),
        "yesterday" => return day(1),
        _ => {}
    }
    if let Ok(span) = text.strip_prefix('-').unwrap_or(text).parse::<Span>() {
        return before(now, &span).ok_or_else(|| {
            Error::invalid_input(
                "",
                format!("{text:?} is no fixed length of time, or too long: write it in weeks, days, hours or minutes"),
            )
        });
    }
    Timestamp::parse(text).map_err(|_| {
        Error::invalid_input(
            "",
            format!(
                "{text:?} is no time: write how long ago (24h, 7d, 2 weeks), today, yesterday, or a time such as 2026-01-02 or 2026-01-02T03:04:05Z"
            ),
        )
    })
}

/// The midnight with which the day begins that was so many days ago.
fn midnight(now: Timestamp, days_ago: i64) -> Result<Timestamp> {
    const DAY: i64 = 86_400;
    let days = now.as_seconds_floor().div_euclid(DAY).saturating_sub(days_ago);
    Timestamp::from_microseconds(days.saturating_mul(DAY * 1_000_000))
}

/// The instant that is a length of time before `now`; none where the length is not fixed, or is negative or too long.
fn before(now: Timestamp, span: &Span) -> Option<Timestamp> {
    let microseconds = span.total((Unit::Microsecond, SpanRelativeTo::days_are_24_hours())).ok()?;
    // Beyond 2^53 microseconds, 285 years, the total is not exact any more; nobody asks for so much to the microsecond.
    (0.0..9e15)
        .contains(&microseconds)
        .then(|| std::time::Duration::from_micros(microseconds as u64))
        .and_then(|long| now.checked_sub(long))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String> {
        instant(text, "2026-03-01T12:00:00Z".parse().unwrap()).map(|time| time.to_string())
    }

    #[test]
    fn lengths_of_time_are_ago_with_or_without_a_sign() {
        for (text, time) in [
            ("24h", "2026-02-28T12:00:00Z"),
            ("-24h", "2026-02-28T12:00:00Z"),
            ("7d", "2026-02-22T12:00:00Z"),
            ("2 weeks", "2026-02-15T12:00:00Z"),
            ("1h30m", "2026-03-01T10:30:00Z"),
            ("90min", "2026-03-01T10:30:00Z"),
            ("10s", "2026-03-01T11:59:50Z"),
            ("1d 12h", "2026-02-28T00:00:00Z"),
        ] {
            assert_eq!(read(text).unwrap(), time, "{text}");
        }
    }

    #[test]
    fn days_begin_at_midnight_in_utc() {
        assert_eq!(read("now").unwrap(), "2026-03-01T12:00:00Z");
        assert_eq!(read("today").unwrap(), "2026-03-01T00:00:00Z");
        assert_eq!(read("yesterday").unwrap(), "2026-02-28T00:00:00Z");
        assert_eq!(read("2026-01-01").unwrap(), "2026-01-01T00:00:00Z");
        assert_eq!(read("2026-01-01T01:00+02:00").unwrap(), "2025-12-31T23:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_is_one() {
        for text in ["", "soon", "h", "1 month", "1y", "24", "999999999d", "--24h", "tomorrow"] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains("write"), "{text:?}: {message}");
        }
    }

    #[test]
    fn a_period_must_not_end_before_it_begins() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let error = filter("", Some("1h"), Some("2h"), now).unwrap_err();
        assert_eq!(
            error.to_string(),
            "until: 2026-03-01T10:00:00Z is before the period begins, at 2026-03-01T11:00:00Z"
        );
        assert!(filter("", Some("soon"), None, now).unwrap_err().to_string().starts_with("since: "));
        assert!(filter("", None, None, now).unwrap().is_all());
    }
}
