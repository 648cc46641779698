//! The summary of a run, as text or JSON.

use std::time::Duration;

use decnet_db::contract::{Bucket, LogFilter, Stats};
use decnet_db::time::Timestamp;
use decnet_db::{Error, Repository, is_unprintable};
use serde_json::{Map, Value, json};

use super::super::tally::Tally;
use super::Report;
use crate::histogram;

/// How many of the most frequent are shown.
const TOP: usize = 10;

/// The widest drawing, in characters, and how many intervals it has at most.
const WIDEST: usize = 120;
const COLUMNS: usize = 60;

impl Report {
    /// The summary, with what the database has in the end.
    pub(in super::super) async fn finish(
        &mut self,
        repository: &dyn Repository,
        kept: Vec<String>,
        json: bool,
        width: usize,
    ) -> Result<Summary, Error> {
        let took = self.started.elapsed();
        self.bar.finish_and_clear();
        let stats = repository.get_stats_summary().await?;
        let range = match self.first.zip(self.last) {
            Some(range) => Some(range),
            // Nothing new: what the database has is what there is to see.
            None => whole(&repository.get_log_histogram(LogFilter::all(), 1440).await?),
        };
        let width = width.min(WIDEST);
        let mut drawing = None;
        if let Some((first, last)) = range {
            let minutes = histogram::interval(first, last, COLUMNS.min(width.saturating_sub(12)).max(12));
            let filter = LogFilter::all().start_time(first).end_time(last);
            let buckets = repository.get_log_histogram(filter, minutes).await?;
            drawing = Some(Drawing { first, last, minutes, buckets });
        }
        self.unfinished.retain(|(_, bytes)| *bytes > 0);
        let text = if json {
            self.json(&stats, &kept, drawing, took)
        } else {
            self.text(&stats, &kept, drawing, took, width)
        };
        Ok(text)
    }

    fn json(&self, stats: &Stats, kept: &[String], drawing: Option<Drawing>, took: Duration) -> Summary {
        let top = |tally: &Tally| -> Value {
            tally.top(TOP).into_iter().map(|(text, count)| json!({"value": text, "count": count})).collect()
        };
        let unfinished: Map<String, Value> =
            self.unfinished.iter().map(|(name, bytes)| (name.clone(), json!(bytes))).collect();
        let mut histogram = Value::Null;
        if let Some(Drawing { minutes, buckets, .. }) = drawing {
            histogram = json!({"interval_minutes": minutes, "buckets": buckets});
        }
        Summary::Json(json!({
            "lines": self.lines,
            "stored": self.stored,
            "rejected": self.rejected,
            "rejected_files": kept,
            "already_there": self.already_there(),
            "inputs": self.inputs,
            "unfinished_bytes": unfinished,
            "interrupted": self.interrupted,
            "seconds": (took.as_secs_f64() * 1000.0).round() / 1000.0,
            "lines_per_second": rate(self.lines, took),
            "database": stats,
            "top_attackers": top(&self.attackers),
            "top_services": top(&self.services),
            "top_event_types": top(&self.events),
            "top_is_approximate": self.attackers.distinct().1,
            "histogram": histogram,
        }))
    }

    fn already_there(&self) -> u64 {
        self.inputs.iter().map(|input| input.already_there).sum()
    }

    fn table_of_inputs(&self) -> String {
        use crate::output::{Align, table};
        let columns = ["INPUT", "READ", "STORED", "ALREADY THERE", "REJECTED", "WAITING", "NOT FOUND"];
        let mut place = 0;
        let columns = columns.map(|name| {
            place += 1;
            (name, if place == 1 { Align::Left } else { Align::Right })
        });
        let rows: Vec<[String; 7]> = self
            .inputs
            .iter()
            .map(|input| {
                let bytes = |count: u64| {
                    if count == 0 { "0".to_owned() } else { format!("{} bytes", grouped(count)) }
                };
                [
                    shown(&input.name),
                    grouped(input.read),
                    grouped(input.stored),
                    grouped(input.already_there),
                    grouped(input.rejected),
                    bytes(input.waiting),
                    bytes(input.not_found),
                ]
            })
            .collect();
        format!("\n{}\n", table(columns, &rows))
    }

    fn text(
        &self,
        stats: &Stats,
        kept: &[String],
        drawing: Option<Drawing>,
        took: Duration,
        width: usize,
    ) -> Summary {
        let mut text = String::new();
        let mut line = |name: &str, value: String| text.push_str(&format!("{name:<14} {value}\n"));
        let rate = rate(self.lines, took);
        line(
            "lines read",
            format!("{} in {:.1} s, {} per second", grouped(self.lines), took.as_secs_f64(), grouped(rate)),
        );
        line(
            "stored",
            format!(
                "{}{}",
                grouped(self.stored),
                if self.interrupted { " (interrupted; run it again to go on)" } else { "" }
            ),
        );
        let kept =
            if kept.is_empty() { String::new() } else { format!(", kept in {}", shown(&kept.join(", "))) };
        line("rejected", grouped(self.rejected) + &kept);
        if self.already_there() > 0 {
            line("already there", format!("{} lines of earlier runs", grouped(self.already_there())));
        }
        let (losses, bytes) = self.losses();
        if losses > 0 {
            line(
                "not found",
                format!("{} bytes at least, of {losses} files that were replaced", grouped(bytes)),
            );
        }
        for (name, bytes) in &self.unfinished {
            line(
                "waiting",
                format!(
                    "{} bytes at the end of {}, a line without line break yet",
                    grouped(*bytes),
                    shown(name)
                ),
            );
        }
        if self.inputs.len() > 1 {
            text.push_str(&self.table_of_inputs());
        }
        let mut line = |name: &str, value: String| text.push_str(&format!("{name:<14} {value}\n"));
        let (events, sources) = (grouped(stats.total_logs), grouped(stats.unique_attackers));
        line("database", format!("{events} events from {sources} source addresses"));
        if let Some(Drawing { first, last, minutes, buckets }) = drawing {
            let counts = histogram::fill(&buckets, first, last, minutes);
            text.push_str(&format!(
                "\nEvents in the database, one column for {} (UTC)\n",
                histogram::words(minutes)
            ));
            text.push_str(&histogram::draw(&counts, first, minutes, width));
        }
        for (title, tally) in
            [("attackers", &self.attackers), ("services", &self.services), ("event types", &self.events)]
        {
            text.push_str(&table(title, tally, width));
        }
        Summary::Text(text)
    }
}

/// What a run ends with.
pub(in super::super) enum Summary {
    Json(Value),
    Text(String),
}

struct Drawing {
    first: Timestamp,
    last: Timestamp,
    minutes: i64,
    buckets: Vec<Bucket>,
}

/// The time from the first to the last day that has events.
fn whole(days: &[Bucket]) -> Option<(Timestamp, Timestamp)> {
    let first = Timestamp::parse(&days.first()?.time).ok()?;
    let last = Timestamp::parse(&days.last()?.time).ok()?;
    Some((first, last.checked_add(Duration::from_secs(86_399)).unwrap_or(Timestamp::MAX)))
}

/// The most frequent, each with a bar.
fn table(title: &str, tally: &Tally, width: usize) -> String {
    let top = tally.top(TOP);
    let Some((_, highest)) = top.first().copied() else { return String::new() };
    let (distinct, approximate) = tally.distinct();
    let more = match (approximate, distinct > top.len()) {
        (true, _) => " (approximate: there are too many different ones)".to_owned(),
        (false, true) => format!(", of {}", grouped(distinct as u64)),
        (false, false) => String::new(),
    };
    let mut text = format!("\nTop {title} of this run{more}\n");
    let names: Vec<String> = top.iter().map(|(name, _)| cut(&shown(name), 40)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let digits = grouped(highest).len();
    let room = width.saturating_sub(longest + digits + 6).min(40) as u64;
    for (name, (_, count)) in names.iter().zip(&top) {
        let length = u128::from(*count) * u128::from(room) / u128::from(highest.max(1));
        let bar = "█".repeat(usize::try_from(length).unwrap_or(0));
        let line = format!("  {name:<longest$}  {:>digits$}  {bar}", grouped(*count));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit - 1).chain(['…']).collect()
}

/// Attackers choose these texts, terminals obey them.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|character| if is_unprintable(character) { '\u{fffd}' } else { character }).collect()
}

fn rate(lines: u64, took: Duration) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number, saturating"
    )]
    let rate = (lines as f64 / took.as_secs_f64().max(0.001)).round() as u64;
    rate
}

/// A number with a comma every three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let shown: Vec<_> = [0, 999, 1000, 1_234_567].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn tables_have_a_bar_each_and_fit_the_width() {
        let mut tally = Tally::default();
        for text in ["192.0.2.1", "192.0.2.1", "\u{1b}[31m"] {
            tally.add(text);
        }
        let expected =
            "\nTop attackers of this run\n  192.0.2.1  2  ██████████\n  \u{fffd}[31m      1  █████\n";
        assert_eq!(table("attackers", &tally, 26), expected);
        assert_eq!(table("x", &Tally::default(), 80), "");
        tally.add(&"x".repeat(255));
        assert!(table("attackers", &tally, 60).lines().all(|line| line.chars().count() <= 60));
    }
}
