//! Files that a rotation renames, copies, compresses and removes: between two runs, and while they are followed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::bench::{Bench, gzip, numbered, record, record_with, records, until};
use crate::support::{Database, each_backend};

each_backend!(
    the_rest_of_a_renamed_file_is_found,
    a_nightly_rotation_reads_each_line_once,
    other_names_copies_and_links_are_one_file,
    a_common_beginning_decides_nothing,
    a_copy_of_what_was_truncated_is_read_on,
    a_chain_of_rotations_is_read_in_order,
    late_lines_of_a_renamed_file_are_read,
    what_is_not_found_is_named,
    what_was_empty_is_not_missed_under_its_old_name,
    while_following_a_chain_is_read_whole,
    while_following_a_renamed_file_is_held,
    while_following_a_link_is_pointed_elsewhere,
    while_following_files_come_and_go,
    files_are_read_oldest_first,
    a_file_is_read_again_when_told_to,
    positions_of_the_first_version_are_taken_over,
    status_lists_the_inputs,
);

async fn the_rest_of_a_renamed_file_is_found(db: Database) {
    let bench = Bench::new(&db);
    bench.write("cowrie.json", records(0..10));
    bench.ingest(&["cowrie.json"]);
    bench.append("cowrie.json", records(10..15));
    fs::rename(bench.path("cowrie.json"), bench.path("cowrie.json.2024-04-03")).unwrap();
    bench.write("cowrie.json", records(15..19));
    assert_eq!(bench.ingest(&["cowrie.json"]).counts(), (9, 0));
    assert_eq!(bench.lines().await, numbered(0..19));
    assert_eq!(bench.ingest(&["cowrie.json", "cowrie.json.2024-04-03"]).counts(), (0, 0));
}

async fn a_nightly_rotation_reads_each_line_once(db: Database) {
    let bench = Bench::new(&db);
    bench.write("cowrie.json.1.gz", gzip(records(0..10).as_bytes()));
    bench.write("cowrie.json", records(10..20));
    assert_eq!(bench.ingest(&["cowrie.json.1.gz", "cowrie.json"]).counts(), (20, 0));
    for night in 2..5 {
        for number in (1..night).rev() {
            let name = |number: u32| bench.path(&format!("cowrie.json.{number}.gz"));
            fs::rename(name(number), name(number + 1)).unwrap();
        }
        bench.write("cowrie.json.1.gz", gzip(bench.read("cowrie.json").as_bytes()));
        fs::remove_file(bench.path("cowrie.json")).unwrap();
        bench.write("cowrie.json", records(night * 10..night * 10 + 10));
        assert_eq!(bench.ingest(&["cowrie.json*"]).counts(), (10, 0), "night {night}");
        assert_eq!(bench.ingest(&["cowrie.json*"]).counts(), (0, 0), "night {night}");
    }
    assert_eq!(bench.lines().await, numbered(0..50));
}

async fn other_names_copies_and_links_are_one_file(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..50));
    fs::hard_link(bench.path("capture"), bench.path("hard")).unwrap();
    symlink(bench.path("capture"), bench.path("soft")).unwrap();
    fs::copy(bench.path("capture"), bench.path("copy")).unwrap();
    let packed = [
        ("packed.gz", gzip(records(0..50).as_bytes())),
        ("packed.zst", zstd::encode_all(records(0..50).as_bytes(), 1).unwrap()),
    ];
    for (name, data) in &packed {
        bench.write(name, data);
    }
    let all = ["capture", "capture", "hard", "soft", "copy", "packed.gz", "packed.zst"];
    assert_eq!(bench.ingest(&all).counts(), (50, 0));
    assert_eq!(bench.ingest(&all).counts(), (0, 0));
    for name in all {
        assert_eq!(bench.ingest(&[name]).counts(), (0, 0), "{name}");
    }
    // An older copy, and a line more than was read.
    bench.write("older", records(0..49));
    bench.write("longer.gz", gzip(records(0..51).as_bytes()));
    assert_eq!(bench.ingest(&["older"]).counts(), (0, 0));
    assert_eq!(bench.ingest(&["longer.gz"]).counts(), (1, 0));
    bench.append("capture", records(50..52));
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 0));
    assert_eq!(bench.lines().await, numbered(0..52));
}

async fn a_common_beginning_decides_nothing(db: Database) {
    let bench = Bench::new(&db);
    let banner = record("banner").repeat(40);
    assert!(banner.len() > 4096);
    bench.write("capture", format!("{banner}{}", records(0..5)));
    assert_eq!(bench.ingest(&["capture"]).counts(), (45, 0));
    bench.write("capture", format!("{banner}{}", records(10..30)));
    let run = bench.run(&["--json", "-q", "capture"]);
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &summary["stored"]), (0, &60.into()), "{run:?}");
    assert!(run.err.contains("capture was replaced since it was read"), "{}", run.err);
}

async fn a_copy_of_what_was_truncated_is_read_on(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    bench.ingest(&["capture"]);
    bench.append("capture", records(10..12));
    fs::copy(bench.path("capture"), bench.path("capture.1")).unwrap();
    bench.write("capture", records(12..40));
    assert_eq!(bench.ingest(&["capture"]).counts(), (30, 0));
    // A copy that misses lines which were read before the original was truncated.
    fs::rename(bench.path("capture.1"), bench.path("capture.2")).unwrap();
    bench.write("capture.1", records(12..39));
    bench.write("capture", records(40..41));
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 0));
    assert_eq!(bench.ingest(&["capture", "capture.1"]).counts(), (0, 0));
    assert_eq!(bench.lines().await, numbered(0..41));
}

async fn a_chain_of_rotations_is_read_in_order(db: Database) {
    let bench = Bench::new(&db);
    let at = |number: u32| {
        record_with(serde_json::json!({"raw_line": number.to_string(),
        "timestamp": format!("2026-01-02 03:{:02}:{:02}", number / 60, number % 60)}))
    };
    let lines = |numbers: std::ops::Range<u32>| numbers.map(at).collect::<String>();
    bench.write("old.json.3.gz", gzip(record("nobody asked for this").as_bytes()));
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    fs::File::options()
        .append(true)
        .open(bench.path("old.json.3.gz"))
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    bench.write("old.json", lines(0..10));
    bench.ingest(&["old.json"]);
    bench.append("old.json", lines(10..20));
    fs::rename(bench.path("old.json"), bench.path("old.json.3")).unwrap();
    bench.write("old.json.2.gz", gzip(lines(20..30).as_bytes()));
    bench.write("old.json.1", lines(30..40));
    bench.write("old.json", lines(40..50));
    assert_eq!(bench.ingest(&["old.json"]).counts(), (40, 0));
    assert_eq!(bench.lines().await, numbered(0..50));
}

async fn late_lines_of_a_renamed_file_are_read(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    bench.ingest(&["capture"]);
    fs::rename(bench.path("capture"), bench.path("capture.1")).unwrap();
    bench.write("capture", records(20..25));
    bench.ingest(&["capture"]);
    bench.append("capture.1", records(10..12));
    assert_eq!(bench.ingest(&["capture"]).counts(), (2, 0));
    assert_eq!(bench.count().await, 17);
}

async fn what_is_not_found_is_named(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10) + "half a line");
    bench.ingest(&["capture"]);
    fs::remove_file(bench.path("capture")).unwrap();
    bench.write("capture", records(10..12));
    let run = bench.run(&["--json", "-q", "--strict", "capture"]);
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (run.code, &summary["stored"], &summary["inputs"][0]["not_found"]),
        (6, &2.into(), &11.into()),
        "{run:?}"
    );
    assert!(run.err.contains("is not found"), "{}", run.err);
    // It is said once.
    let run = bench.run(&["--json", "-q", "--strict", "capture"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
}

async fn what_was_empty_is_not_missed_under_its_old_name(db: Database) {
    let bench = Bench::new(&db);
    let rename = |from: &str, to: &str| fs::rename(bench.path(from), bench.path(to)).unwrap();
    bench.write("cowrie.json", records(0..1));
    bench.write("cowrie.json.1", "");
    assert_eq!(bench.ingest(&["cowrie.json*"]).counts(), (1, 0));
    // The daemon still has it open as it is renamed again; then it is packed.
    rename("cowrie.json.1", "cowrie.json.2");
    bench.append("cowrie.json.2", records(1..2));
    rename("cowrie.json", "cowrie.json.1");
    bench.write("cowrie.json", records(2..3));
    assert_eq!(bench.ingest(&["cowrie.json*"]).counts(), (2, 0));
    bench.write("cowrie.json.2.gz", gzip(bench.read("cowrie.json.2").as_bytes()));
    fs::remove_file(bench.path("cowrie.json.2")).unwrap();
    for _ in 0..3 {
        assert_eq!(bench.ingest(&["cowrie.json*"]).counts(), (0, 0));
    }
    assert_eq!(bench.count().await, 3);
}

async fn while_following_a_chain_is_read_whole(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..5));
    let running = bench.start(&["--follow", "capture"]);
    bench.until_count(5).await;
    // Many rotations between two looks, some of which compress.
    for round in 1..20_u32 {
        bench.append("capture", records(round * 10..round * 10 + 5));
        let name = format!("capture.2026-01-{round:02}");
        fs::rename(bench.path("capture"), bench.path(&name)).unwrap();
        if round % 3 == 0 {
            bench.write(&format!("{name}.gz"), gzip(bench.read(&name).as_bytes()));
            fs::remove_file(bench.path(&name)).unwrap();
        }
        bench.write("capture", records(round * 10 + 5..round * 10 + 10));
    }
    bench.until_count(5 + 19 * 10).await;
    let run = running.terminate();
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&summary["stored"], &summary["inputs"][0]["not_found"]), (&195.into(), &0.into()), "{run:?}");
    let mut lines: Vec<u32> = bench.lines().await.iter().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..5).chain(10..200).collect::<Vec<_>>());
}

async fn while_following_a_renamed_file_is_held(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..1));
    let mut old = OpenOptions::new().append(true).open(bench.path("capture")).unwrap();
    let running = bench.start(&["--follow", "--keep", "60", "capture"]);
    bench.until_count(1).await;
    fs::rename(bench.path("capture"), bench.path("capture.1")).unwrap();
    bench.write("capture", records(10..11));
    bench.until_count(2).await;
    // The daemon has it open, and then nobody else.
    let line = record("1");
    old.write_all(&line.as_bytes()[..20]).unwrap();
    fs::remove_file(bench.path("capture.1")).unwrap();
    bench.append("capture", records(11..12));
    bench.until_count(3).await;
    old.write_all(&line.as_bytes()[20..]).unwrap();
    bench.until_count(4).await;
    let run = running.terminate();
    assert_eq!((run.code, bench.path("capture.rejected").exists()), (0, false), "{run:?}");
    assert_eq!(bench.lines().await, ["0", "10", "11", "1"]);
}

async fn while_following_a_link_is_pointed_elsewhere(db: Database) {
    let bench = Bench::new(&db);
    bench.write("first.json", records(0..3));
    symlink("first.json", bench.path("current")).unwrap();
    let running = bench.start(&["--follow", "current"]);
    bench.until_count(3).await;
    bench.write("second.json", records(3..6));
    symlink("second.json", bench.path("new")).unwrap();
    fs::rename(bench.path("new"), bench.path("current")).unwrap();
    bench.until_count(6).await;
    bench.append("first.json", records(10..11));
    bench.until_count(7).await;
    running.terminate();
    bench.append("second.json", records(6..7));
    assert_eq!(bench.ingest(&["current"]).counts(), (1, 0));
    assert_eq!(bench.ingest(&["first.json", "second.json", "current"]).counts(), (0, 0));
}

async fn while_following_files_come_and_go(db: Database) {
    let bench = Bench::new(&db);
    fs::create_dir(bench.path("logs")).unwrap();
    let running = bench.start(&["--follow", "later", "*.jsonl", "logs"]);
    bench.write("logs/a", records(0..2));
    bench.write("b.jsonl", records(2..4));
    bench.until_count(4).await;
    bench.write("later", records(4..6));
    bench.write("c.jsonl", record("6") + "rubbish\n");
    bench.until_count(7).await;
    // What takes the name may be anything.
    fs::remove_file(bench.path("later")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(bench.path("later")).status().unwrap();
    assert!(made.success());
    bench.append("logs/a", records(7..8));
    bench.until_count(8).await;
    let pipe = bench.path("later");
    let writer = std::thread::spawn(move || fs::write(pipe, records(8..9)).unwrap());
    bench.until_count(9).await;
    writer.join().unwrap();
    let run = running.terminate();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(bench.lines().await.len(), 9);
    assert_eq!(bench.read("ingest.rejected"), "rubbish\n");
    assert_eq!(fs::metadata(bench.path("ingest.rejected")).unwrap().permissions().mode() & 0o777, 0o600);
}

async fn files_are_read_oldest_first(db: Database) {
    let bench = Bench::new(&db);
    let at = |day: u32| {
        record_with(
            serde_json::json!({"raw_line": day.to_string(), "timestamp": format!("2026-01-{day:02} 00:00:00")}),
        )
    };
    bench.write("cowrie.json", at(9));
    bench.write("cowrie.json.2026-01-08", at(8));
    bench.write("cowrie.json.2026-01-07.gz", gzip(at(7).as_bytes()));
    assert_eq!(
        bench.ingest(&["cowrie.json", "cowrie.json.2026-01-07.gz", "cowrie.json.2026-01-08"]).counts(),
        (3, 0)
    );
    assert_eq!(bench.lines().await, ["7", "8", "9"]);
}

async fn a_file_is_read_again_when_told_to(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..3));
    bench.ingest(&["capture"]);
    assert_eq!(bench.ingest(&["--again", "capture"]).counts(), (3, 0));
    assert_eq!(bench.ingest(&["capture"]).counts(), (0, 0));
    assert_eq!(bench.count().await, 6);
}

async fn positions_of_the_first_version_are_taken_over(db: Database) {
    let bench = Bench::new(&db);
    let (read, new) = (records(0..7), records(7..9));
    bench.write("capture", &read);
    let fnv = |bytes: &[u8]| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let head = read.as_bytes()[..read.len().min(1024)].to_vec();
    let value = format!(r#"{{"position":{},"lines":7,"head":"{:016x}"}}"#, read.len(), fnv(&head));
    let path = fs::canonicalize(bench.path("capture")).unwrap();
    let key = format!("decnet-db ingest: {}", path.display());
    db.set_state(&key, decnet_db::json::Json::parse(value).unwrap()).await.unwrap();
    let summary = bench.ingest(&["capture"]);
    assert_eq!((summary.counts(), &summary.0["already_there"]), ((0, 0), &7.into()));
    fs::rename(&path, bench.path("capture.1")).unwrap();
    bench.append("capture.1", &new);
    assert_eq!(bench.ingest(&["capture.1"]).counts(), (2, 0));
    assert_eq!(bench.lines().await, numbered(7..9));
    assert!(db.get_state(&key).await.unwrap().is_none_or(|value| value.is_null()));
}

async fn status_lists_the_inputs(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..3) + "rubbish\n");
    bench.ingest(&["capture"]);
    let status = bench.status();
    let inputs = status["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 1);
    let (input, bytes) = (&inputs[0], bench.read("capture").len());
    assert!(input["path"].as_str().unwrap().ends_with("/capture"));
    assert_eq!(
        (&input["read_bytes"], &input["stored"], &input["rejected"]),
        (&bytes.into(), &3.into(), &1.into())
    );
    until("a time".to_owned(), async || !input["read_at"].as_str().unwrap().is_empty()).await;
}
