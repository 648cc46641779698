//! Lines and files as attackers and accidents make them: counted, reported, kept, and never the end of a run.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};

use serde_json::{Value, json};

use crate::bench::{Bench, gzip, numbered, record, record_with, records};
use crate::support::{Database, each_backend};

each_backend!(
    lines_that_are_no_events_stop_nothing,
    strange_lines_are_stored_as_they_are,
    only_the_first_rejected_lines_are_reported_one_by_one,
    long_lines_are_stored_and_longer_ones_rejected,
    a_cut_gzip_file_gives_what_it_has,
    files_that_cannot_be_read_are_refused_at_once,
);

/// The header of a syslog line.
const SYSLOG: &str = "<134>1 2026-01-02T03:04:05Z decky-01 ssh - connect - ";

/// A record whose fields are nested so deep, the record itself included.
fn nested(depth: usize) -> String {
    let inner = format!("{}{}", "[".repeat(depth - 2), "]".repeat(depth - 2));
    record("nested").replace(r#""fields":{}"#, &format!(r#""fields":{{"a":{inner}}}"#))
}

async fn lines_that_are_no_events_stop_nothing(db: Database) {
    let at = |time: &str| record_with(json!({"timestamp": time}));
    let without_decky = record("x").replace(r#""decky":"decky-01","#, "");
    let table: Vec<(Vec<u8>, &str)> = vec![
        (b"rubbish\n".into(), "neither a JSON object nor an RFC 5424 line"),
        (b"\0\0\0\n".into(), "neither a JSON object nor an RFC 5424 line"),
        (b"\xff\xfe\x80\n".into(), "neither a JSON object nor an RFC 5424 line"),
        (b"[1, 2]\n".into(), "neither a JSON object nor an RFC 5424 line"),
        (b"{\"decky\": \n".into(), "not JSON: "),
        (b"<134>1 \n".into(), "not an RFC 5424 line"),
        (without_decky.into(), "a JSON object with neither \"decky\""),
        (nested(129).into(), "JSON is nested deeper than 128 levels"),
        (record_with(json!({"decky": 1})).into(), "decky: must be a text"),
        (record_with(json!({"decky": "é".repeat(256)})).into(), "decky: "),
        (record_with(json!({"attacker_ip": "1".repeat(1000)})).into(), "attacker_ip: "),
        (at("yesterday").into(), "timestamp: "),
        (at("0000-12-31 23:59:59").into(), "timestamp: "),
        (at("10000-01-01 00:00:00").into(), "timestamp: "),
        (at("2026-02-30 00:00:00").into(), "timestamp: "),
        (at("9999-12-31T23:59:59-01:00").into(), "timestamp: "),
        (b"<134>1 soon decky-01 ssh - connect -\n".into(), "timestamp: "),
    ];
    let bench = Bench::new(&db);
    let mut capture = Vec::new();
    for (number, (line, _)) in (0..).zip(&table) {
        capture.extend_from_slice(line);
        capture.extend_from_slice(record(&format!("{number}")).as_bytes());
    }
    bench.write("capture", &capture);
    let run = bench.run(&["--json", "capture"]);
    assert_eq!(run.code, 0, "{run:?}");
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&table.len().into(), &table.len().into()));
    let reports: Vec<&str> = run.err.lines().collect();
    assert_eq!(reports.len(), table.len(), "{}", run.err);
    for (place, ((_, reason), report)) in table.iter().zip(reports).enumerate() {
        let expected = format!("decnet-db: capture:{}: rejected: {reason}", place * 2 + 1);
        assert!(report.starts_with(&expected), "{expected} … {report}");
        assert!(report.chars().count() < 400 && !report.chars().any(char::is_control), "{report}");
    }
    assert_eq!(bench.lines().await.len(), table.len());
    let kept = fs::read(bench.path("capture.rejected")).unwrap();
    assert_eq!(kept, table.iter().flat_map(|(line, _)| line.clone()).collect::<Vec<_>>());
}

async fn strange_lines_are_stored_as_they_are(db: Database) {
    let bench = Bench::new(&db);
    let mut capture = Vec::new();
    let mut expected = Vec::new();
    for (line, stored) in [
        (&b"caf\xe9 \xf0\x9f\x92"[..], "caf\u{fffd} \u{fffd}"),
        (b"a\0b", "a\0b"),
        (b"\x1b[31m\r", "\x1b[31m\r"),
        ("\u{202e}\u{1f980}'\"\\%_;--".as_bytes(), "\u{202e}\u{1f980}'\"\\%_;--"),
    ] {
        capture.extend_from_slice(&[SYSLOG.as_bytes(), line, b"\n"].concat());
        expected.push(format!("{SYSLOG}{stored}"));
    }
    for line in ["a\0b", "\u{1f980}", "line\nbreak"] {
        capture.extend_from_slice(record(line).as_bytes());
        expected.push(line.to_owned());
    }
    capture.extend_from_slice(record("\u{fffd}").replace('\u{fffd}', "\\ud800").as_bytes());
    expected.push("\u{fffd}".to_owned());
    capture.extend_from_slice(nested(128).as_bytes());
    expected.push("nested".to_owned());
    let times = ["0001-01-01 00:00:00", "9999-12-31 23:59:59"];
    for time in times {
        let members = json!({"timestamp": time, "raw_line": time, "decky": "é".repeat(255)});
        capture.extend_from_slice(record_with(members).as_bytes());
        expected.push(time.to_owned());
    }
    bench.write("capture", capture);
    assert_eq!(bench.ingest(&["capture"]).counts(), (expected.len() as u64, 0));
    assert_eq!(bench.lines().await, expected);
    let logs = bench.logs().await;
    for (log, time) in logs[logs.len() - 2..].iter().zip(times) {
        assert_eq!(log.timestamp, time.parse().unwrap());
    }
    // The summary is for a terminal, which obeys what it is shown.
    bench.append("capture", record_with(json!({"attacker_ip": "\u{1b}]0;x\u{7}\u{202e}"})));
    let run = bench.run(&["capture"]);
    assert!(run.out.contains("\u{fffd}]0;x\u{fffd}\u{fffd}"), "{}", run.out);
}

async fn only_the_first_rejected_lines_are_reported_one_by_one(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", "rubbish\n".repeat(1000));
    let run = bench.run(&["--json", "capture"]);
    // Not one of them is an event: that is said, with a hint.
    assert_eq!((run.code, run.err.lines().count()), (2, 23), "{run:?}");
    assert!(run.err.contains("from here on they are only counted and kept\n"), "{}", run.err);
    assert_eq!(bench.read("capture.rejected"), "rubbish\n".repeat(1000));
}

async fn long_lines_are_stored_and_longer_ones_rejected(db: Database) {
    let bench = Bench::new(&db);
    let line = |length: usize| format!("{SYSLOG}{}", "x".repeat(length - SYSLOG.len()));
    let (long, longer) = (line(4 << 20), line(16 << 20));
    let mut file = File::create(bench.path("capture")).unwrap();
    file.write_all(format!("{long}\n{longer}\n{SYSLOG}").as_bytes()).unwrap();
    // A hole in the file, which reads as NUL bytes.
    file.seek(SeekFrom::Current(64 << 20)).unwrap();
    file.write_all(format!("\n{}", record("after")).as_bytes()).unwrap();
    drop(file);
    let run = bench.run(&["--json", "capture"]);
    assert_eq!(run.code, 0, "{run:?}");
    let mut reports: Vec<&str> = run.err.lines().collect();
    let length = (64 << 20) + SYSLOG.len();
    let report = format!(
        "decnet-db: capture:3: rejected: {length} bytes, more than the 64 MiB that a line may have; only its first 1024 bytes are kept"
    );
    assert_eq!(reports.pop(), Some(report.as_str()));
    let mut kept = bench.read("capture.rejected");
    let mut expected = vec![long, longer, "after".to_owned()];
    // The line is there twice, as the message too: that is more than a MySQL server takes unless it is told to.
    if let Some(report) = reports.pop() {
        assert!(db.url.starts_with("mysql:"), "{report}");
        assert!(report.starts_with("decnet-db: capture:2: rejected: raw_line: "), "{report}");
        assert!(report.contains("max_allowed_packet"), "{report}");
        let refused = expected.remove(1) + "\n";
        assert!(kept.starts_with(&refused));
        kept.drain(..refused.len());
    }
    assert_eq!(reports, [""; 0]);
    assert!(kept.starts_with(SYSLOG) && kept.len() == 1025, "{}", kept.len());
    assert!(bench.lines().await == expected);
    assert_eq!(bench.ingest(&["capture"]).counts(), (0, 0));
}

async fn a_cut_gzip_file_gives_what_it_has(db: Database) {
    let bench = Bench::new(&db);
    let packed = gzip(records(0..20_000).as_bytes());
    bench.write("capture.gz", &packed[..packed.len() / 2]);
    bench.write("other", record("other"));
    let run = bench.run(&["--json", "-q", "capture.gz", "other"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.starts_with("decnet-db: capture.gz: can't be read on: "), "{}", run.err);
    assert!(run.err.contains("\ndecnet-db: not every input could be read to its end: "), "{}", run.err);
    let stored = bench.count().await;
    assert!((2..20_000).contains(&stored), "{stored}");
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&stored.into(), &0.into()));
    // It was still being copied.
    bench.write("capture.gz", &packed);
    assert_eq!(bench.ingest(&["capture.gz", "other"]).counts(), (20_001 - stored, 0));
    let mut lines = bench.lines().await;
    lines.retain(|line| line != "other");
    assert!(lines == numbered(0..20_000));
}

async fn files_that_cannot_be_read_are_refused_at_once(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..3));
    fs::create_dir(bench.path("folder")).unwrap();
    for (name, reason) in [
        ("missing", "decnet-db: missing: can't be read: No such file or directory"),
        ("folder", "decnet-db: folder: is a directory; name the files in it"),
        ("capture/x", "decnet-db: capture/x: can't be read: Not a directory"),
    ] {
        let run = bench.run(&["capture", name]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
        assert!(run.err.starts_with(reason), "{}", run.err);
        assert_eq!(bench.count().await, 0);
    }
    let help = bench.run(&["--help"]);
    assert!(help.out.contains("Exit codes:\n  0  done"), "{}", help.out);
}
