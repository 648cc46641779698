//! Events over time, drawn with block characters.

use decnet_db::contract::Bucket;
use decnet_db::time::Timestamp;

/// Lengths of an interval, in minutes, that people can read; longer ones are multiples of the last.
const STEPS: [i64; 18] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 5760, 10_080, 43_200];

/// Lines of the drawing.
const HEIGHT: usize = 6;

/// Eighths of a character, from the bottom.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The shortest interval, in minutes, of which at most `columns` cover the time from `first` to `last`.
pub(crate) fn interval(first: Timestamp, last: Timestamp, columns: usize) -> i64 {
    let (first, last) = (first.as_seconds_floor(), last.as_seconds_floor());
    let fits = |minutes: &i64| {
        let seconds = minutes * 60;
        last.div_euclid(seconds) - first.div_euclid(seconds) < columns as i64
    };
    let longest = STEPS[STEPS.len() - 1];
    STEPS.into_iter().find(fits).unwrap_or_else(|| {
        let needed = (last - first) / 60 / columns.saturating_sub(1).max(1) as i64;
        (needed / longest + 1) * longest
    })
}

/// The number of events in each interval from `first` to `last`, those without any included.
pub(crate) fn fill(buckets: &[Bucket], first: Timestamp, last: Timestamp, minutes: i64) -> Vec<u64> {
    let seconds = minutes.max(1) * 60;
    let number = |time: Timestamp| time.as_seconds_floor().div_euclid(seconds);
    let start = number(first);
    let length = usize::try_from(number(last) - start + 1).unwrap_or(1);
    let mut counts = vec![0; length];
    for bucket in buckets {
        let Ok(time) = Timestamp::parse(&bucket.time) else { continue };
        let place = usize::try_from(number(time) - start).ok().and_then(|place| counts.get_mut(place));
        if let Some(count) = place {
            *count += bucket.count;
        }
    }
    counts
}

/// Draws the counts, each as wide as the width allows, with a scale at the left and the time below.
pub(crate) fn draw(counts: &[u64], first: Timestamp, minutes: i64, width: usize) -> String {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let scale = highest.to_string();
    let room = width.saturating_sub(scale.len() + 2);
    let each = (room / counts.len().max(1)).clamp(1, 3);
    let mut text = String::new();
    for line in (0..HEIGHT).rev() {
        let label = match line {
            _ if line + 1 == HEIGHT => scale.as_str(),
            0 => "0",
            _ => "",
        };
        let mut drawn = format!("{label:>length$} ┤", length = scale.len());
        for count in counts {
            // Whatever happened is visible: at least one eighth.
            let exact = u128::from(*count) * (HEIGHT as u128 * 8);
            let eighths = usize::try_from(exact.div_ceil(u128::from(highest))).unwrap_or(0);
            let block = BLOCKS[eighths.saturating_sub(line * 8).min(8)];
            drawn.extend(std::iter::repeat_n(block, each));
        }
        text.push_str(drawn.trim_end());
        text.push('\n');
    }
    let seconds = minutes.max(1) * 60;
    let start = first.as_seconds_floor().div_euclid(seconds) * seconds;
    let label = |number: usize| {
        let at = start.saturating_add(seconds.saturating_mul(number as i64)).saturating_mul(1_000_000);
        let time = Timestamp::from_microseconds(at).unwrap_or(Timestamp::MIN).to_sql_text();
        if minutes % 1440 == 0 { time[..10].to_owned() } else { time[..16].to_owned() }
    };
    let (from, to) = (label(0), label(counts.len().saturating_sub(1)));
    let drawn = counts.len() * each;
    text.push_str(&" ".repeat(scale.len() + 2));
    if counts.len() > 1 && drawn > from.len() + to.len() {
        text.push_str(&format!("{from}{to:>rest$}", rest = drawn - from.len()));
    } else if counts.len() > 1 {
        text.push_str(&format!("{from} … {to}"));
    } else {
        text.push_str(&from);
    }
    text.push('\n');
    text
}

/// An interval in words.
pub(crate) fn words(minutes: i64) -> String {
    let (count, unit) = match minutes {
        _ if minutes % 1440 == 0 => (minutes / 1440, "day"),
        _ if minutes % 60 == 0 => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    if count == 1 { format!("one {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn intervals_are_the_shortest_that_fit() {
        let start = time("2026-01-01");
        for (last, columns, minutes) in [
            ("2026-01-01", 60, 1),
            ("2026-01-01T00:59:59", 60, 1),
            ("2026-01-01T01:00:00", 60, 2),
            ("2026-01-01T23:59:59", 48, 30),
            ("2026-01-02T00:00:00", 48, 60),
            ("2026-03-01", 60, 1440),
        ] {
            assert_eq!(interval(start, time(last), columns), minutes, "{last}");
        }
        for columns in [1, 2, 24, 60] {
            let minutes = interval(Timestamp::MIN, Timestamp::MAX, columns);
            let filled = fill(&[], Timestamp::MIN, Timestamp::MAX, minutes);
            assert!(filled.len() <= columns + 1, "{columns}: {}", filled.len());
        }
    }

    #[test]
    fn counts_are_drawn_to_scale() {
        let (first, last) = (time("2026-01-01T00:05:00"), time("2026-01-01T02:59:00"));
        let bucket = |time: &str, count| Bucket::new(time, count);
        let buckets = [bucket("2026-01-01 00:00:00", 48), bucket("2026-01-01 02:00:00", 1)];
        let counts = fill(&buckets, first, last, 60);
        assert_eq!(counts, [48, 0, 1]);
        let expected = "48 ┤███\n   ┤███\n   ┤███\n   ┤███\n   ┤███\n 0 ┤███   ▁▁▁\n    2026-01-01 00:00 … 2026-01-01 02:00\n";
        assert_eq!(draw(&counts, first, 60, 80), expected);
        assert_eq!(draw(&[0], first, 1440, 0).lines().last(), Some("   2026-01-01"));
        let wide = draw(&[1; 60], first, 30, 80);
        assert!(wide.lines().all(|line| line.chars().count() <= 80), "{wide}");
        assert!(wide.ends_with("2026-01-01 00:00                            2026-01-02 05:30\n"), "{wide}");
        draw(&[u64::MAX; 3], Timestamp::MAX, i64::MAX / 60, 80);
    }
}
