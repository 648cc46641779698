//! What was asked for and answered, and whether the database agrees.

use std::collections::{BTreeMap, BTreeSet};

use crate::operation::{Kind, Operation, domain};

/// How an operation ended, as its caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// No answer, or one that says that nobody knows.
    Open,
    /// Done, says the answer.
    Done,
    /// Nothing was written, says the answer.
    Nothing,
}

/// All operations of a database's life.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    ends: BTreeMap<Operation, End>,
}

/// What is in the database.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The events' ids and lines.
    pub(crate) events: Vec<(i64, String)>,
    /// The payloads of the bounties.
    pub(crate) bounties: Vec<String>,
    /// Keys and values.
    pub(crate) state: Vec<(String, String)>,
    /// The attackers' addresses.
    pub(crate) attackers: Vec<String>,
    /// What is counted, and how often it was.
    pub(crate) counters: Vec<(String, i64)>,
}

impl History {
    /// Notes that an operation begins, or how it ended.
    pub(crate) fn note(&mut self, operation: Operation, end: End) {
        self.ends.insert(operation, end);
    }

    /// Those that the database shows by rows of their own: where a write is whole or not there at all.
    pub(crate) fn shown(found: &Found) -> BTreeSet<Operation> {
        let events = found.events.iter().filter_map(|(_, line)| Some(line.split_once('/')?.0));
        let bounties = found.bounties.iter().filter_map(|payload| writer(payload));
        events.chain(bounties).filter_map(|name| name.parse().ok()).collect()
    }

    /// How many were acknowledged.
    pub(crate) fn done(&self) -> usize {
        self.ends.values().filter(|end| **end == End::Done).count()
    }

    /// How many nobody knows the end of.
    pub(crate) fn open(&self) -> usize {
        self.ends.values().filter(|end| **end == End::Open).count()
    }

    /// How many of a process's operations were acknowledged, and how many nobody knows the end of.
    pub(crate) fn ends_of(&self, process: u64) -> (usize, usize) {
        let ends = self.ends.iter().filter(|(operation, _)| operation.task.0 == process);
        ends.fold((0, 0), |(done, open), (_, end)| match end {
            End::Done => (done + 1, open),
            End::Open => (done, open + 1),
            End::Nothing => (done, open),
        })
    }

    /// What the database has that it must not have, and lacks that it must have.
    pub(crate) fn faults(&self, found: &Found) -> Vec<String> {
        let mut faults = Vec::new();
        let mut events: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, line) in &found.events {
            *events.entry(line).or_default() += 1;
        }
        faults.extend(
            events.iter().filter(|(_, n)| **n > 1).map(|(line, n)| format!("{line} is there {n} times")),
        );
        let mut stored: BTreeMap<&str, u64> = BTreeMap::new();
        for line in events.keys() {
            match line.split_once('/') {
                Some((name, _)) => *stored.entry(name).or_default() += 1,
                None => faults.push(format!("nobody wrote {line}")),
            }
        }
        let mut bounties: BTreeMap<&str, u64> = BTreeMap::new();
        for payload in &found.bounties {
            *bounties.entry(writer(payload).unwrap_or(payload)).or_default() += 1;
        }
        for name in stored.keys().chain(bounties.keys()) {
            if !name.parse::<Operation>().is_ok_and(|operation| self.ends.contains_key(&operation)) {
                faults.push(format!("nobody wrote {name}"));
            }
        }
        let mut positions: BTreeMap<String, u64> = BTreeMap::new();
        for (operation, end) in &self.ends {
            let name = operation.to_string();
            let events = stored.get(&*name).copied().unwrap_or_default();
            let bounties = bounties.get(&*name).copied().unwrap_or_default();
            let (whole, nothing) = match operation.kind {
                Kind::Event | Kind::Batch => (events == operation.events(), events == 0),
                Kind::Unit => (events == operation.events() && bounties == 1, events == 0 && bounties == 0),
                Kind::Guarded => (bounties == 1, bounties == 0),
                Kind::Attacker | Kind::Counter => continue,
            };
            let what = format!("{name} ({events} of {} events, {bounties} bounties)", operation.events());
            match (end, whole, nothing) {
                (_, false, false) => faults.push(format!("{what} is torn or doubled")),
                (End::Done, false, true) => faults.push(format!("{what} was acknowledged and is not there")),
                (End::Nothing, true, false) => faults.push(format!("{what} was refused and is there")),
                _ => {}
            }
            if operation.kind == Kind::Unit && whole {
                let last = positions.entry(operation.position_key()).or_default();
                *last = (*last).max(operation.number);
            }
        }
        let state: BTreeMap<String, u64> =
            found.state.iter().filter_map(|(key, value)| Some((key.clone(), value.parse().ok()?))).collect();
        if state != positions {
            let differ = |key: &&String| state.get(*key) != positions.get(*key);
            for key in state.keys().chain(positions.keys()).filter(differ) {
                faults.push(format!(
                    "{key} is {:?}, and the last unit that is there says {:?}",
                    state.get(key),
                    positions.get(key)
                ));
            }
        }
        self.attackers(found, &mut faults);
        self.counters(found, &mut faults);
        faults
    }

    fn attackers(&self, found: &Found, faults: &mut Vec<String>) {
        let mut there: BTreeMap<&str, u64> = BTreeMap::new();
        for ip in &found.attackers {
            *there.entry(ip).or_default() += 1;
        }
        faults.extend(
            there.iter().filter(|(_, n)| **n > 1).map(|(ip, n)| format!("attacker {ip} is there {n} times")),
        );
        for (operation, end) in &self.ends {
            let ip = format!("ip-{}", operation.size);
            if operation.kind == Kind::Attacker && *end == End::Done && !there.contains_key(&*ip) {
                faults.push(format!("{operation} was acknowledged and is not there"));
            }
        }
    }

    fn counters(&self, found: &Found, faults: &mut Vec<String>) {
        let mut counts: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (operation, end) in self.ends.iter().filter(|(operation, _)| operation.kind == Kind::Counter) {
            let (least, most) = counts.entry(domain(operation.size)).or_default();
            *least += i64::from(*end == End::Done);
            *most += i64::from(*end != End::Nothing);
        }
        let there: BTreeMap<&str, i64> = found.counters.iter().map(|(name, n)| (&**name, *n)).collect();
        faults.extend(
            there
                .keys()
                .filter(|name| !counts.contains_key(**name))
                .map(|name| format!("nobody counted {name}")),
        );
        for (name, (least, most)) in counts {
            let count = there.get(&*name).copied().unwrap_or_default();
            if !(least..=most).contains(&count) {
                faults.push(format!("{name} was counted {least} to {most} times and says {count}"));
            }
        }
    }
}

/// Fails with the first of the faults, where there are some.
pub(crate) fn no_faults(faults: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(
        faults.is_empty(),
        "{} faults, such as:\n{}",
        faults.len(),
        faults[..faults.len().min(10)].join("\n")
    );
    Ok(())
}

/// Who wrote a bounty.
fn writer(payload: &str) -> Option<&str> {
    payload.strip_prefix(r#"{"by":""#)?.strip_suffix(r#""}"#)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn history(ends: &[(&str, End)]) -> History {
        let mut history = History::default();
        for (name, end) in ends {
            history.note(name.parse().unwrap(), *end);
        }
        history
    }

    fn found(events: &[&str]) -> Found {
        let events =
            events.iter().enumerate().map(|(id, line)| (id as i64 + 1, (*line).to_owned())).collect();
        Found { events, ..Found::default() }
    }

    #[test]
    fn each_fault_is_seen() {
        let one = |end| history(&[("b2-0.0.0", end)]);
        let whole = ["b2-0.0.0/0", "b2-0.0.0/1"];
        assert_eq!(one(End::Done).faults(&found(&whole)), [""; 0]);
        assert_eq!(one(End::Open).faults(&found(&[])), [""; 0]);
        assert!(one(End::Done).faults(&found(&[]))[0].contains("acknowledged"));
        assert!(one(End::Open).faults(&found(&whole[..1]))[0].contains("torn"));
        assert!(one(End::Nothing).faults(&found(&whole))[0].contains("refused"));
        assert!(one(End::Done).faults(&found(&[whole[0], whole[1], whole[1]]))[0].contains("2 times"));
        assert!(one(End::Done).faults(&found(&[whole[0], whole[1], "e1-9.9.9/0"]))[0].contains("nobody"));

        let unit = history(&[("u1-0.0.0", End::Done)]);
        let mut stored = found(&["u1-0.0.0/0"]);
        assert!(unit.faults(&stored)[0].contains("torn"));
        stored.bounties.push(r#"{"by":"u1-0.0.0"}"#.to_owned());
        assert!(unit.faults(&stored)[0].contains("position 0.0"));
        stored.state.push(("position 0.0".to_owned(), "0".to_owned()));
        assert_eq!(unit.faults(&stored), [""; 0]);

        let counted = history(&[("c1-0.0.0", End::Done), ("c1-0.0.1", End::Open)]);
        for (count, fits) in [(0, false), (1, true), (2, true), (3, false)] {
            let stored = Found { counters: vec![("d1.example".to_owned(), count)], ..Found::default() };
            assert_eq!(counted.faults(&stored).is_empty(), fits, "{count}");
        }
        let seen = history(&[("a7-0.0.0", End::Done)]);
        let with = |ips: &[&str]| Found {
            attackers: ips.iter().map(|ip| (*ip).to_owned()).collect(),
            ..Found::default()
        };
        assert_eq!(seen.faults(&with(&["ip-7"])), [""; 0]);
        assert_eq!(seen.faults(&with(&[])).len(), 1);
        assert_eq!(seen.faults(&with(&["ip-7", "ip-7"])).len(), 1);
    }
}
