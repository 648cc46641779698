//! What the processors did meanwhile, as the kernel counts it; zeros where there is no `/proc`.

use std::fs;

use cpu_time::ProcessTime;

/// Processor time used so far, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    own: f64,
    server: f64,
    busy: f64,
    all: f64,
}

/// What was used between two moments.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// By this process, in seconds.
    pub(crate) own: f64,
    /// By the database server, in seconds.
    pub(crate) server: f64,
    /// By anything else, as a share of the machine.
    pub(crate) other: f64,
}

/// The kernel's ticks in a second: fixed for what it shows to programs.
const TICKS: f64 = 100.0;

impl Load {
    pub(crate) fn now(server: Option<u32>) -> Self {
        let (busy, all) = machine().unwrap_or_default();
        Self {
            own: ProcessTime::now().as_duration().as_secs_f64(),
            server: server.and_then(|pid| process(&pid.to_string())).unwrap_or_default(),
            busy,
            all,
        }
    }

    pub(crate) fn until(self, end: Self) -> Used {
        let (own, server) = (end.own - self.own, end.server - self.server);
        let all = end.all - self.all;
        let other =
            if all > 0.0 { ((end.busy - self.busy - own - server) / all).clamp(0.0, 1.0) } else { 0.0 };
        Used { own, server, other }
    }
}

/// User and system time of a process with its threads.
fn process(pid: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold blanks.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS)
}

/// Busy and all time of all processors.
fn machine() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let times: Vec<f64> = stat
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .take(8)
        .filter_map(|field| field.parse().ok())
        .collect();
    let all: f64 = times.iter().sum();
    let idle = times.get(3)? + times.get(4)?;
    Some(((all - idle) / TICKS, all / TICKS))
}

/// The most memory that this process had, in MiB.
pub(crate) fn peak_rss() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}
