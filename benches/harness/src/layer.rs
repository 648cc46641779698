//! What a storage layer has to be able to do to be measured.

use anyhow::Result;

use decnet_db_workload::{Attacker, Bounty, KEY_VALUE_SEARCH, Log, TOKEN};

/// The two searches of the workload, in the words of decnet-db's search language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// `service:ssh username:root`: a column and a member of the JSON text in `fields`.
    Members,
    /// `zx9probe` anywhere in line, decky, service or address, ASCII letters in either case.
    Text,
}

impl Search {
    /// The search as text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Members => KEY_VALUE_SEARCH,
            Self::Text => TOKEN,
        }
    }
}

/// A storage layer under measurement.
///
/// The associated types are the rows in the form that the layer takes; they are made outside the measured time. Reads
/// return how many rows they got, after they have made owned records of all columns.
pub trait Layer: Send + Sync + Sized + 'static {
    /// A log row.
    type Log: Send;
    /// A bounty.
    type Bounty: Send;
    /// An attacker.
    type Attacker: Send;
    /// A named JSON value.
    type State: Send;

    /// Whether the layer has no queue that puts the writes of several callers into one commit, and stands for the
    /// engine: then [`add_group`](Self::add_group) takes the place of 64 callers.
    const GROUPS: bool = false;

    /// Opens a database that has its tables.
    fn open(url: &str) -> impl Future<Output = Result<Self>> + Send;

    /// The row in the layer's form.
    fn log(row: Log) -> Result<Self::Log>;
    /// The bounty in the layer's form.
    fn bounty(row: Bounty) -> Result<Self::Bounty>;
    /// The attacker in the layer's form.
    fn attacker(row: Attacker) -> Result<Self::Attacker>;
    /// The named value, which is JSON text, in the layer's form.
    fn state(key: String, value: String) -> Result<Self::State>;

    /// Stores one row in a commit of its own.
    fn add_log(&self, log: Self::Log) -> impl Future<Output = Result<()>> + Send;
    /// Stores rows in one commit, in the fastest way.
    fn add_logs(&self, logs: Vec<Self::Log>) -> impl Future<Output = Result<()>> + Send;
    /// Stores rows in one commit by one statement each, as a queue in front of the engine would.
    fn add_group(&self, logs: Vec<Self::Log>) -> impl Future<Output = Result<()>> + Send {
        self.add_logs(logs)
    }
    /// A page of rows, newest first.
    fn get_logs(
        &self,
        limit: u64,
        offset: u64,
        search: Option<Search>,
    ) -> impl Future<Output = Result<usize>> + Send;
    /// How many rows there are, or match.
    fn get_total_logs(&self, search: Option<Search>) -> impl Future<Output = Result<u64>> + Send;
    /// How many intervals of so many minutes have rows.
    fn get_log_histogram(&self, minutes: i64) -> impl Future<Output = Result<usize>> + Send;
    /// Rows, distinct sources, running deckies, all deckies.
    fn get_stats_summary(&self) -> impl Future<Output = Result<[u64; 4]>> + Send;
    /// The rows behind an id, ids ascending.
    fn get_logs_after_id(&self, id: i64, limit: u64) -> impl Future<Output = Result<usize>> + Send;
    /// A page of bounties, newest first.
    fn get_bounties(&self, limit: u64) -> impl Future<Output = Result<usize>> + Send;
    /// A page of attackers, those seen last first, with the JSON of their lists decoded or kept as text.
    fn get_attackers(&self, limit: u64) -> impl Future<Output = Result<usize>> + Send;
    /// Whether there is a user of that name, whose columns were read.
    fn get_user_by_username(&self, name: &str) -> impl Future<Output = Result<bool>> + Send;
    /// Whether there is a value of that name, which was read.
    fn get_state(&self, key: &str) -> impl Future<Output = Result<bool>> + Send;
    /// Stores a named value in place of the one that is there.
    fn set_state(&self, state: Self::State) -> impl Future<Output = Result<()>> + Send;
    /// Stores an attacker, or replaces what is known about its address.
    fn upsert_attacker(&self, attacker: Self::Attacker) -> impl Future<Output = Result<()>> + Send;
    /// Stores a bounty, unless its source left the same one before.
    fn add_bounty(&self, bounty: Self::Bounty) -> impl Future<Output = Result<()>> + Send;
}
