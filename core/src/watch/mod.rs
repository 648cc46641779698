//! A change feed: the events that are stored from now on, or since a token, as a stream. An extension of this library's own
//! beside DECNET's contract.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use decnet_db_core::contract::Repository;
//! use decnet_db_core::watch::{Watch, watch};
//!
//! # async fn f(repository: Arc<dyn Repository>) -> decnet_db_core::Result<()> {
//! let mut watcher = watch(&repository, Watch::new().search("service:ssh")).await?;
//! while let Some(event) = watcher.next().await {
//!     match event {
//!         Ok(event) => println!("{} {}", event.attacker_ip, event.raw_line),
//!         // The stream goes on without loss when the database is there again.
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! let token = watcher.token().to_string();
//! // … and after a restart:
//! let watcher = watch(&repository, Watch::new().search("service:ssh").after(token.parse()?)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! Every event that matches comes once, whoever stored it, in the order in which the database shows them: none is lost, and
//! none comes twice, also not across a restart with a [`Token`].
//!
//! - Events of this repository wake the stream at once. Those of other programs, or of another repository of this program, are seen
//!   within some 30 ms on SQLite (whose file tells that somebody has written), and within [`poll`](Watch::poll) elsewhere.
//! - One task reads for all watchers of a repository, however many there are, and each filter is applied once to what it read. It
//!   keeps some 30,000 events at most: a watcher that is slower reads on from the database by itself, and nobody waits for it.
//! - Servers give ids before a transaction commits, so an event may appear behind events with higher ids
//!   ([`get_logs_after_id`](crate::contract::Logs::get_logs_after_id) misses it for ever). The feed remembers the ids that are missing
//!   and looks at them again, so such an event comes late, but once. That goes on for
//!   [`patience`](Watch::patience): an event of a transaction that stays open for longer after higher ids were seen does not come. Of
//!   missing ids 10,000 runs are remembered; where there are more, a warning says how many were given up.
//! - Deleting old events does not disturb it. When the table was cleared, the events that come then are new, also where SQLite gives
//!   them the ids that were there before. Where the event that a token ends at is not there any more, on SQLite, but events with lower
//!   ids are, the table is taken for one that was cleared and filled again, and all of it comes.
//! - Events that a caller gives an id of its own below those that are there are not seen.
//! - When the database can't be read, the stream says so once, waits, and goes on. [`close`](Repository::close) ends it; no task is left
//!   when all watchers are dropped, or the repository is closed.
//!
//! Whether an event matches is decided here and not by the engine, alike on all of them: text is compared exactly, and a member
//! of `fields` as it is spelled; of one that is there several times, the first.

mod feed;
mod filter;
mod position;
mod ring;
mod round;
mod signature;
mod token;
mod watcher;

use std::sync::Arc;
use std::time::Duration;

use self::feed::{Feed, Settings};
use self::position::Position;
pub use self::token::Token;
pub use self::watcher::Watcher;
use crate::contract::search::Search;
use crate::contract::{LogFilter, Repository};
use crate::error::{Error, Result};

/// What is watched, and from where on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Watch {
    /// Which events.
    pub filter: LogFilter,
    /// From where on.
    pub from: StartAt,
    /// How often others' events are looked for where the engine does not tell of them; 500 ms unless given, 10 ms at least and a
    /// minute at most. The shortest of all watchers of a repository holds for all.
    pub poll: Duration,
    /// How long an event with a missing id may still come; 60 s unless given, a day at most. The longest of all watchers
    /// of a repository holds for all.
    pub patience: Duration,
}

/// Where a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartAt {
    /// With the first event that there is.
    First,
    /// With what is stored from now on.
    Now,
    /// Behind where another watcher was.
    Token(Token),
}

impl Watch {
    /// All events from now on.
    pub fn new() -> Self {
        Self {
            filter: LogFilter::all(),
            from: StartAt::Now,
            poll: Duration::from_millis(500),
            patience: Duration::from_secs(60),
        }
    }

    /// Only events that a text in the [search language](crate::contract::search) finds.
    #[must_use]
    pub fn search(mut self, search: impl Into<Search>) -> Self {
        self.filter.search = Some(search.into());
        self
    }

    /// Only these events.
    #[must_use]
    pub fn filter(mut self, filter: LogFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Those that come behind the token.
    #[must_use]
    pub fn after(mut self, token: Token) -> Self {
        self.from = StartAt::Token(token);
        self
    }

    /// Those that are there already too, from the first one on.
    #[must_use]
    pub fn from_start(mut self) -> Self {
        self.from = StartAt::First;
        self
    }

    /// Sets [`poll`](Self::poll).
    #[must_use]
    pub fn poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// Sets [`patience`](Self::patience).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

/// Begins to watch: what is stored after this returns comes, unless the watch begins elsewhere.
///
/// Must be called within a Tokio runtime, which the task runs on that reads for all.
///
/// # Errors
/// `InvalidInput` for a search that is too long; `Unavailable` when the database can't be read, or the repository is
/// closed; `Configuration` when it has no tables.
pub async fn watch(repository: &Arc<dyn Repository>, watch: Watch) -> Result<Watcher> {
    let Watch { filter, from, poll, patience } = watch;
    filter.search.as_ref().map_or(Ok(()), Search::check)?;
    let commits = repository.engine().commits();
    let feed = commits.feed::<Feed>().filter(|_| !commits.is_closed()).ok_or_else(Error::closed)?;
    let settings = Settings {
        poll: poll.clamp(Duration::from_millis(10), Duration::from_secs(60)),
        patience: patience.min(Duration::from_secs(24 * 60 * 60)),
    };
    let mut watcher = Watcher::new(Arc::clone(&feed), Arc::clone(repository), filter, settings);
    let (last, position) = feed.after_a_round(repository).await?;
    match from {
        StartAt::Now => watcher.begin_now(last, position),
        StartAt::First => watcher.begin_at(Position::start()),
        StartAt::Token(token) => watcher.begin_at(token.position()),
    }
    Ok(watcher)
}
