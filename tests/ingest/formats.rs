//! The sample captures: each format, packed or not, stored once.

use std::path::Path;

use serde_json::Value;

use crate::bench::{Bench, gzip, record, record_with, records};
use crate::support::{Database, each_backend};

each_backend!(
    the_samples_are_stored_once,
    packed_captures_give_the_same,
    several_files_go_into_one_database,
    a_format_can_be_forced,
    the_summary_has_its_members,
    the_summary_is_readable,
);

/// The committed samples, and how many lines they have.
const SAMPLES: [(&str, u64); 3] =
    [("sample.jsonl", 1600), ("sample.rfc5424.log", 400), ("sample.cowrie.json", 400)];

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name);
    std::fs::read(path).unwrap()
}

/// What an event says, without its id.
async fn contents(bench: &Bench<'_>) -> Vec<Value> {
    let logs = bench.logs().await.into_iter();
    let without_id = |log| {
        let mut value = serde_json::to_value(log).unwrap();
        value.as_object_mut().unwrap().remove("id").unwrap();
        value
    };
    logs.map(without_id).collect()
}

async fn the_samples_are_stored_once(db: Database) {
    let bench = Bench::new(&db);
    let mut total = 0;
    for (name, lines) in SAMPLES {
        bench.write(name, sample(name));
        assert_eq!(bench.ingest(&[name]).counts(), (lines, 0), "{name}");
        total += lines;
        assert_eq!(bench.count().await, total, "{name}");
        let again = bench.ingest(&[name]);
        assert_eq!(again.counts(), (0, 0), "{name}");
        assert_eq!((&again.0["lines"], &again.0["already_there"]), (&Value::from(0), &Value::from(lines)));
        assert_eq!(bench.count().await, total, "{name}");
    }
    // A capture line of the last two formats is kept as it stands.
    let expected: Vec<String> = SAMPLES[1..]
        .iter()
        .flat_map(|(name, _)| {
            String::from_utf8(sample(name)).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert!(bench.lines().await[1600..] == expected);
}

async fn packed_captures_give_the_same(db: Database) {
    let bench = Bench::new(&db);
    for (name, lines) in SAMPLES {
        bench.write(name, sample(name));
        bench.write("packed", gzip(&sample(name)));
        let before = contents(&bench).await.len();
        assert_eq!(bench.ingest(&[name]).counts(), (lines, 0), "{name}");
        // The same content is not read twice, unless that is wanted.
        assert_eq!(bench.ingest(&["packed"]).counts(), (0, 0), "{name}");
        let run = bench.run(&["--json", "--again", "packed"]);
        assert_eq!((run.code, run.err.contains("rejected")), (0, false), "{run:?}");
        assert_eq!(bench.ingest(&["packed"]).counts(), (0, 0), "{name}");
        let all = contents(&bench).await;
        let (plain, packed) = all[before..].split_at(usize::try_from(lines).unwrap());
        assert!(plain == packed, "{name}");
    }
}

async fn several_files_go_into_one_database(db: Database) {
    let bench = Bench::new(&db);
    for (name, _) in SAMPLES {
        bench.write(name, sample(name));
    }
    let names = SAMPLES.map(|(name, _)| name);
    assert_eq!(bench.ingest(&names).counts(), (2400, 0));
    bench.append("sample.jsonl", record("one more"));
    assert_eq!(bench.ingest(&names).counts(), (1, 0));
    assert_eq!(bench.lines().await.last().unwrap(), "one more");
    // A file is known by its path, however it is spelled.
    let absolute = bench.path("sample.jsonl");
    assert_eq!(bench.ingest(&[absolute.to_str().unwrap(), "./sample.cowrie.json"]).counts(), (0, 0));
}

async fn a_format_can_be_forced(db: Database) {
    let bench = Bench::new(&db);
    let cowrie = r#"{"eventid":"cowrie.x","sensor":"s","timestamp":"2026-01-01T00:00:00Z","decky":"d"}"#;
    let syslog = "<134>1 2026-01-02T03:04:05Z decky-01 ssh - connect -";
    bench.write("mixed", format!("{}{cowrie}\n{syslog}\n", record("a record")));
    for (format, stored) in [("decnet", "a record"), ("rfc5424", syslog), ("cowrie", cowrie)] {
        bench.write(format, bench.read("mixed"));
        assert_eq!(bench.ingest(&["--again", "--format", format, format]).counts(), (1, 2), "{format}");
        assert_eq!(bench.lines().await.last().unwrap(), stored);
    }
    let run = bench.run(&["--format", "xml", "mixed"]);
    assert_eq!((run.code, bench.count().await), (2, 3), "{run:?}");
}

async fn the_summary_has_its_members(db: Database) {
    let bench = Bench::new(&db);
    let mut capture = records(0..5);
    capture.push_str(&record_with(serde_json::json!({"service": "ftp", "timestamp": "2026-01-03 00:00:00"})));
    capture.push_str("\nrubbish\nunfinished");
    bench.write("capture", capture);
    let Value::Object(mut summary) = bench.ingest(&["capture"]).0 else { panic!("an object") };
    for volatile in ["seconds", "lines_per_second"] {
        assert!(summary.remove(volatile).unwrap().is_number(), "{volatile}");
    }
    let database = summary.remove("database").unwrap();
    assert_eq!(database["total_logs"], 6);
    let histogram = summary.remove("histogram").unwrap();
    assert!(histogram["interval_minutes"].as_u64().unwrap() > 0);
    let counts =
        histogram["buckets"].as_array().unwrap().iter().map(|bucket| bucket["count"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 6);
    let expected = serde_json::json!({
        "lines": 8, "stored": 6, "rejected": 1, "rejected_files": ["capture.rejected"], "already_there": 0,
        "inputs": [{
            "name": "capture", "read": 8, "stored": 6, "already_there": 0, "rejected": 1, "waiting": 10, "not_found": 0,
            "losses": 0,
        }],
        "unfinished_bytes": {"capture": 10}, "interrupted": false,
        "top_attackers": [{"value": "203.0.113.7", "count": 6}],
        "top_services": [{"value": "ssh", "count": 5}, {"value": "ftp", "count": 1}],
        "top_event_types": [{"value": "connect", "count": 6}],
        "top_is_approximate": false,
    });
    assert_eq!(Value::Object(summary), expected);
}

async fn the_summary_is_readable(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", format!("{}rubbish\n", records(0..3)));
    let run = bench.run(&["capture"]);
    assert_eq!(run.code, 0, "{run:?}");
    for part in [
        "stored         3\n",
        "rejected       1, kept in capture.rejected\n",
        "Top attackers",
        "203.0.113.7  3",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let reported = "decnet-db: capture:4: rejected: neither a JSON object nor an RFC 5424 line\n";
    assert!(run.err.contains(reported), "{}", run.err);
    assert!(
        run.out.chars().chain(run.err.chars()).all(|c| c == '\n' || !c.is_control()),
        "no terminal, no bar"
    );
}
