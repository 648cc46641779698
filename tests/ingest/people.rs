//! Runs as people really start them: two at once, on pipes, on files that are no captures, beside files that somebody put there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::{Bench, gzip, numbered, record, records, run_of};
use crate::support::{Database, each_backend};

each_backend!(
    two_runs_at_once_store_each_line_once,
    a_file_that_a_run_follows_is_not_read_by_another,
    two_runs_share_a_file_for_rejected_lines,
    what_is_no_regular_file_is_a_stream,
    a_pipe_without_a_writer_ends_at_once_by_a_signal,
    rejected_lines_follow_no_link,
    rejected_lines_are_never_an_input,
    each_compression_is_read,
    what_is_not_read_is_named,
    nothing_recognised_is_said,
    fields_of_the_cases_are_right,
);

/// The input of a case, which is told as commands or is a capture.
fn case(name: &str) -> String {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ingest/cases").join(name).join("input");
    fs::read_to_string(path).unwrap()
}

async fn fields_of_the_cases_are_right(db: Database) {
    let bench = Bench::new(&db);
    bench.write("13", case("13-empty-src-ip"));
    bench.write("15", case("15-telnet-by-system"));
    assert_eq!(bench.ingest(&["13"]).counts(), (1, 0));
    assert_eq!(bench.ingest(&["15"]).counts(), (1, 0));
    let logs = bench.logs().await;
    assert_eq!((logs[0].attacker_ip.as_str(), logs[1].service.as_str()), ("Unknown", "telnet"));
    // 20: the newest file is named first.
    let line = |event: &str, time: &str, more: &str| {
        format!(
            r#"{{"eventid":"cowrie.{event}","sensor":"s","session":"x","timestamp":"2024-04-0{time}"{more}}}"#
        ) + "\n"
    };
    bench.write("cowrie.json", line("login.failed", "3T00:00:01Z", ""));
    bench.write("cowrie.json.2024-04-02", line("session.connect", "2T23:59:59Z", r#","protocol":"telnet""#));
    assert_eq!(bench.ingest(&["cowrie.json", "cowrie.json.2024-04-02"]).counts(), (2, 0));
    let services: Vec<String> = bench.logs().await.into_iter().skip(2).map(|log| log.service).collect();
    assert_eq!(services, ["telnet", "telnet"]);
}

async fn two_runs_at_once_store_each_line_once(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..20_000));
    let runs: Vec<_> = (0..3)
        .map(|_| bench.command(&["-q", "--json", "--batch", "200", "capture"]).spawn().unwrap())
        .collect();
    let runs: Vec<_> = runs.into_iter().map(|run| run_of(run.wait_with_output().unwrap())).collect();
    for run in &runs {
        assert!(matches!(run.code, 0 | 5), "{run:?}");
        assert!(run.code == 0 || run.err.contains("process "), "{}", run.err);
    }
    assert!(runs.iter().any(|run| run.code == 0), "{runs:?}");
    bench.ingest(&["capture"]);
    assert!(bench.lines().await == numbered(0..20_000));
}

async fn a_file_that_a_run_follows_is_not_read_by_another(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    let running = bench.start(&["--follow", "capture"]);
    bench.until_count(10).await;
    // There is nothing to read, and nothing to complain about.
    assert_eq!(bench.ingest(&["capture"]).counts(), (0, 0));
    let id = running.id().to_string();
    fs::write(bench.path("more"), records(10..12)).unwrap();
    // Stopped, it can't read on; but it has not ended.
    assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    bench.append("capture", records(10..12));
    let run = bench.run(&["-q", "capture"]);
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.err.contains(&format!("capture is read by process {id}")), "{}", run.err);
    assert!(Command::new("kill").args(["-CONT", &id]).status().unwrap().success());
    bench.until_count(12).await;
    running.kill();
    bench.append("capture", records(12..13));
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 0));
    assert_eq!(bench.lines().await, numbered(0..13));
}

async fn two_runs_share_a_file_for_rejected_lines(db: Database) {
    let bench = Bench::new(&db);
    let capture = |word: &str| (0..3000).map(|number| format!("{word} {number}\n")).collect::<String>();
    for word in ["a", "b"] {
        bench.write(word, record(word) + &capture(word));
    }
    let runs = ["a", "b"]
        .map(|name| bench.command(&["-q", "--batch", "100", "--rejected", "kept", name]).spawn().unwrap());
    for run in runs {
        let run = run_of(run.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
    }
    let kept = bench.read("kept");
    for word in ["a ", "b "] {
        let lines: String =
            kept.lines().filter(|line| line.starts_with(word)).map(|line| format!("{line}\n")).collect();
        assert!(lines == capture(word.trim()), "{word}");
    }
    assert_eq!(kept.lines().count(), 6000);
}

async fn what_is_no_regular_file_is_a_stream(db: Database) {
    let bench = Bench::new(&db);
    assert!(Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap().success());
    let pipe = bench.path("pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, gzip(records(0..1000).as_bytes())));
    assert_eq!(bench.ingest(&["pipe"]).counts(), (1000, 0));
    writer.join().unwrap().unwrap();
    let run = bench.run_with(&["-q", "--json", "/dev/stdin"], records(1000..1100).as_bytes());
    assert_eq!(run.json()["stored"], 100);
    // A substituted process: a pipe under a name in /dev/fd.
    bench.write("capture", records(1100..1110));
    let plain = bench.command(&["-q", "--json"]);
    let mut shell = Command::new("bash");
    shell.args(["-c", "\"$0\" \"$@\" <(cat capture)"]).arg(plain.get_program()).args(plain.get_args());
    shell.current_dir(plain.get_current_dir().unwrap()).stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    assert_eq!(run_of(shell.output().unwrap()).json()["stored"], 10);
    assert_eq!(bench.lines().await, numbered(0..1110));
}

async fn a_pipe_without_a_writer_ends_at_once_by_a_signal(db: Database) {
    let bench = Bench::new(&db);
    assert!(Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap().success());
    bench.write("capture", "");
    for (round, arguments) in
        (0..).zip([&["capture", "pipe"][..], &["--follow", "capture", "pipe", "missing"]])
    {
        bench.append("capture", records(round..round + 1));
        let running = bench.start(arguments);
        bench.until_count(u64::from(round) + 1).await;
        let started = Instant::now();
        let run = running.terminate();
        assert_eq!(run.code, 0, "{run:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}

async fn rejected_lines_follow_no_link(db: Database) {
    let bench = Bench::new(&db);
    bench.write("victim", "secret\n");
    bench.write("capture", "rubbish\n".to_owned() + &records(0..1));
    let place = bench.path("capture.rejected");
    let fifo = |path: &std::path::Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let kinds: [(&str, &dyn Fn()); 4] = [
        ("soft link", &|| symlink(bench.path("victim"), &place).unwrap()),
        ("hard link", &|| fs::hard_link(bench.path("victim"), &place).unwrap()),
        ("pipe", &|| fifo(&place)),
        ("folder", &|| fs::create_dir(&place).unwrap()),
    ];
    for (kind, make) in kinds {
        make();
        let run = bench.run(&["-q", "capture"]);
        assert_eq!(run.code, 1, "{kind}: {run:?}");
        assert!(run.err.contains("rejected lines can't be kept in capture.rejected"), "{kind}: {}", run.err);
        assert_eq!((bench.read("victim").as_str(), bench.count().await), ("secret\n", 0), "{kind}");
        if kind == "folder" {
            fs::remove_dir(&place).unwrap()
        } else {
            fs::remove_file(&place).unwrap()
        };
    }
    // Nothing passed: with the place free, everything is there.
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 1));
    assert_eq!(bench.read("capture.rejected"), "rubbish\n");
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
}

async fn rejected_lines_are_never_an_input(db: Database) {
    let bench = Bench::new(&db);
    bench.write("cowrie.json", records(0..2) + "not an event\n");
    for night in 0..4 {
        let mut names: Vec<String> = fs::read_dir(bench.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("cowrie.json"))
            .collect();
        names.sort();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let expected = if night == 0 { (2, 1) } else { (0, 1) };
        assert_eq!(bench.ingest(&names).counts(), expected, "night {night}");
        assert_eq!(bench.ingest(&["cowrie.json*"]).counts(), (0, 0), "night {night}");
        bench.append("cowrie.json", "more\n");
    }
    assert_eq!(bench.read("cowrie.json.rejected"), "not an event\nmore\nmore\nmore\n");
    assert!(!bench.path("cowrie.json.rejected.rejected").exists());
    let run = bench.run(&["cowrie.json.rejected"]);
    assert_eq!((run.code, run.err.contains("never taken for a capture")), (2, true), "{run:?}");
}

async fn each_compression_is_read(db: Database) {
    use std::io::Write as _;
    let bench = Bench::new(&db);
    let data = |number: u32| records(number * 10..number * 10 + 10).into_bytes();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&data(1)).unwrap();
    let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz2.write_all(&data(2)).unwrap();
    let padded = [gzip(&data(3)), vec![0; 512]].concat();
    let spoiled = [gzip(&data(4)), b"rubbish".to_vec()].concat();
    let files = [
        ("0", zstd::encode_all(&data(0)[..], 1).unwrap()),
        ("1", xz.finish().unwrap()),
        ("2", bz2.finish().unwrap()),
        ("3", padded),
    ];
    for (name, content) in files {
        bench.write(name, content);
        assert_eq!(bench.ingest(&[name]).counts(), (10, 0), "{name}");
    }
    bench.write("4", spoiled);
    let run = bench.run(&["--json", "-q", "4"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("4: 7 bytes behind the end of the compressed data are ignored"), "{}", run.err);
    assert_eq!(bench.lines().await, numbered(0..50));
    assert_eq!(bench.ingest(&["0", "1", "2", "3"]).counts(), (0, 0));
}

async fn what_is_not_read_is_named(db: Database) {
    let bench = Bench::new(&db);
    let utf16: Vec<u8> =
        format!("\u{feff}{}", records(0..3)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = |big: bool, mark: &str| -> Vec<u8> {
        let units = format!("{mark}{}", records(0..3)).encode_utf16().collect::<Vec<_>>();
        units.into_iter().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let array = format!("[\n{}]\n", records(0..3).replace("}\n", "},\n"));
    for (content, reason) in [
        (utf16, "is UTF-16, which is not read: use iconv"),
        (wide(true, "\u{feff}"), "is UTF-16, which is not read: use iconv -f UTF-16 "),
        (wide(false, ""), "use iconv -f UTF-16LE "),
        (wide(true, ""), "use iconv -f UTF-16BE "),
        (wide(false, "\r\n"), "use iconv -f UTF-16LE "),
        (wide(false, "["), "use iconv -f UTF-16LE "),
        (b"{\0\0\0\"\0\0\0".to_vec(), "is UTF-32, which"),
        (b"[{\"event\": 1},\n{\"event\": 2}]".to_vec(), "is one JSON array, not"),
        (b" \n[ {\"event\": 1} ]\n".to_vec(), "is one JSON array, not"),
        (b"\x04\x22\x4d\x18rest".to_vec(), "is compressed by lz4"),
        (b"\x1f\x9d\x90rest".to_vec(), "is compressed by compress"),
        (b"\x5d\0\0\x80\0rest".to_vec(), "is compressed by lzma"),
        (b"Rar!\x1a\x07".to_vec(), "is a RAR archive"),
        (b"\x89LZO\0\r\n".to_vec(), "is compressed by lzop"),
        (b"\xd4\xc3\xb2\xa1\x02\0".to_vec(), "is a capture of packets"),
        (array.clone().into_bytes(), "is one JSON array, not a line for each event: use jq"),
        (gzip(array.as_bytes()), "is one JSON array"),
        (b"PK\x03\x04zip".to_vec(), "is a zip archive"),
    ] {
        bench.write("capture", &content);
        bench.write("other", record(reason));
        let run = bench.run(&["-q", "capture", "other"]);
        assert_eq!((run.code, run.err.contains(reason)), (2, true), "{run:?}");
        let run = bench.run_with(&["-q", "-"], &content);
        assert_eq!((run.code, run.err.contains(reason)), (2, true), "{run:?}");
    }
    assert_eq!(bench.count().await, 15);
    assert!(!bench.path("capture.rejected").exists());
}

async fn nothing_recognised_is_said(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", "{\"a\":1}\n".repeat(777));
    let run = bench.run(&["-q", "--json", "capture"]);
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &summary["rejected"]), (2, &777.into()), "{run:?}");
    assert!(run.err.contains("no line of it is an event that is known\nhint: "), "{}", run.err);
    bench.append("capture", records(0..1));
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 0));
}
