//! What an export of all attackers needs: time, and memory that must not grow with the table.
//!
//!     cargo bench --bench export

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench")]

use std::time::Instant;

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::Attacker;
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;

const BATCH: u32 = 1_000;

fn attacker(number: u32) -> Changeset<Attacker> {
    let seen = Timestamp::from_microseconds(1_767_225_600_000_000 + i64::from(number)).unwrap();
    let [a, b, c, d] = number.to_be_bytes();
    Changeset::new()
        .set(Attacker::IP, format!("{}.{b}.{c}.{d}", 10 + a))
        .set(Attacker::FIRST_SEEN, seen)
        .set(Attacker::LAST_SEEN, seen)
        .set(Attacker::SERVICES, r#"["ssh", "http"]"#)
        .set(Attacker::COMMANDS, r#"[{"service": "ssh", "command": "uname -a"}]"#)
}

async fn fill(repository: &dyn Repository, from: u32, to: u32) {
    for start in (from..to).step_by(BATCH as usize) {
        let unit = (start..(start + BATCH).min(to))
            .fold(repository.unit(), |unit, number| unit.upsert_attacker(attacker(number)));
        unit.commit().await.unwrap();
    }
}

/// A line of the process's memory, in MiB: `VmRSS:` is now, `VmHWM:` the most since the last [`forget_peak`].
fn memory(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn forget_peak() {
    // Linux only, and not everywhere allowed; then the peak is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(folder.path().join("bench.db")).unwrap();
    let repository = decnet_db::connect_with(&Config::new(url)).await.unwrap();
    repository.initialize().await.unwrap();
    println!(
        "{:>10} {:>10} {:>10} {:>12} {:>10}",
        "attackers", "exported", "seconds", "before MiB", "peak MiB"
    );
    let mut stored = 0;
    for count in [2_000, 20_000, 200_000] {
        fill(&*repository, stored, count).await;
        stored = count;
        forget_peak();
        let before = memory("VmRSS:");
        let started = Instant::now();
        let (mut exported, mut after) = (0, None);
        loop {
            let page = repository.export_attackers(1_000, after).await.unwrap();
            exported += page.data.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{count:>10} {exported:>10} {seconds:>10.2} {before:>12.1} {:>10.1}", memory("VmHWM:"));
    }
    repository.close().await;
}
