//! The hosts of the URL, and what is remembered of each: which one is in use, which failed a moment ago.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mysql_async::{Conn, Error as Wire, Opts};
use parking_lot::Mutex;
use tokio::time::timeout;

/// How long a host that failed, or that takes no writes, is passed over while there are others; it doubles with each
/// failure that follows.
const PENALTY: Duration = Duration::from_secs(10);
const MAX_PENALTY: Duration = Duration::from_secs(60);
/// How long a host has to let a probe in: less than a caller wants to wait, more than a login takes on a busy server.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// What a probe found so recently still holds.
const PROBE_FRESH: Duration = Duration::from_secs(2);
/// No host is in use yet.
const NONE: usize = usize::MAX;

/// The hosts of one open database. Clones share what is remembered.
#[derive(Clone)]
pub(crate) struct Hosts {
    list: Arc<[Arc<Host>]>,
    current: Arc<AtomicUsize>,
}

/// One host: its place in the URL, and its recent past.
pub(crate) struct Host {
    position: usize,
    name: String,
    /// Whether there are others to go to.
    has_alternatives: bool,
    probe: Opts,
    past: Mutex<Past>,
    /// Several connections that wait for the same host ask it once.
    probing: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

#[derive(Debug, Default)]
struct Past {
    avoided_until: Option<Instant>,
    failures: u32,
}

impl Hosts {
    /// Each host's name, and the options with which it is probed.
    pub(crate) fn new(hosts: Vec<(String, Opts)>) -> Self {
        let has_alternatives = hosts.len() > 1;
        let host = |(position, (name, probe))| {
            let (past, probing) = (Mutex::default(), tokio::sync::Mutex::default());
            Arc::new(Host { position, name, has_alternatives, probe, past, probing })
        };
        let list = hosts.into_iter().enumerate().map(host).collect();
        Self { list, current: Arc::new(AtomicUsize::new(NONE)) }
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Arc<Host>] {
        &self.list
    }

    pub(crate) fn has_alternatives(&self) -> bool {
        self.list.len() > 1
    }

    /// The host that new connections go to, and that the pool's connections are at.
    pub(crate) fn current(&self) -> Option<&Arc<Host>> {
        self.list.get(self.current.load(Ordering::Acquire))
    }

    /// From now on connections go to this host; those at others are closed when they come back.
    pub(crate) fn choose(&self, host: &Host) {
        let before = self.current.swap(host.position, Ordering::AcqRel);
        if before != host.position && before != NONE {
            let from = self.list.get(before).map_or("", |host| host.name.as_str());
            tracing::warn!(from, to = host.name, "another database server is in use from now on");
            metrics::counter!("decnet_db.failovers").increment(1);
        }
    }

    /// The order in which hosts are tried: the one in use, the others in the URL's order, those that failed just now.
    pub(crate) fn order(&self) -> Vec<Arc<Host>> {
        let current = self.current.load(Ordering::Acquire);
        let mut order: Vec<_> = self.list.to_vec();
        order.sort_by_key(|host| (host.is_avoided(), host.position != current, host.position));
        order
    }

    /// The hosts that the URL prefers to the one in use and that may be fit again.
    pub(crate) fn preferred(&self) -> Vec<Arc<Host>> {
        let current = self.current.load(Ordering::Acquire);
        let before = |host: &&Arc<Host>| current != NONE && host.position < current && !host.is_avoided();
        self.list.iter().filter(before).cloned().collect()
    }
}

impl Host {
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn has_alternatives(&self) -> bool {
        self.has_alternatives
    }

    /// Whether the host failed a moment ago.
    pub(crate) fn is_avoided(&self) -> bool {
        self.past.lock().avoided_until.is_some_and(|until| Instant::now() < until)
    }

    /// The host failed, or can't do what is asked of it: for a while others are tried first.
    pub(crate) fn avoid(&self) {
        if !self.has_alternatives {
            return;
        }
        let now = Instant::now();
        let mut past = self.past.lock();
        // What many connections notice at once is one failure.
        if past.avoided_until.is_some_and(|until| now < until) {
            return;
        }
        let penalty = (PENALTY * (1 << past.failures.min(8))).min(MAX_PENALTY);
        past.failures += 1;
        past.avoided_until = Some(now + penalty);
        tracing::debug!(host = self.name, seconds = penalty.as_secs(), "a database server is passed over");
    }

    /// The host is fit for what is asked of it.
    pub(crate) fn is_fit(&self) {
        *self.past.lock() = Past::default();
    }

    /// Whether the server lets somebody in within a few seconds. What keeps a statement waiting, such as a row lock, does
    /// not keep it from that; a frozen server, or one that the network lost, answers nobody.
    pub(crate) async fn answers(&self) -> bool {
        let mut last = self.probing.lock().await;
        if let Some((moment, answers)) = *last
            && moment.elapsed() < PROBE_FRESH
        {
            return answers;
        }
        let answers = match timeout(PROBE_TIMEOUT, Conn::new(self.probe.clone())).await {
            Ok(Ok(conn)) => {
                let _ = timeout(PROBE_TIMEOUT, conn.disconnect()).await;
                true
            }
            // Whatever it says, it said something.
            Ok(Err(error)) => !matches!(error, Wire::Io(_)),
            Err(_) => false,
        };
        *last = Some((Instant::now(), answers));
        answers
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list.iter()).finish()
    }
}

/// Without the options, which hold the password.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(hosts: &[Arc<Host>]) -> Vec<&str> {
        hosts.iter().map(|host| host.name()).collect()
    }

    fn hosts(names: &[&str]) -> Hosts {
        Hosts::new(names.iter().map(|name| ((*name).to_owned(), Opts::default())).collect())
    }

    #[test]
    fn the_host_in_use_comes_first_and_those_that_failed_last() {
        let hosts = hosts(&["a", "b", "c"]);
        assert_eq!(names(&hosts.order()), ["a", "b", "c"]);
        hosts.all()[0].avoid();
        assert_eq!(names(&hosts.order()), ["b", "c", "a"]);
        hosts.choose(&hosts.all()[2]);
        assert_eq!(names(&hosts.order()), ["c", "b", "a"]);
        assert_eq!(names(&hosts.preferred()), ["b"], "a failed just now");
        hosts.all()[0].is_fit();
        assert_eq!(names(&hosts.preferred()), ["a", "b"]);
    }

    #[test]
    fn a_host_without_others_is_never_passed_over() {
        let hosts = hosts(&["a"]);
        hosts.all()[0].avoid();
        assert!(!hosts.all()[0].is_avoided() && !hosts.has_alternatives());
    }

    #[test]
    fn what_is_noticed_by_many_is_one_failure() {
        let hosts = hosts(&["a", "b"]);
        (0..50).for_each(|_| hosts.all()[0].avoid());
        assert_eq!(hosts.all()[0].past.lock().failures, 1);
    }
}
