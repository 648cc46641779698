//! One connection, what is known of it, and how long it is waited for.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use decnet_db_core::sql::Rows;
use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, DriverError, Error as Wire, IoError, Params, Row, Statement, from_row_opt};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::codec::decode;
use crate::error::{Verdict, verdict};
use crate::hosts::Host;

/// When there are other hosts: after so long without an answer it is looked whether this one is there at all.
const PROBE_AFTER: Duration = Duration::from_secs(2);
/// How long a connection that is given up has to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// A connection to one host. Every method waits for the server's answer no longer than the deadline; a connection whose
/// answer did not come, or made no sense, is not used again.
#[derive(Debug)]
pub(crate) struct Connection {
    /// None once the goodbye was said.
    conn: Option<Conn>,
    host: Arc<Host>,
    /// The longest time for one answer; none for work that takes as long as the tables are large.
    deadline: Option<Duration>,
    /// Whether the host took writes when it was asked.
    fit: bool,
    born: Instant,
    /// When the server was last known to answer.
    alive: Instant,
    /// Whether the server takes the rows of many executions in one command. Known after the first attempt.
    bulk: Option<bool>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// The host is not the one to use any more; nothing is wrong with the connection.
    Unwanted,
    /// An answer is missing: there is no use in a goodbye either.
    Broken,
}

impl Connection {
    /// A connection that was opened just now.
    pub(crate) fn new(conn: Conn, host: Arc<Host>, deadline: Option<Duration>) -> Self {
        let now = Instant::now();
        Self {
            conn: Some(conn),
            host,
            deadline,
            fit: true,
            born: now,
            alive: now,
            bulk: None,
            state: State::Good,
        }
    }

    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// From now on answers may take as long as they want.
    pub(crate) fn without_deadline(&mut self) {
        self.deadline = None;
    }

    /// Whether the host took writes when it was asked.
    pub(crate) fn fit(&self) -> bool {
        self.fit
    }

    pub(crate) fn set_fit(&mut self, fit: bool) {
        self.fit = fit;
    }

    /// Whether others may use it after this user.
    pub(crate) fn is_good(&self) -> bool {
        self.state == State::Good
    }

    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// How long ago the server was last known to answer.
    pub(crate) fn silence(&self) -> Duration {
        self.alive.elapsed()
    }

    /// The server has answered just now.
    pub(crate) fn answered(&mut self) {
        self.alive = Instant::now();
    }

    pub(crate) fn alive(&self) -> Instant {
        self.alive
    }

    pub(crate) fn bulk(&self) -> Option<bool> {
        self.bulk
    }

    pub(crate) fn set_bulk(&mut self, bulk: bool) {
        self.bulk = Some(bulk);
    }

    /// The rows that the last statement inserted, changed or deleted.
    pub(crate) fn affected_rows(&self) -> u64 {
        self.conn.as_ref().map_or(0, Conn::affected_rows)
    }

    /// What the server said about the last statement in words.
    pub(crate) fn info(&self) -> String {
        self.conn.as_ref().map_or_else(String::new, |conn| conn.info().into_owned())
    }

    pub(crate) async fn ping(&mut self) -> Result<(), Wire> {
        self.answer(async |conn| conn.ping().await).await
    }

    pub(crate) async fn query_drop(&mut self, sql: &str) -> Result<(), Wire> {
        self.answer(async |conn| conn.query_drop(sql).await).await
    }

    /// The rows of a query; an answer of another shape is the server's fault.
    pub(crate) async fn rows<T: FromRow>(&mut self, sql: &str) -> Result<Vec<T>, Wire> {
        let rows: Vec<Row> = self.answer(async |conn| conn.query(sql).await).await?;
        rows.into_iter().map(typed).collect()
    }

    pub(crate) async fn first<T: FromRow>(&mut self, sql: &str) -> Result<Option<T>, Wire> {
        Ok(self.rows(sql).await?.into_iter().next())
    }

    /// The first row of the first of several statements, sent together.
    pub(crate) async fn first_of_several<T: FromRow>(&mut self, sql: &str) -> Result<Option<T>, Wire> {
        let rows: Vec<Row> = self
            .answer(async |conn| {
                let mut result = conn.query_iter(sql).await?;
                let rows = result.collect().await?;
                result.drop_result().await?;
                Ok(rows)
            })
            .await?;
        rows.into_iter().next().map(typed).transpose()
    }

    /// The first row of a query with parameters.
    pub(crate) async fn exec_first<T: FromRow>(
        &mut self,
        sql: &str,
        params: Params,
    ) -> Result<Option<T>, Wire> {
        let row: Option<Row> = self.answer(async move |conn| conn.exec_first(sql, params).await).await?;
        row.map(typed).transpose()
    }

    pub(crate) async fn prep(&mut self, sql: &str) -> Result<Statement, Wire> {
        self.answer(async |conn| conn.prep(sql).await).await
    }

    pub(crate) async fn exec_drop(&mut self, statement: &Statement, params: Params) -> Result<(), Wire> {
        self.answer(async move |conn| conn.exec_drop(statement, params).await).await
    }

    pub(crate) async fn exec_batch(&mut self, statement: &Statement, rows: Vec<Params>) -> Result<(), Wire> {
        self.answer(async move |conn| conn.exec_batch(statement, rows).await).await
    }

    /// All rows of a query with parameters, decoded.
    pub(crate) async fn exec(&mut self, sql: &str, params: Params) -> Result<Rows, Wire> {
        self.answer(async move |conn| {
            let mut result = conn.exec_iter(sql, params).await?;
            let columns = result.columns();
            let columns = columns.as_deref().unwrap_or_default();
            let mut rows = Rows::new(columns.len());
            while let Some(row) = result.next().await? {
                for (value, column) in row.unwrap().into_iter().zip(columns) {
                    rows.push(decode(value, column));
                }
            }
            drop(result);
            Ok(rows)
        })
        .await
    }

    /// Says goodbye, and waits until that is sent.
    pub(crate) async fn disconnect(mut self) {
        if let Some(conn) = self.conn.take()
            && self.state != State::Broken
        {
            let _ = timeout(GOODBYE, conn.disconnect()).await;
        }
    }

    /// Runs one exchange with the server.
    async fn answer<T>(&mut self, work: impl AsyncFnOnce(&mut Conn) -> Result<T, Wire>) -> Result<T, Wire> {
        let Some(conn) = &mut self.conn else { return Err(DriverError::ConnectionClosed.into()) };
        let outcome = waited_for(&self.host, self.deadline, work(conn)).await;
        let outcome = outcome.unwrap_or_else(|missing| {
            self.state = State::Broken;
            self.host.avoid();
            Err(missing)
        });
        // A server that can't commit is about to leave its cluster: the next write need not learn that too.
        if let Err(error) = &outcome
            && matches!(verdict(error), Verdict::Elsewhere | Verdict::Unknown)
            && self.host.has_alternatives()
        {
            self.state = State::Unwanted;
            self.host.avoid();
        }
        outcome
    }
}

/// The outcome of an exchange; the outer error says that it has none: no answer came in time, or none that makes sense.
async fn waited_for<T>(
    host: &Host,
    deadline: Option<Duration>,
    work: impl Future<Output = Result<T, Wire>>,
) -> Result<Result<T, Wire>, Wire> {
    let mut work = pin!(work);
    // The library takes the server's word for much; where it panics the server has lied.
    let mut work = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
        Err(_) => Poll::Ready(Err(nonsense(host))),
    });
    let begun = Instant::now();
    let left = || deadline.map_or(Duration::MAX, |deadline| deadline.saturating_sub(begun.elapsed()));
    let mut pause = if host.has_alternatives() { left().min(PROBE_AFTER) } else { left() };
    loop {
        match timeout(pause, &mut work).await {
            Ok(outcome) => return outcome,
            Err(_) if left().is_zero() => return Err(silent(host, begun.elapsed())),
            Err(_) => {}
        }
        if host.has_alternatives() {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                answers = host.answers() => if !answers {
                    return Err(silent(host, begun.elapsed()));
                },
            }
        }
        pause = left().min(PROBE_AFTER);
    }
}

fn silent(host: &Host, time: Duration) -> Wire {
    let text = format!("no answer from the database server at {} within {} s", host.name(), time.as_secs());
    Wire::Io(IoError::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text)))
}

fn nonsense(host: &Host) -> Wire {
    let text = format!("the answer of the database server at {} makes no sense", host.name());
    Wire::Io(IoError::Io(std::io::Error::other(text)))
}

fn typed<T: FromRow>(row: Row) -> Result<T, Wire> {
    from_row_opt(row).map_err(|_| DriverError::UnexpectedPacket { payload: Vec::new() }.into())
}

/// A connection that nobody wants is closed, which ends its transaction and lets go of its locks. Left to itself, the
/// library would first read what the server still has to say, however long that takes.
impl Drop for Connection {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        let mut goodbye = Box::pin(conn.disconnect());
        match Handle::try_current() {
            Ok(runtime) if self.state != State::Broken && !std::thread::panicking() => {
                drop(runtime.spawn(timeout(GOODBYE, goodbye)));
            }
            // Begun, it closes the socket when it is dropped.
            _ => {
                let mut context = std::task::Context::from_waker(Waker::noop());
                let _ = catch_unwind(AssertUnwindSafe(|| goodbye.as_mut().poll(&mut context).is_ready()));
            }
        }
    }
}
