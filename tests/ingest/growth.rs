//! Files that grow, shrink, are replaced and followed.

use std::fs;

use crate::bench::{Bench, Running, numbered, record, records};
use crate::support::{Database, each_backend};

each_backend!(
    a_file_that_grew_adds_what_is_new,
    the_last_line_waits_for_its_line_break,
    a_shorter_or_another_file_is_read_from_its_start,
    following_survives_rename_and_truncation,
    standard_input_is_read_to_its_end,
    decnets_position_is_taken_over_and_left,
    rejected_lines_go_where_they_are_told_to,
);

async fn a_file_that_grew_adds_what_is_new(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", "");
    assert_eq!(bench.ingest(&["capture"]).counts(), (0, 0));
    for part in [0..1, 1..1, 1..500, 500..501] {
        bench.append("capture", records(part.clone()));
        assert_eq!(bench.ingest(&["capture"]).counts(), (part.len() as u64, 0));
    }
    assert_eq!(bench.lines().await, numbered(0..501));
}

async fn the_last_line_waits_for_its_line_break(db: Database) {
    let bench = Bench::new(&db);
    let line = record("second");
    let (begin, end) = line.split_at(30);
    bench.write("capture", record("first") + begin);
    let summary = bench.ingest(&["capture"]);
    assert_eq!(summary.counts(), (1, 0));
    assert_eq!(summary.0["unfinished_bytes"]["capture"], 30);
    bench.append("capture", end);
    let summary = bench.ingest(&["capture"]);
    assert_eq!(summary.counts(), (1, 0));
    assert_eq!(summary.0["unfinished_bytes"], serde_json::json!({}));
    assert_eq!(bench.lines().await, ["first", "second"]);
}

async fn a_shorter_or_another_file_is_read_from_its_start(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    assert_eq!(bench.ingest(&["capture"]).counts(), (10, 0));
    for (content, stored, reason) in [
        (records(10..13), 3, "capture is shorter than what was read of it: reading it from its start"),
        (records(20..60), 40, "capture was replaced since it was read: reading it from its start"),
        (String::new(), 0, "capture is shorter than what was read of it"),
    ] {
        bench.write("capture", content);
        let run = bench.run(&["--json", "capture"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.err.contains(reason), "{}", run.err);
        let summary: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!((&summary["stored"], &summary["already_there"]), (&stored.into(), &0.into()));
    }
    assert_eq!(bench.lines().await, [numbered(0..13), numbered(20..60)].concat());
}

async fn following_survives_rename_and_truncation(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    let running: Running = bench.start(&["--follow", "capture"]);
    bench.until_count(10).await;
    bench.append("capture", records(10..20));
    bench.until_count(20).await;

    // Whoever writes the file may do so for a while after it was renamed.
    fs::rename(bench.path("capture"), bench.path("capture.1")).unwrap();
    bench.append("capture.1", records(20..25));
    bench.write("capture", records(25..30));
    bench.until_count(30).await;

    // Truncated, and written to at once: less than what was there.
    bench.write("capture", records(30..33));
    bench.until_count(33).await;
    bench.append("capture", records(33..40) + "{\"unfinished");
    bench.until_count(40).await;

    let run = running.terminate();
    assert_eq!(run.code, 0, "{run:?}");
    let summary: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&40.into(), &0.into()));
    assert_eq!(summary["interrupted"], false);
    assert_eq!(bench.lines().await, numbered(0..40));

    // The next run goes on where this one ended.
    bench.write("capture", bench.read("capture").replace("{\"unfinished", &record("40")));
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 0));
    assert_eq!(bench.lines().await, numbered(0..41));
}

async fn standard_input_is_read_to_its_end(db: Database) {
    let bench = Bench::new(&db);
    // Nothing comes after the end of a stream: its last line needs no line break.
    let input = records(0..100) + "rubbish\n" + record("100").trim_end();
    let run = bench.run_with(&["-q", "--json", "-"], input.as_bytes());
    let summary = run.json();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&101.into(), &1.into()));
    assert_eq!(bench.lines().await, numbered(0..101));
    assert_eq!(bench.read("stdin.rejected"), "rubbish\n");
    let run = bench.run(&["-", "-"]);
    assert_eq!((run.code, run.err.contains("standard input can be read once only")), (2, true), "{run:?}");
}

async fn decnets_position_is_taken_over_and_left(db: Database) {
    let bench = Bench::new(&db);
    let (read, new) = (records(0..7), records(7..9));
    let record = decnet_db::json::Json::parse(format!("{{\"position\":{}}}", read.len())).unwrap();
    db.set_state("ingest_worker_position", record).await.unwrap();
    bench.write("capture", format!("{read}{new}"));
    assert_eq!(bench.ingest(&["--as-decnet", "capture"]).counts(), (2, 0));
    assert_eq!(bench.lines().await, numbered(7..9));
    let left = db.get_state("ingest_worker_position").await.unwrap().unwrap();
    assert_eq!(left.as_str(), format!("{{\"position\":{}}}", read.len() + new.len()));
    assert_eq!(bench.ingest(&["--as-decnet", "capture"]).counts(), (0, 0));
    // Rotated, as DECNET sees it: shorter than the position.
    bench.write("capture", records(9..10));
    let run = bench.run(&["--as-decnet", "capture"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(bench.lines().await, numbered(7..10));
    let run = bench.run(&["--as-decnet", "capture", "capture"]);
    assert_eq!((run.code, run.err.contains("--as-decnet: takes exactly one file")), (2, true), "{run:?}");
}

async fn rejected_lines_go_where_they_are_told_to(db: Database) {
    let bench = Bench::new(&db);
    let capture = |word: &str| format!("{word} 1\n{}{word} 2\n", record(word));
    bench.write("a", capture("a"));
    bench.write("b", capture("b"));
    // What somebody keeps in that file stays.
    bench.write("kept", "before\n");
    let summary = bench.ingest(&["--rejected", "kept", "a", "b"]);
    assert_eq!(summary.counts(), (2, 4));
    assert_eq!(summary.0["rejected_files"], serde_json::json!(["kept"]));
    assert_eq!(bench.read("kept"), "before\na 1\na 2\nb 1\nb 2\n");
    bench.append("b", "b 3\n");
    assert_eq!(bench.ingest(&["--rejected", "kept", "b"]).counts(), (0, 1));
    assert_eq!(bench.read("kept"), "before\na 1\na 2\nb 1\nb 2\nb 3\n");
    assert!(!bench.path("a.rejected").exists());

    // Where they can't be kept the run stops before it passes them.
    bench.write("c", capture("c"));
    fs::create_dir(bench.path("c.rejected")).unwrap();
    let run = bench.run(&["--json", "c"]);
    let reason = "rejected lines can't be kept in c.rejected, so their input is not read on";
    assert!(run.code == 1 && run.err.contains(reason), "{run:?}");
    assert!(run.out.starts_with(r#"{"error":{"kind":"backend","#) && run.out.contains(reason), "{run:?}");
    assert_eq!(bench.count().await, 2);
    fs::remove_dir(bench.path("c.rejected")).unwrap();
    assert_eq!(bench.ingest(&["c"]).counts(), (1, 2));
}
