//! Events and what is counted of them (contract document 30).

use decnet_db_macros::{Arguments, Insertable, Record};
use serde::{Deserialize, Serialize};

use super::Transactional;
use super::search::Search;
use super::{Cursor, Page, Query};
use crate::error::Result;
use crate::json::MapOrText;
use crate::time::Timestamp;

/// Events and what is counted of them.
///
/// All readers take the same filter: [`LogFilter`]. The search language is described in
/// [`search`](crate::contract::search).
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::{LogQuery, NewLog};
///
/// repository.add_log(NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7").raw_line("root:123456")).await?;
/// for log in repository.get_logs(LogQuery::new().search("service:ssh 123456").limit(20)).await? {
///     println!("{} {}", log.timestamp, log.raw_line);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Logs: Transactional {
    /// Stores one event.
    ///
    /// # Errors
    /// `InvalidInput` for a missing member or one that its column can't hold.
    #[write]
    async fn add_log(&self, log_data: NewLog) -> Result<()>;

    /// Stores events in one commit, all or none.
    ///
    /// # Errors
    /// `InvalidInput` that names the first event that can't be stored (`log_entries[3].decky`); none is stored then.
    #[write]
    async fn add_logs(&self, log_entries: Vec<NewLog>) -> Result<()>;

    /// Events, newest first; those of one instant by descending id.
    ///
    /// A page of all events costs the same at any `offset`. With a condition its cost grows with `offset`: what is skipped
    /// must be looked at.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset or a bound that is no time.
    async fn get_logs(&self, #[arguments] query: LogQuery) -> Result<Vec<Log>>;

    /// Events in the order of [`get_logs`](Self::get_logs), page by page.
    ///
    /// Each page costs the same, however deep it lies. Pages don't overlap and leave nothing out while rows arrive; what
    /// arrives after the first page was read, with a time before its cursor, comes on a later page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list, or a bound that is no time.
    async fn get_logs_page(
        &self,
        #[default(50)] limit: u64,
        #[arguments] filter: LogFilter,
        #[doc = "`next` of the page before"] after: Option<LogCursor>,
    ) -> Result<Page<Log, LogCursor>>;

    /// How many events match.
    ///
    /// What was counted is kept from one call to the next, so that the next costs only what came since: the number of all events,
    /// their histogram, the statistics, and the totals of the last 128 searches; and where a search finds no more than some
    /// thousands, its pages and histograms too. The first answer is always counted by the database. From the second search on, filters
    /// in memory rule out most events for words of three letters or more and for members of `fields`, so that a search that is new costs
    /// about what it finds: [`Config::search_memory`](crate::config::Config::search_memory) bounds them.
    ///
    /// What a method of this process did shows in all answers after it has returned. What other programs append shows at once, and
    /// so does what they delete of the oldest or the newest events, and a purge. What they delete or change between those, as
    /// DECNET never does, shows within a minute; changed texts and times, where counting everything takes longer than a second,
    /// within 50 times as long. Drivers that can tell that nobody else has written spare the counting.
    ///
    /// # Errors
    /// `InvalidInput` for a bound that is no time.
    async fn get_total_logs(&self, #[arguments] filter: LogFilter) -> Result<u64>;

    /// The highest id, 0 when there is no event.
    async fn get_max_log_id(&self) -> Result<i64>;

    /// The events after an id, ids ascending; a negative id means from the start.
    ///
    /// On servers this is no way to follow what is stored: a transaction takes its ids before it commits, so an event may become
    /// visible behind events with higher ids. Whoever has read those already, and goes on after the highest, misses it for ever.
    /// [`watch`](crate::watch) does not.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or a bound that is no time.
    async fn get_logs_after_id(
        &self,
        last_id: i64,
        #[default(50)] limit: u64,
        #[arguments] filter: LogFilter,
    ) -> Result<Vec<Log>>;

    /// How many events each interval has, oldest first; intervals without any are left out.
    ///
    /// Intervals begin at multiples of `interval_minutes` (15; below 1 counts as 1) since the Unix epoch.
    ///
    /// # Errors
    /// `InvalidInput` for a bound that is no time.
    async fn get_log_histogram(
        &self,
        #[arguments] filter: LogFilter,
        #[default(15)] interval_minutes: i64,
    ) -> Result<Vec<Bucket>>;

    /// The dashboard's four figures, from one snapshot of the database (ruling R10).
    async fn get_stats_summary(&self) -> Result<Stats>;
}

/// Where a page of events ended.
pub type LogCursor = Cursor<Log>;

/// An event; the table `logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "logs")]
#[non_exhaustive]
pub struct Log {
    /// Assigned by the database, ascending.
    #[column(serial)]
    pub id: i64,
    /// When it happened.
    #[column(index)]
    pub timestamp: Timestamp,
    /// The fake host that saw it.
    #[column(index)]
    pub decky: String,
    /// The service on that host.
    #[column(index)]
    pub service: String,
    /// What happened.
    #[column(index)]
    pub event_type: String,
    /// Who did it; `Unknown` when that could not be told.
    #[column(index)]
    pub attacker_ip: String,
    /// The line as it came.
    #[column(long)]
    pub raw_line: String,
    /// JSON text, as it was stored; never decoded.
    #[column(long)]
    pub fields: String,
    /// A message.
    #[column(long)]
    pub msg: Option<String>,
    /// The trace that the event belongs to.
    pub trace_id: Option<String>,
    /// The span that the event belongs to.
    pub span_id: Option<String>,
}

/// An event to store.
///
/// As JSON: the members of [`Log`]; `timestamp` is text in ISO 8601, `fields` a map or a text, unknown members are ignored
/// (ruling R8).
///
/// ```
/// use decnet_db_core::contract::NewLog;
///
/// let log = NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7")
///     .raw_line("Failed password for root")
///     .fields(serde_json::json!({"username": "root"}));
/// assert_eq!(log.fields.text(), r#"{"username":"root"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Insertable)]
#[insertable(Log)]
#[non_exhaustive]
pub struct NewLog {
    /// Assigned by the database unless given.
    #[insertable(serial)]
    pub id: Option<i64>,
    /// When it happened; now unless given.
    #[insertable(default = Timestamp::now())]
    pub timestamp: Option<Timestamp>,
    /// The fake host that saw it, at most 255 characters.
    pub decky: String,
    /// The service on that host, at most 255 characters.
    pub service: String,
    /// What happened, at most 255 characters.
    pub event_type: String,
    /// Who did it, at most 255 characters.
    pub attacker_ip: String,
    /// The line as it came.
    pub raw_line: String,
    /// A map, stored as compact JSON, or a text, stored as it is.
    pub fields: MapOrText,
    /// A message.
    pub msg: Option<String>,
    /// The trace that the event belongs to.
    pub trace_id: Option<String>,
    /// The span that the event belongs to.
    pub span_id: Option<String>,
}

impl NewLog {
    /// An event that happens now, without line, fields and message.
    pub fn new(
        decky: impl Into<String>,
        service: impl Into<String>,
        event_type: impl Into<String>,
        attacker_ip: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            timestamp: None,
            decky: decky.into(),
            service: service.into(),
            event_type: event_type.into(),
            attacker_ip: attacker_ip.into(),
            raw_line: String::new(),
            fields: MapOrText::empty_map(),
            msg: None,
            trace_id: None,
            span_id: None,
        }
    }

    /// Sets when it happened.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Sets the line as it came.
    #[must_use]
    pub fn raw_line(mut self, raw_line: impl Into<String>) -> Self {
        self.raw_line = raw_line.into();
        self
    }

    /// Sets the fields: a map, stored as compact JSON, or a text, stored as it is.
    #[must_use]
    pub fn fields(mut self, fields: impl Into<MapOrText>) -> Self {
        self.fields = fields.into();
        self
    }

    /// Sets the message.
    #[must_use]
    pub fn msg(mut self, msg: impl Into<String>) -> Self {
        self.msg = Some(msg.into());
        self
    }
}

/// Which events: all conditions must hold, an absent or empty one always does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Arguments)]
#[non_exhaustive]
pub struct LogFilter {
    /// A text in the [search language](crate::contract::search).
    pub search: Option<Search>,
    /// Not before this instant.
    pub start_time: Option<Timestamp>,
    /// Not after this instant.
    pub end_time: Option<Timestamp>,
}

impl LogFilter {
    /// All events.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether there is no condition, so that every event matches.
    pub fn is_all(&self) -> bool {
        self.start_time.is_none()
            && self.end_time.is_none()
            && self.search.as_ref().is_none_or(|search| search.terms().is_empty())
    }
}

/// A page of events.
pub type LogQuery = Query<LogFilter>;

/// One interval of a histogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bucket {
    /// When it begins: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub time: String,
    /// How many events it has.
    pub count: u64,
}

impl Bucket {
    /// The bucket that begins at this time.
    pub fn new(time: impl Into<String>, count: u64) -> Self {
        Self { time: time.into(), count }
    }
}

/// The dashboard's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// All events.
    pub total_logs: u64,
    /// Distinct sources, `Unknown` among them.
    pub unique_attackers: u64,
    /// Deckies of the fleet and of topologies that are running.
    pub active_deckies: u64,
    /// Deckies of the fleet and of topologies.
    pub deployed_deckies: u64,
}
