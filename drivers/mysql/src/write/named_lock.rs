//! Named locks: what keeps units with the same guard apart, also between processes.

use std::collections::BTreeSet;
use std::time::Duration;

use decnet_db_core::Error;
use decnet_db_core::sql::{Step, Unit};
use mysql_async::Row;

use crate::error::Failure;
use crate::read::connection::Connection;

/// The names of the locks that the units' guards ask for, in one order everywhere, so that nobody waits in a circle.
///
/// The server's locks are not per database and their names have 64 characters at most, so a name is a hash of database
/// and guard. Two guards with one hash only keep each other waiting.
pub(crate) fn names<'u>(database: &str, units: impl Iterator<Item = &'u Unit>) -> BTreeSet<String> {
    units.flat_map(|unit| unit.guards(database)).map(|number| format!("decnet_{number:016x}")).collect()
}

/// Whether the unit has a guard.
pub(crate) fn has_guard(unit: &Unit) -> bool {
    unit.steps().iter().any(|step| matches!(step, Step::Guard(_)))
}

/// Takes locks and begins a transaction, in one round trip, and says which were taken: all, unless somebody else held one all
/// the time. When that fails some may be held: [`ROLLBACK`], or close the connection.
pub(crate) async fn take(
    connection: &mut Connection,
    names: &BTreeSet<String>,
    wait: Duration,
) -> Result<BTreeSet<String>, Failure> {
    let seconds = wait.as_secs();
    let calls: Vec<_> = names.iter().map(|name| format!("GET_LOCK('{name}', {seconds})")).collect();
    let row: Option<Row> =
        connection.first_of_several(&format!("SELECT {}; START TRANSACTION", calls.join(", "))).await?;
    // 1: taken; 0: somebody else held it all the time; NULL: the server failed.
    let taken = row.map(Row::unwrap).unwrap_or_default();
    let taken =
        taken.into_iter().map(|value| mysql_async::from_value_opt(value).is_ok_and(|one: i64| one == 1));
    Ok(names.iter().zip(taken).filter(|(_, taken)| *taken).map(|(name, _)| name.clone()).collect())
}

/// The error for a unit that waited in vain.
pub(crate) fn held_by_others(wait: Duration) -> Error {
    Error::Unavailable {
        message: format!("another process held the same guard for {} s; nothing was written", wait.as_secs()),
        source: None,
    }
}

/// Ends the transaction, and lets go of all locks afterwards, in one round trip.
pub(crate) const COMMIT: &str = "COMMIT; DO RELEASE_ALL_LOCKS()";
/// The same without what was written.
pub(crate) const ROLLBACK: &str = "ROLLBACK; DO RELEASE_ALL_LOCKS()";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_sorted() {
        let mut unit = Unit::new();
        unit.guard("bounty", &"x".repeat(10_000));
        unit.guard("bounty", "203.0.113.7");
        unit.guard("bounty", "203.0.113.7");
        let names = names("decnet", std::iter::once(&unit));
        assert_eq!(names.len(), 2);
        assert!(
            names
                .iter()
                .all(|name| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        );
    }
}
