//! The forms of ISO 8601 that ruling R1 accepts.
//!
//! They are the forms of Python 3.11's `datetime.fromisoformat`, which DECNET reads with. Left out is what its C code
//! lets through by accident: NUL characters behind the time, one arbitrary byte before the offset (one space is taken),
//! a fraction without digits before an offset, and another character for the point of the fraction. Taken in addition is
//! the space before an offset behind a fraction too, and `Z` as the separator.

use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The local date and time, and the offset from UTC in microseconds; `None` if `text` has none of the accepted forms.
pub(super) fn parse(text: &str) -> Option<(DateTime, i64)> {
    let (date, rest) = text.as_bytes().split_at_checked(date_length(text.as_bytes())?)?;
    let date = parse_date(date)?;
    if matches!(rest, b"" | b"Z") {
        return Some((date.to_datetime(Time::midnight()), 0));
    }
    // The date is ASCII, so this is a character boundary; the separator is one character, whatever its length.
    let mut time = text.get(text.len() - rest.len()..)?.chars();
    time.next();
    let time = time.as_str().as_bytes();

    let zone_at = time.iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z')).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let clock = match (clock, zone) {
        ([before @ .., b' '], [_, ..]) => before,
        _ => clock,
    };
    let Clock { hour, minute, second, micros } = Clock::parse(clock)?;
    let nanos = i32::try_from(micros).ok()? * 1000;
    let time = Time::new(hour, minute, second, nanos).ok()?;
    Some((date.to_datetime(time), parse_offset(zone)?))
}

/// How many bytes of `text` are its date, decided by the shape alone.
fn date_length(text: &[u8]) -> Option<usize> {
    let length = match *text.get(4)? {
        b'-' if *text.get(5)? == b'W' => match text.get(8..) {
            // `2026-W01-5` has a day; in `2026-W01-05` the hyphen separates the hour.
            Some([b'-', _, next, ..]) if next.is_ascii_digit() => 8,
            Some([b'-', ..]) => 10,
            _ => 8,
        },
        b'-' => 10,
        b'W' => match text.get(7..)?.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => 7,
            1 => 8,
            // A digit may be the separator too. Time components have two digits, so an odd number of digits is
            // separator and time, and an even number day, separator and time.
            digits if digits % 2 == 1 => 7,
            _ => 8,
        },
        _ => 8,
    };
    Some(length)
}

/// A whole date: `YYYY-MM-DD`, `YYYYMMDD`, `YYYY-Www`, `YYYYWww`, `YYYY-Www-D` or `YYYYWwwD`, in years 1 to 9999.
fn parse_date(text: &[u8]) -> Option<Date> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = i16::try_from(number(year)?).ok()?;
    let date = match *rest {
        [b'-', b'W', w1, w2] | [b'W', w1, w2] => week_date(year, two_digits(w1, w2)?, b'1')?,
        [b'-', b'W', w1, w2, b'-', day] | [b'W', w1, w2, day] => week_date(year, two_digits(w1, w2)?, day)?,
        [b'-', m1, m2, b'-', d1, d2] | [m1, m2, d1, d2] => {
            Date::new(year, two_digits(m1, m2)?, two_digits(d1, d2)?).ok()?
        }
        _ => return None,
    };
    (year >= 1 && (1..=9999).contains(&date.year())).then_some(date)
}

fn week_date(year: i16, week: i8, day: u8) -> Option<Date> {
    let weekday = Weekday::from_monday_one_offset(i8::try_from(number(&[day])?).ok()?).ok()?;
    Some(ISOWeekDate::new(year, week, weekday).ok()?.date())
}

/// `Z`, an offset with its sign, or nothing, which is UTC.
///
/// Like Python, this bounds only the sum: `+00:90` is an hour and a half.
fn parse_offset(zone: &[u8]) -> Option<i64> {
    let (sign, clock) = match zone {
        [] | [b'Z'] => return Some(0),
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let Clock { hour, minute, second, micros } = Clock::parse(clock)?;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    // Python ignores the fraction of an offset that has nothing else; the same text is to be the same instant here.
    let offset = if seconds == 0 { 0 } else { seconds * MICROS_PER_SECOND + micros };
    (offset < 86_400 * MICROS_PER_SECOND).then_some(sign * offset)
}

/// Digits of a clock, ranges unchecked.
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    micros: i64,
}

impl Clock {
    /// `HH`, `HH:MM`, `HHMM`, `HH:MM:SS` or `HHMMSS`, each with or without a fraction of a second.
    ///
    /// The fraction counts seconds wherever it stands, as in Python: `03.5` is half a second after three.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut components = [0; 3];
        let mut rest = text;
        let extended = text.get(2) == Some(&b':');
        for (index, component) in components.iter_mut().enumerate() {
            if index > 0 {
                match rest {
                    [] | [b'.' | b',', ..] => break,
                    [b':', after @ ..] if extended => rest = after,
                    _ if extended => return None,
                    _ => {}
                }
            }
            let [tens, ones, after @ ..] = rest else { return None };
            *component = two_digits(*tens, *ones)?;
            rest = after;
        }
        let micros = match rest {
            [] => 0,
            [b'.' | b',', fraction @ ..] => parse_fraction(fraction)?,
            _ => return None,
        };
        let [hour, minute, second] = components;
        Some(Self { hour, minute, second, micros })
    }
}

/// The digits after the point, at least one, cut to microseconds.
fn parse_fraction(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    Some(padded.take(6).fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

fn two_digits(tens: u8, ones: u8) -> Option<i8> {
    i8::try_from(number(&[tens, ones])?).ok()
}

/// The value of a few ASCII digits.
fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(u16::try_from(digit).ok()?)
    })
}
