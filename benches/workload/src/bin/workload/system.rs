//! What the system says about this process and the machine. Linux; elsewhere the figures are absent.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use serde_json::json;

use crate::measure::Bench;
use crate::results::{milliseconds, percentile};

/// CPU time of this process with all its threads, in seconds.
pub(crate) fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn ticks_to_seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// CPU time of another process, in seconds.
pub(crate) fn cpu_seconds_of(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may contain anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    ticks_to_seconds(fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum())
}

/// CPU time that the whole machine has spent working, in seconds.
pub(crate) fn machine_cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).take(8).filter_map(|t| t.parse().ok()).collect();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    Some(ticks_to_seconds(ticks.iter().sum::<u64>() - idle))
}

pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A line of a process's memory, in MiB: `VmRSS:` is now, `VmHWM:` the most so far.
fn memory_mb(process: &str, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The most memory that this process has had, in MiB, since [`forget_peak`].
pub(crate) fn peak_rss_mb() -> f64 {
    memory_mb("self", "VmHWM:")
}

/// The most memory that this process has ever had, in MiB.
pub(crate) fn peak_rss_of_run_mb() -> f64 {
    peak_rss_mb().max(FORGOTTEN.load(Ordering::Relaxed) as f64 / 1024.0)
}

pub(crate) fn rss_mb() -> f64 {
    memory_mb("self", "VmRSS:")
}

pub(crate) fn server_memory_mb(pid: u32) -> (f64, f64) {
    let process = pid.to_string();
    (memory_mb(&process, "VmHWM:"), memory_mb(&process, "VmRSS:"))
}

/// The highest of the peaks that were forgotten, in KiB.
static FORGOTTEN: AtomicU64 = AtomicU64::new(0);

/// The peak counts from now on. Not everywhere allowed; then it stays that of the whole run.
pub(crate) fn forget_peak() {
    FORGOTTEN.fetch_max((peak_rss_mb() * 1024.0) as u64, Ordering::Relaxed);
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The machine's load averages.
pub(crate) fn load() -> Vec<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).filter_map(|number| number.parse().ok()).collect()
}

/// Now, as ISO 8601 with whole seconds.
pub(crate) fn now() -> String {
    let now = decnet_db::time::Timestamp::try_from(SystemTime::now());
    now.map(|now| now.to_sql_text().replace(' ', "T")[..19].to_owned() + "+00:00").unwrap_or_default()
}

/// What a write of 4 KiB costs until it is on disk: the middle one of 50, in milliseconds.
fn fdatasync_ms(folder: &Path) -> Option<f64> {
    let path = folder.join(format!("fsync-{}.probe", std::process::id()));
    let mut file = File::options().create_new(true).write(true).open(&path).ok()?;
    let times = (0..50).map(|_| {
        let started = Instant::now();
        file.write_all(&[b'x'; 4096]).and_then(|()| file.sync_data()).ok()?;
        Some(started.elapsed().as_secs_f64())
    });
    let times: Option<Vec<f64>> = times.collect();
    let _ = std::fs::remove_file(&path);
    let mut times = times?;
    times.sort_by(f64::total_cmp);
    percentile(&times, 0.5).map(|seconds| milliseconds(seconds, 3))
}

/// Notes what the run runs on.
pub(crate) fn describe(bench: &mut Bench, folder: &Path) {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    bench.about("cpus", json!(processors()));
    bench.about("cpu_model", json!(model.map(|(_, name)| name.trim())));
    bench.about("started", json!(now()));
    bench.about("load_before", json!(load()));
    bench.about("fdatasync_p50_ms", json!(fdatasync_ms(folder)));
}
