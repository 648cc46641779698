//! Rows of a topology that come one after the other in time, whoever writes them at the same time: clocks differ, and stored
//! times may be cut to seconds.

use std::time::Duration;

use super::guards::lock;
use crate::base::support::{RETRIES, busy};
use crate::contract::unit::{Steps, UnitOfWork};
use crate::contract::{Topology, TopologyMutation, TopologyStatusEvent};
use crate::error::{Error, Result};
use crate::sql::{Col, Expect, Record};
use crate::time::Timestamp;

/// What a unit says whose row would not be the last one.
const OVERTAKEN: &str = "the topology has a newer row already: try again";

/// A row of a topology with a time of its own.
pub(crate) trait Dated: Record {
    /// Its key.
    const KEY: Col<Self, String>;
    /// Its topology.
    const OF: Col<Self, String>;
    /// Its time.
    const TIME: Col<Self, Timestamp>;

    /// Refuses the unit unless the row, which it has written, is later than all others of the topology. What counts is what is
    /// stored: on tables of DECNET's own MySQL schema that is whole seconds.
    fn must_be_last(steps: &mut Steps<'_>, topology_id: &str, key: &str) -> Result<()> {
        steps.expect(Expect::no_row(OVERTAKEN), |sql| {
            lock(sql).only(Topology::ID, topology_id).and().push("EXISTS ").subquery(|sql| {
                sql.push("SELECT 1 FROM ").identifier(Self::TABLE.name).push(" own JOIN ");
                sql.identifier(Self::TABLE.name).push(" other ON ").column_of("other", Self::OF).push(" = ");
                sql.column_of("own", Self::OF).push(" AND ").column_of("other", Self::KEY).push(" <> ");
                sql.column_of("own", Self::KEY).push(" AND ").column_of("other", Self::TIME).push(" >= ");
                sql.column_of("own", Self::TIME).and().column_of("own", Self::KEY).push(" = ").bind(key)
            })
        })?;
        Ok(())
    }
}

impl Dated for TopologyStatusEvent {
    const KEY: Col<Self, String> = Self::ID;
    const OF: Col<Self, String> = Self::TOPOLOGY_ID;
    const TIME: Col<Self, Timestamp> = Self::AT;
}

impl Dated for TopologyMutation {
    const KEY: Col<Self, String> = Self::ID;
    const OF: Col<Self, String> = Self::TOPOLOGY_ID;
    const TIME: Col<Self, Timestamp> = Self::REQUESTED_AT;
}

/// Commits a unit that writes a row as of an instant: now, or, when that is not the topology's last, the next one after the
/// last.
pub(crate) async fn after_all<'r, T, N: Future<Output = Result<Option<Timestamp>>> + Send>(
    newest: impl Fn() -> N,
    unit: impl Fn(Timestamp) -> UnitOfWork<'r, T>,
) -> Result<T> {
    let mut at = Timestamp::now();
    for _ in 0..RETRIES {
        match unit(at).commit().await {
            Err(error) if error.to_string() == OVERTAKEN => {}
            done => return done,
        }
        at = Timestamp::now();
        if let Some(newest) = newest().await? {
            at = at.max(next(newest)?);
        }
    }
    Err(busy("what the topology has"))
}

/// The next instant that the table can hold. One without a fraction is of a table without fractions, but for one in a million.
fn next(newest: Timestamp) -> Result<Timestamp> {
    let whole = newest.as_microseconds() % 1_000_000 == 0;
    let step = if whole { Duration::from_secs(1) } else { Duration::from_micros(1) };
    newest.checked_add(step).ok_or_else(|| {
        Error::conflict("the topology has a row of the last instant of year 9999: nothing can come after it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_instant_is_one_that_the_table_can_hold() {
        let next = |text: &str| next(text.parse().unwrap()).map(|time| time.to_string());
        assert_eq!(next("2026-01-01T00:00:00.5").unwrap(), "2026-01-01T00:00:00.500001Z");
        assert_eq!(next("2026-01-01T00:00:59").unwrap(), "2026-01-01T00:01:00Z");
        assert!(next("9999-12-31T23:59:59.999999").is_err());
    }
}
