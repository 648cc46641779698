//! Files that are seen before they are complete: made empty, copied or compressed bit by bit, while whoever looks may be killed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use crate::bench::{Bench, Running, gzip, numbered, record, records, until};
use crate::support::{Database, each_backend};

each_backend!(
    compressed_data_that_was_seen_empty,
    a_copy_that_was_seen_empty,
    a_copy_that_was_seen_at_every_length,
    compressed_data_that_was_seen_at_every_length,
    a_cron_job_beside_a_compressor,
    compressed_data_that_never_gets_its_end,
    a_shorter_copy_of_what_is_gone,
);

/// Waits until a follower has looked at all files since now: it read two lines that came one after the other.
async fn looked(bench: &Bench<'_>, next: &mut u32) {
    for _ in 0..2 {
        let count = bench.count().await;
        bench.append("capture", record(&next.to_string()));
        *next += 1;
        bench.until_count(count + 1).await;
    }
}

fn follow<'a>(bench: &'a Bench<'a>) -> Running {
    bench.start(&["--follow", "--keep", "60", "capture"])
}

/// Whether the follower has noted a file under a name.
async fn noted(bench: &Bench<'_>, name: &str) {
    let path = fs::canonicalize(bench.path(name)).unwrap().to_string_lossy().into_owned();
    until(format!("a record of {path}"), async || {
        bench.status()["inputs"].as_array().unwrap().iter().any(|input| input["path"] == path.as_str())
    })
    .await;
}

async fn compressed_data_that_was_seen_empty(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..2));
    let running = follow(&bench);
    bench.until_count(2).await;
    let content = bench.read("capture");
    fs::rename(bench.path("capture"), bench.path("capture.1")).unwrap();
    bench.write("capture", "");
    bench.write("capture.1.gz", "");
    noted(&bench, "capture.1.gz").await;
    // In place, as a compressor does; then the next rotation.
    bench.write("capture.1.gz", gzip(content.as_bytes()));
    fs::remove_file(bench.path("capture.1")).unwrap();
    fs::rename(bench.path("capture.1.gz"), bench.path("capture.2.gz")).unwrap();
    let mut next = 2;
    looked(&bench, &mut next).await;
    looked(&bench, &mut next).await;
    running.kill();
    assert_eq!(bench.ingest(&["capture"]).counts(), (0, 0));
    assert_eq!(bench.ingest(&["capture*"]).counts(), (0, 0));
    assert_eq!(bench.lines().await, numbered(0..next));
    assert!(!bench.path("capture.rejected").exists());
}

async fn a_copy_that_was_seen_empty(db: Database) {
    for killed in [false, true] {
        let bench = Bench::new(&db);
        let first = u32::from(killed) * 100;
        bench.write("capture", records(first..first + 10));
        let mut running = Some(follow(&bench));
        bench.until_count(u64::from(first) / 100 * 14 + 10).await;
        bench.write("capture.1", "");
        noted(&bench, "capture.1").await;
        if killed && let Some(running) = running.take() {
            running.kill();
        }
        bench.write("capture.1", records(first..first + 10));
        bench.write("capture", "");
        let running = running.unwrap_or_else(|| follow(&bench));
        let mut next = first + 10;
        looked(&bench, &mut next).await;
        looked(&bench, &mut next).await;
        let run = running.terminate();
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(bench.lines().await.len() as u32, first / 100 * 14 + next - first, "killed: {killed}");
        assert_eq!(bench.ingest(&["capture*"]).counts(), (0, 0));
    }
}

async fn a_copy_that_was_seen_at_every_length(db: Database) {
    let bench = Bench::new(&db);
    let content = records(0..6);
    bench.write("capture", &content);
    let running = follow(&bench);
    bench.until_count(6).await;
    let mut copy = OpenOptions::new().create(true).append(true).open(bench.path("capture.1")).unwrap();
    let mut next = 6;
    let mut from = 0;
    let line = content.find('\n').unwrap() + 1;
    for to in [1, 5, line - 1, line, line + 1, line * 3, line * 3 + 7, content.len()] {
        copy.write_all(&content.as_bytes()[from..to]).unwrap();
        from = to;
        looked(&bench, &mut next).await;
    }
    copy.write_all(&bench.read("capture").as_bytes()[content.len()..]).unwrap();
    bench.write("capture", "");
    looked(&bench, &mut next).await;
    let run = running.terminate();
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert_eq!(bench.lines().await, numbered(0..next));
    assert_eq!(bench.ingest(&["capture*"]).counts(), (0, 0));
}

async fn compressed_data_that_was_seen_at_every_length(db: Database) {
    // Lines that can't be packed away to nothing, so that half of the data has half of the lines.
    let noise = |number: u32| {
        let mut value = u64::from(number) + 1;
        let words = (0..20).map(|_| {
            value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{value:x}")
        });
        record(&words.collect::<String>())
    };
    let mut round = 0;
    let mut total = 0;
    let mut next = 1000;
    for (end, packed) in [
        (".gz", gzip as fn(&[u8]) -> Vec<u8>),
        (".zst", |data| zstd::encode_all(data, 1).unwrap()),
        (".xz", crate::bench::xz),
        (".bz2", crate::bench::bzip2),
    ] {
        for killed in [false, true] {
            let bench = Bench::new(&db);
            round += 1;
            let content: String = (round * 100..round * 100 + 40).map(noise).collect();
            bench.write("capture", &content);
            let mut running = follow(&bench);
            total += 40;
            bench.until_count(total).await;
            let packed = packed(content.as_bytes());
            let (plain, name) = (format!("capture.{round}"), format!("capture.{round}{end}"));
            fs::rename(bench.path("capture"), bench.path(&plain)).unwrap();
            bench.write("capture", "");
            let mut file = OpenOptions::new().create(true).append(true).open(bench.path(&name)).unwrap();
            let mut from = 0;
            for to in [0, 1, 3, 9, 40, packed.len() / 2, packed.len() - 9, packed.len() - 1, packed.len()] {
                file.write_all(&packed[from..to]).unwrap();
                from = to;
                looked(&bench, &mut next).await;
                total += 2;
                if killed {
                    running.kill();
                    running = follow(&bench);
                }
            }
            fs::remove_file(bench.path(&plain)).unwrap();
            looked(&bench, &mut next).await;
            total += 2;
            let run = running.terminate();
            assert_eq!((run.code, run.err.as_str()), (0, ""), "{name}, killed: {killed}: {run:?}");
            assert_eq!(bench.count().await, total, "{name}, killed: {killed}");
            assert_eq!(bench.ingest(&["capture*"]).counts(), (0, 0));
            assert!(!bench.path("capture.rejected").exists());
        }
    }
}

async fn a_cron_job_beside_a_compressor(db: Database) {
    let bench = Bench::new(&db);
    let content = records(0..30);
    let packed = gzip(content.as_bytes());
    bench.write("capture.1", &content);
    for to in [0, 1, 9, 40, packed.len() / 2, packed.len() - 1, packed.len()] {
        bench.write("capture.1.gz", &packed[..to]);
        let run = bench.run(&["-q", "--json", "capture*"]);
        let stored = serde_json::from_str::<serde_json::Value>(&run.out).unwrap()["stored"].clone();
        assert_eq!(stored, if to == 0 { 30 } else { 0 }, "{to} of {}: {run:?}", packed.len());
    }
    fs::remove_file(bench.path("capture.1")).unwrap();
    assert_eq!(bench.ingest(&["capture*"]).counts(), (0, 0));
    assert_eq!(bench.lines().await, numbered(0..30));
}

async fn compressed_data_that_never_gets_its_end(db: Database) {
    let bench = Bench::new(&db);
    let packed = gzip(records(0..3000).as_bytes());
    bench.write("capture.gz", &packed[..packed.len() - 4]);
    let run = bench.run(&["-q", "capture.gz"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("capture.gz: can't be read on"), "{run:?}");
    assert_eq!(bench.count().await, 3000);
    bench.write("capture.gz", &packed);
    assert_eq!(bench.ingest(&["capture.gz"]).counts(), (0, 0));
}

async fn a_shorter_copy_of_what_is_gone(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..5000));
    bench.ingest(&["capture"]);
    fs::remove_file(bench.path("capture")).unwrap();
    for lines in [1, 2, 5, 31, 32] {
        bench.write("copy", records(0..lines));
        assert_eq!(bench.ingest(&["copy"]).counts(), (0, 0), "{lines}");
    }
    // Where there is no mark of each line, most of them are known, and it is said.
    bench.write("copy", records(0..1000));
    let run = bench.run(&["--json", "-q", "copy"]);
    let stored = serde_json::from_str::<serde_json::Value>(&run.out).unwrap()["stored"].as_u64().unwrap();
    assert!(stored < 334 && run.err.contains("begins as a file that was read"), "{run:?}");
}
