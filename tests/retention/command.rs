//! `decnet-db prune`.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;

use decnet_db::contract::Log;

use crate::support::{Database, each_backend};
use crate::tool::{Run, Tool};
use crate::world::{event, events, fill};

each_backend!(
    a_dry_run_says_what_would_go,
    nobody_to_ask_means_no,
    an_archive_has_what_was_deleted,
    an_archive_is_read_again,
    kills_lose_and_double_nothing,
    an_archive_of_another_database_is_refused,
    an_archive_follows_no_link,
    mistakes_are_named,
);

fn tool(db: &Database) -> Tool {
    // The tests' server syncs nothing, which would be said.
    Tool::new().set("DECNET_DB_URL", db.url.clone()).set("DECNET_LOG", "error")
}

/// The events of an archive, in its order.
fn archived(path: &Path) -> Vec<Log> {
    let bytes = fs::read(path).unwrap();
    let mut text = String::new();
    match path.extension().and_then(|end| end.to_str()) {
        Some("gz") => drop(flate2::read::MultiGzDecoder::new(&*bytes).read_to_string(&mut text).unwrap()),
        Some("zst") => drop(zstd::Decoder::new(&*bytes).unwrap().read_to_string(&mut text).unwrap()),
        _ => text = String::from_utf8(bytes).unwrap(),
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn refused(run: &Run, code: i32, part: &str) {
    assert_eq!(run.code, code, "{run:?}");
    assert!(run.err.contains(part), "{}", run.err);
}

async fn a_dry_run_says_what_would_go(db: Database) {
    fill(&*db, 1_000).await;
    let tool = tool(&db);
    let json = tool.run(["prune", "--keep", "100", "--dry-run", "--json"]).json();
    assert_eq!(
        (&json["dry_run"], &json["plan"]["events"], &json["plan"]["left"]),
        (&true.into(), &900.into(), &100.into())
    );
    assert_eq!(json["plan"]["oldest"], "2026-01-01T00:00:00Z");
    assert_eq!(json["plan"]["newest"], "2026-01-01T14:59:00Z");
    assert!(json["pruned"].is_null() && json["plan"]["space"]["used"].as_u64().unwrap() > 0, "{json}");
    let text =
        tool.run(["prune", "--older-than", "2026-01-01T00:10:00Z", "--dry-run", "--archive", "a.gz"]).ok();
    assert!(
        text.contains("to go     10 events, from 2026-01-01T00:00:00Z to 2026-01-01T00:09:00Z; 990 stay\n"),
        "{text}"
    );
    assert!(text.ends_with("nothing was changed\n") && !tool.path("a.gz").exists(), "{text}");
    assert_eq!(events(&*db).await.len(), 1_000);
}

async fn nobody_to_ask_means_no(db: Database) {
    fill(&*db, 20).await;
    let tool = tool(&db);
    let run = tool.run(["prune", "--keep", "5"]);
    refused(
        &run,
        2,
        "--yes: needed where nobody can be asked: 15 events will be deleted; nothing was changed",
    );
    assert_eq!(events(&*db).await.len(), 20);
    let text = tool.run(["prune", "--keep", "5", "--yes"]).ok();
    assert!(
        text.contains("deleted   15 events, from 2026-01-01T00:00:00Z to 2026-01-01T00:14:00Z\n"),
        "{text}"
    );
    // Nothing to ask about.
    let json = tool.run(["prune", "--keep", "5", "--json"]).json();
    assert_eq!(json["pruned"]["events"], 0);
    assert_eq!(events(&*db).await.len(), 5);
}

async fn an_archive_has_what_was_deleted(db: Database) {
    for name in ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"] {
        let tool = tool(&db);
        fill(&*db, 3_000).await;
        let before = events(&*db).await;
        // Twice into one file.
        for keep in ["1700", "100"] {
            let json = tool.run(["prune", "--keep", keep, "--archive", name, "--yes", "--json"]).json();
            assert_eq!(json["pruned"]["archived"], json["pruned"]["events"]);
            assert_eq!(json["pruned"]["taken_up"], 0);
        }
        let (stay, mut all) = (events(&*db).await, archived(&tool.path(name)));
        assert_eq!(stay.len(), 100);
        all.sort_by_key(|event| event.id);
        let gone: Vec<Log> = before.into_iter().filter(|event| !stay.contains(event)).collect();
        assert_eq!(all, gone, "{name}");
        assert!(!tool.path(&format!("{name}.unfinished")).exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(tool.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

async fn an_archive_is_read_again(db: Database) {
    for name in ["a.jsonl", "a.gz", "a.zst"] {
        fill(&*db, 2_500).await;
        let (tool, before) = (tool(&db), events(&*db).await);
        assert_eq!(tool.run(["prune", "--keep", "1", "--archive", name, "--yes"]).code, 0);
        let run = tool.run(["ingest", name]);
        assert_eq!(run.code, 0, "{run:?}");
        let mut lines: Vec<_> =
            events(&*db).await.into_iter().map(|event| (event.timestamp, event.raw_line)).collect();
        let mut expected: Vec<_> =
            before.into_iter().map(|event| (event.timestamp, event.raw_line)).collect();
        lines.sort();
        expected.sort();
        assert!(lines == expected, "{name}: {} of {}", lines.len(), expected.len());
    }
}

async fn kills_lose_and_double_nothing(db: Database) {
    const EVENTS: u64 = 20_000;
    for (name, seed) in [("a.jsonl", 1_u64), ("a.zst", 2), ("a.gz", 3)] {
        let tool = tool(&db);
        fill(&*db, EVENTS).await;
        let before = events(&*db).await;
        let arguments = ["prune", "--keep", "500", "--archive", name, "--yes", "--json"];
        let mut random = seed;
        for round in 0..10 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let there = db.get_total_logs(Default::default()).await.unwrap();
            let goal = there.saturating_sub(1 + (random >> 33) % 1_500);
            let mut child =
                tool.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // At another place of the work each time.
            while db.get_total_logs(Default::default()).await.unwrap() > goal.max(500) {
                assert!(
                    child.try_wait().unwrap().is_none(),
                    "{name}: the run ended before it was killed ({round})"
                );
                tokio::task::yield_now().await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            if round % 3 == 0 {
                // What a kill in the middle of a write leaves.
                let mut file = fs::OpenOptions::new().append(true).open(tool.path(name)).unwrap();
                if tool.path(&format!("{name}.unfinished")).exists() && name == "a.jsonl" {
                    std::io::Write::write_all(&mut file, b"{\"id\":1,\"timest").unwrap();
                }
            }
        }
        let json = tool.run(arguments).json();
        assert!(json["pruned"]["events"].as_u64().unwrap() > 0, "{json}");
        let (stay, mut all) = (events(&*db).await, archived(&tool.path(name)));
        assert_eq!(stay, before[before.len() - 500..], "{name}");
        all.sort_by_key(|event| event.id);
        assert!(all == before[..before.len() - 500], "{name}: {} lines", all.len());
        assert!(!tool.path(&format!("{name}.unfinished")).exists());
        assert_eq!(tool.run(arguments).json()["pruned"]["events"], 0);
        // The next form begins with an empty table but for these.
        db.purge_logs_and_bounties().await.unwrap();
    }
}

async fn an_archive_of_another_database_is_refused(db: Database) {
    fill(&*db, 3_000).await;
    let tool = tool(&db);
    let arguments = ["prune", "--keep", "5", "--archive", "a.zst", "--yes"];
    let mut child = tool.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while db.get_total_logs(Default::default()).await.unwrap() == 3_000 {
        assert!(child.try_wait().unwrap().is_none());
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(tool.path("a.zst.unfinished").exists());
    // Other events under the same ids: the last piece has some that are still there.
    let left = events(&*db).await;
    db.purge_logs_and_bounties().await.unwrap();
    for stored in &left {
        let mut other = event(7, "198.51.100.1");
        other.id = Some(stored.id);
        db.add_log(other).await.unwrap();
    }
    let run = tool.run(arguments);
    refused(&run, 2, "it was begun with another database; name another file");
    assert_eq!(events(&*db).await.len(), left.len());
    fs::remove_file(tool.path("a.zst")).unwrap();
    refused(&tool.run(arguments), 3, "was begun by a run that was cut short, and is gone");
    assert_eq!(events(&*db).await.len(), left.len());
}

async fn mistakes_are_named(db: Database) {
    fill(&*db, 10).await;
    let tool = tool(&db);
    refused(&tool.run(["prune", "--yes"]), 2, "required arguments");
    refused(&tool.run(["prune", "--keep", "0", "--yes"]), 2, "0 is not in 1..");
    refused(&tool.run(["prune", "--keep", "1", "--max-size", "1GB", "--yes"]), 2, "cannot be used with");
    refused(&tool.run(["prune", "--older-than", "1 month", "--yes"]), 2, "--older-than: ");
    refused(&tool.run(["prune", "--older-than", "2990-01-01", "--yes"]), 2, "is still to come");
    refused(&tool.run(["prune", "--max-size", "5 parsecs", "--yes"]), 2, "write bytes, or a number with kB");
    fs::write(tool.path("notes"), "no line break").unwrap();
    refused(
        &tool.run(["prune", "--keep", "1", "--archive", "notes", "--yes"]),
        3,
        "it is no archive; name another file",
    );
    fs::write(tool.path("x.gz"), "plain text\n").unwrap();
    refused(
        &tool.run(["prune", "--keep", "1", "--archive", "x.gz", "--yes"]),
        3,
        "is not what its name says",
    );
    refused(
        &tool.run(["prune", "--keep", "1", "--archive", "no/such/folder", "--yes"]),
        1,
        "can't open the archive",
    );
    assert_eq!(events(&*db).await.len(), 10);
}

/// Who may write to the archive's folder doesn't choose by a link what is overwritten.
async fn an_archive_follows_no_link(db: Database) {
    fill(&*db, 10).await;
    let tool = tool(&db);
    let victim = tool.path("victim");
    fs::write(&victim, "a line\n").unwrap();
    let arguments = ["prune", "--keep", "5", "--archive", "a.jsonl", "--yes"];
    let place = tool.path("a.jsonl");
    symlink(&victim, &place).unwrap();
    refused(&tool.run(arguments), 1, "it is a symbolic link: name the file itself");
    fs::remove_file(&place).unwrap();
    fs::hard_link(&victim, &place).unwrap();
    refused(&tool.run(arguments), 1, "it has another name elsewhere");
    fs::remove_file(&place).unwrap();
    // Neither is one followed where the note about the archive is made.
    symlink(&victim, tool.path("a.jsonl.unfinished.new")).unwrap();
    assert_eq!(tool.run(arguments).code, 0);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "a line\n");
    assert_eq!((events(&*db).await.len(), archived(&place).len()), (5, 5));
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
}
