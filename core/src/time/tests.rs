use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::Timestamp;
use crate::ErrorKind;

fn json(text: &str) -> String {
    Timestamp::parse(text).map_or_else(|error| format!("refused: {error}"), |time| time.to_string())
}

#[test]
fn the_forms_of_ruling_r1_are_accepted() {
    // Results measured with Python 3.11's fromisoformat, `Z` replaced by `+00:00`, converted to UTC.
    let cases = [
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("20260102", "2026-01-02T00:00:00Z"),
        ("2026-01-02Z", "2026-01-02T00:00:00Z"),
        ("2026-W01", "2025-12-29T00:00:00Z"),
        ("2026W01", "2025-12-29T00:00:00Z"),
        ("2026-W01-5", "2026-01-02T00:00:00Z"),
        ("2026W015", "2026-01-02T00:00:00Z"),
        ("2020-W53-7", "2021-01-03T00:00:00Z"),
        ("0001-W01-1", "0001-01-01T00:00:00Z"),
        ("9999-W52-5", "9999-12-31T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        // Separators: any one character.
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02é03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02😀03:04:05", "2026-01-02T03:04:05Z"),
        ("20260102\x0003", "2026-01-02T03:00:00Z"),
        ("2026-01-02503:04", "2026-01-02T03:04:00Z"),
        ("2026-01-02+03:00", "2026-01-02T03:00:00Z"),
        ("2026-W01T10", "2025-12-29T10:00:00Z"),
        ("2026-W01-10", "2025-12-29T10:00:00Z"),
        ("2026-W01-5-10", "2026-01-02T10:00:00Z"),
        ("2026W01110", "2025-12-29T10:00:00Z"),
        ("2026W015110", "2026-01-02T10:00:00Z"),
        ("2026W01-10", "2025-12-29T10:00:00Z"),
        // Times.
        ("2026-01-02T03", "2026-01-02T03:00:00Z"),
        ("2026-01-02T0304", "2026-01-02T03:04:00Z"),
        ("20260102T030405", "2026-01-02T03:04:05Z"),
        ("2026-01-02T030405.25", "2026-01-02T03:04:05.250000Z"),
        ("2026-01-02T03:04:05,25", "2026-01-02T03:04:05.250000Z"),
        ("2026-01-02T03:04:05.1234569999", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.0000009", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04.5", "2026-01-02T03:04:00.500000Z"),
        ("2026-01-02T03,5", "2026-01-02T03:00:00.500000Z"),
        ("9999-12-31T23:59:59.999999999", "9999-12-31T23:59:59.999999Z"),
        // Offsets.
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03Z", "2026-01-02T03:00:00Z"),
        ("2026-01-02T01:00+02:00", "2026-01-01T23:00:00Z"),
        ("2026-01-02T01:00+02", "2026-01-01T23:00:00Z"),
        ("2026-01-02T01:00-0230", "2026-01-02T03:30:00Z"),
        ("2026-01-02T01:00-0000", "2026-01-02T01:00:00Z"),
        ("2026-01-02T01:00+00:00:01", "2026-01-02T00:59:59Z"),
        ("2026-01-02T01:00-23:59:59.999999", "2026-01-03T00:59:59.999999Z"),
        ("2026-01-02T01:00+00:90", "2026-01-01T23:30:00Z"),
        ("2026-01-02 01:00:00 +0100", "2026-01-02T00:00:00Z"),
        ("0001-01-01T00:00-01:00", "0001-01-01T01:00:00Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn everything_else_is_invalid_input() {
    let cases = [
        "",
        "Z",
        "now",
        "0",
        "1767323045",
        "2026",
        "2026-01",
        "2026-1-2",
        "202601",
        "2026-01-02T",
        "2026-01-02 ",
        " 2026-01-02",
        "2026-01-02T03:04:05 ",
        "2026-01-02T03:04:05\n",
        "2026-01-02T03:04:05z",
        "2026-002",
        "2026002",
        "2026-01-02T24:00",
        "2026-01-02T23:60",
        "2026-01-02T23:59:60",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "0000-01-01",
        "0000-W01-1",
        "+2026-01-02",
        "-2026-01-02",
        "10000-01-01",
        "2026-W53-8",
        "2025-W53",
        "2026-W00",
        "2026-W01-0",
        "2026-W01-8",
        "2026-W01-",
        "2026-W011",
        "2026W01-1",
        "9999-W52-6",
        "2026-0102",
        "202601-02",
        "2026-01-02T3",
        "2026-01-02T03:4",
        "2026-01-02T03:0405",
        "2026-01-02T0304:05",
        "2026-01-02T03:04:",
        "2026-01-02T03:04:05.",
        "2026010203",
        "2026-01-02T03:04:05.5x",
        "2026-01-02T03:04:05+",
        "2026-01-02T03:04:05+1",
        "2026-01-02T03:04:05+24",
        "2026-01-02T03:04:05+01:",
        "2026-01-02T03:04:05+01:0",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05Z+01",
        "2026-01-02T03:04:05+01+01",
        "2026-01-02T-03",
        "2026-01-02TT03",
        "2026-01-02é",
        "２０２６-01-02",
        "2026-01-02T٠٣",
        "éééééééé",
        "2026é01-02",
        "2026-01-02T03:04:05\0",
        // Accidents of Python's parser that ruling R1 doesn't list.
        "2026-01-02T03x+01:00",
        "2026-01-02T03:+00:00",
        "2026-01-02T03:04:05.+00:00",
        "2026-01-02T03:04:05:5",
    ];
    for text in cases {
        let error = Timestamp::parse(text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn an_offset_may_not_lead_out_of_the_years() {
    for text in ["0001-01-01T00:00+00:01", "9999-12-31T23:59:59-00:00:01"] {
        let error = Timestamp::parse(text).expect_err(text).to_string();
        assert_eq!(error, format!("\"{text}\" is, in UTC, outside the years 0001 to 9999"));
    }
}

#[test]
fn the_error_shows_the_text_shortened_and_what_is_accepted() {
    let error =
        Timestamp::parse(&format!("yes\n{}", "x".repeat(1 << 20))).expect_err("no time").within("start_time");
    let text = error.to_string();
    assert!(text.starts_with(r#"start_time: "yes\nxxx"#), "{text}");
    assert!(text.contains("ISO 8601, such as 2026-01-02T03:04:05Z"), "{text}");
    assert!(text.len() < 400, "{text}");
}

#[test]
fn the_ends_of_the_range() {
    assert_eq!(Timestamp::MIN.to_sql_text(), "0001-01-01 00:00:00.000000");
    assert_eq!(Timestamp::MAX.to_sql_text(), "9999-12-31 23:59:59.999999");
    assert_eq!(Timestamp::parse("0001-01-01").unwrap(), Timestamp::MIN);
    assert_eq!(Timestamp::parse("9999-12-31T23:59:59.999999").unwrap(), Timestamp::MAX);
    for outside in
        [i64::MIN, Timestamp::MIN.as_microseconds() - 1, Timestamp::MAX.as_microseconds() + 1, i64::MAX]
    {
        assert_eq!(Timestamp::from_microseconds(outside).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(Timestamp::MAX.checked_add(Duration::from_micros(1)), None);
    assert_eq!(Timestamp::MAX.checked_add(Duration::MAX), None);
    assert_eq!(Timestamp::MIN.checked_sub(Duration::from_micros(1)), None);
}

#[test]
fn seconds_are_floored_before_1970_too() {
    let time = Timestamp::parse("1969-12-31T23:59:59.999999").unwrap();
    assert_eq!((time.as_microseconds(), time.as_seconds_floor()), (-1, -1));
    assert_eq!(time.to_sql_text(), "1969-12-31 23:59:59.999999");
    assert_eq!(Timestamp::bucket_text(-1), "1969-12-31 23:59:59");
    assert_eq!(Timestamp::bucket_text(i64::MAX), "9999-12-31 23:59:59");
    assert_eq!(Timestamp::bucket_text(Timestamp::MIN.as_seconds_floor() - 1), "0001-01-01 00:00:00");
}

#[test]
fn conversions_cut_what_is_finer_than_a_microsecond() {
    let half = Duration::from_nanos(1_500);
    assert_eq!(Timestamp::try_from(SystemTime::UNIX_EPOCH + half).unwrap().as_microseconds(), 1);
    assert_eq!(Timestamp::try_from(SystemTime::UNIX_EPOCH - half).unwrap().as_microseconds(), -2);
    let jiff = jiff::Timestamp::from_nanosecond(-1_500).unwrap();
    assert_eq!(Timestamp::try_from(jiff).unwrap().as_microseconds(), -2);
    assert!(Timestamp::try_from(jiff::Timestamp::MIN).is_err());
    assert!(jiff::Timestamp::try_from(Timestamp::MAX).is_err());
}

#[test]
fn json_takes_text_only() {
    let error = serde_json::from_str::<Timestamp>("5").unwrap_err().to_string();
    assert!(error.starts_with("invalid type: integer `5`, expected a time as ISO 8601 text"), "{error}");
    let error = serde_json::from_str::<Timestamp>("\"yesterday\"").unwrap_err().to_string();
    assert!(error.starts_with("\"yesterday\" is not a time"), "{error}");
}

proptest! {
    /// The form on disk is read by a way of its own, every other form by the calendar's.
    #[test]
    fn the_form_on_disk_is_read_like_the_others(micros in Timestamp::MIN.as_microseconds()..=Timestamp::MAX.as_microseconds()) {
        let time = Timestamp::from_microseconds(micros).unwrap();
        let stored = time.to_sql_text();
        prop_assert_eq!(Timestamp::parse(&stored).unwrap(), time);
        prop_assert_eq!(Timestamp::parse(&stored.replace(' ', "T")).unwrap(), time);
    }

    #[test]
    fn what_only_looks_like_the_form_on_disk_is_read_as_the_calendar_says(text in "[0-9]{3}[0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{6}") {
        let other = text.replace(' ', "T");
        prop_assert_eq!(Timestamp::parse(&text).ok(), Timestamp::parse(&other).ok());
    }

    #[test]
    fn every_form_written_reads_back(
        micros in Timestamp::MIN.as_microseconds()..=Timestamp::MAX.as_microseconds(),
        whole in any::<bool>(),
    ) {
        let time = Timestamp::from_microseconds(if whole { micros / 1_000_000 * 1_000_000 } else { micros }).unwrap();
        let disk = time.to_sql_text();
        prop_assert_eq!(disk.len(), 26);
        prop_assert_eq!(Timestamp::parse(&disk).unwrap(), time);
        let json = serde_json::to_string(&time).unwrap();
        prop_assert_eq!(json.len(), if time.as_microseconds() % 1_000_000 == 0 { 22 } else { 29 });
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
        prop_assert_eq!(Timestamp::try_from(SystemTime::try_from(time).unwrap()).unwrap(), time);
        prop_assert_eq!(&Timestamp::bucket_text(time.as_seconds_floor()), &disk[..19]);
    }

    #[test]
    fn the_order_on_disk_is_the_order_in_time(
        a in Timestamp::MIN.as_microseconds()..=Timestamp::MAX.as_microseconds(),
        b in Timestamp::MIN.as_microseconds()..=Timestamp::MAX.as_microseconds(),
    ) {
        let (a, b) = (Timestamp::from_microseconds(a).unwrap(), Timestamp::from_microseconds(b).unwrap());
        prop_assert_eq!(a.cmp(&b), a.to_sql_text().cmp(&b.to_sql_text()));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(?s).{0,40}|[0-9WTZ:.,+ é-]{0,40}") {
        let _ = Timestamp::parse(&text);
    }
}
