//! A run that is killed anywhere goes on where it was: each line is stored once.

use std::fmt::Write as _;

use crate::bench::{Bench, Running, record};
use crate::support::{Database, each_backend};

each_backend!(ten_kills_lose_and_double_nothing);

/// How many lines the capture has, and how many times it is killed.
const LINES: u32 = 40_000;
const KILLS: u64 = 10;

/// A capture, and what has to come of it.
#[derive(Default)]
struct Capture {
    text: String,
    /// Lines and services of the events.
    events: Vec<(String, String)>,
    rejected: String,
}

impl Capture {
    /// Sessions of 40 lines each, one in three over telnet, which only their first lines say; two sessions are open at any
    /// time. Among them records of DECNET's, and lines that are no events.
    fn new(lines: u32) -> Self {
        let mut capture = Self::default();
        for number in 0..lines {
            let session = number / 40 * 2 + number % 2;
            let service = if session % 3 == 0 { "telnet" } else { "ssh" };
            let (event, protocol) = match number % 40 {
                0 | 1 => ("session.connect", format!(r#""protocol":"{service}","#)),
                38 | 39 => ("session.closed", String::new()),
                _ => ("command.input", String::new()),
            };
            let place = capture.text.len();
            match number % 40 {
                17 => writeln!(capture.text, "line {number} is no event"),
                27 => write!(capture.text, "{}", record(&format!("record {number}"))),
                _ => writeln!(
                    capture.text,
                    r#"{{"eventid":"cowrie.{event}","sensor":"s","session":"{session}",{protocol}"timestamp":"2026-01-02T03:04:05.{number:06}Z","message":"marker {number}"}}"#
                ),
            }
            .unwrap();
            let line = capture.text[place..].trim_end().to_owned();
            match number % 40 {
                17 => capture.rejected.push_str(&capture.text[place..]),
                27 => capture.events.push((format!("record {number}"), "ssh".to_owned())),
                _ => capture.events.push((line, service.to_owned())),
            }
        }
        capture
    }
}

async fn ten_kills_lose_and_double_nothing(db: Database) {
    let bench = Bench::new(&db);
    let capture = Capture::new(LINES);
    bench.write("capture", &capture.text);
    let arguments = ["--batch", "250", "capture"];
    for round in 0..KILLS {
        let before = bench.count().await;
        let running: Running = bench.start(&arguments);
        // A little later each time, so that the kills come at different places of a commit.
        bench.until_count(before + 1 + round * 300).await;
        running.kill();
    }
    let before = bench.count().await;
    let summary = bench.ingest(&arguments);
    assert_eq!(summary.counts().0, capture.events.len() as u64 - before);

    let stored: Vec<_> = bench.logs().await.into_iter().map(|log| (log.raw_line, log.service)).collect();
    assert_eq!(stored.len(), capture.events.len());
    for (stored, expected) in stored.iter().zip(&capture.events) {
        assert_eq!(stored, expected);
    }
    assert!(bench.read("capture.rejected") == capture.rejected, "each rejected line is kept once, in order");

    let summary = bench.ingest(&arguments);
    assert_eq!(summary.counts(), (0, 0));
    assert_eq!(summary.0["already_there"], LINES);
}
