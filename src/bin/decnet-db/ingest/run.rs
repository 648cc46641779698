//! Who reads: a run as other runs on this machine and elsewhere know it.

use serde::{Deserialize, Serialize};

/// A run of the tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunId {
    /// The name of the machine.
    pub(crate) host: String,
    /// Which boot of which machine, and which space of process numbers there; empty where that is not known.
    machine: String,
    /// The number of the process, and when it began, which tells it from a later one of that number.
    pub(crate) process: u32,
    began: u64,
}

impl RunId {
    /// This run.
    pub(crate) fn this() -> Self {
        let text = |path: &str| std::fs::read_to_string(path).map(|text| text.trim().to_owned());
        let boot = text("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let machine = if boot.is_empty() { boot } else { format!("{boot} {}", space.display()) };
        let process = std::process::id();
        Self {
            host: text("/proc/sys/kernel/hostname").unwrap_or_default(),
            machine,
            process,
            began: began(process).unwrap_or_default(),
        }
    }

    /// Whether it is another run on this machine that has not ended.
    ///
    /// That is known on Linux, which has /proc. Elsewhere, and between machines, the comparison in each commit has to do: it is what
    /// stores each line once; this only spares a run that would lose it.
    pub(crate) fn is_running_beside(&self, this: &Self) -> bool {
        let here = !self.machine.is_empty() && self.machine == this.machine;
        here && self.process != this.process && self.began != 0 && began(self.process) == Some(self.began)
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.as_str() {
            "" => write!(f, "process {}", self.process),
            host => write!(f, "process {} on {host}", self.process),
        }
    }
}

/// When a process began, in ticks since the machine did; `None` when there is no such process any more.
fn began(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second member is the program's name in parentheses, which may have any characters.
    let mut members = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = members.next()?;
    // A zombie reads nothing any more.
    if matches!(state, "Z" | "X") { None } else { members.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_run_is_known_while_it_runs() {
        let this = RunId::this();
        assert!(this.began > 0 && !this.is_running_beside(&this));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let began = super::began(child.id()).unwrap();
        let other = RunId { process: child.id(), began, ..this.clone() };
        assert!(other.is_running_beside(&this));
        assert!(!RunId { began: began + 1, ..other.clone() }.is_running_beside(&this));
        assert!(!RunId { machine: "elsewhere".to_owned(), ..other.clone() }.is_running_beside(&this));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!other.is_running_beside(&this));
    }
}
