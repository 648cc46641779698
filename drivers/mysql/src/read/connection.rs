//! One connection, and what is known of it.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use mysql_async::Conn;

/// A connection of the pool. It is used like the [`Conn`] that it holds.
#[derive(Debug)]
pub(crate) struct Connection {
    conn: Conn,
    born: Instant,
    /// When the server was last known to answer.
    alive: Instant,
    /// Whether the server takes the rows of many executions in one command. Known after the first attempt.
    bulk: Option<bool>,
}

impl Connection {
    /// A connection that was opened just now.
    pub(crate) fn new(conn: Conn) -> Self {
        let now = Instant::now();
        Self { conn, born: now, alive: now, bulk: None }
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

    pub(crate) fn into_conn(self) -> Conn {
        self.conn
    }
}

impl Deref for Connection {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
