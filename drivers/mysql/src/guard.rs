//! Named locks: what keeps units with the same guard apart, also between processes.

use std::collections::BTreeSet;
use std::time::Duration;

use decnet_db_core::Error;
use decnet_db_core::sql::{Step, Unit};
use mysql_async::Conn;
use mysql_async::Row;
use mysql_async::prelude::Queryable;

use crate::error::Failure;

/// The names of the locks that the units' guards ask for, in one order everywhere, so that nobody waits in a circle.
///
/// The server's locks are not per database and their names have 64 characters at most, so a name is a hash of database
/// and guard. Two guards with one hash only keep each other waiting.
pub(crate) fn names<'u>(database: &str, units: impl Iterator<Item = &'u Unit>) -> BTreeSet<String> {
    units
        .flat_map(Unit::steps)
        .filter_map(|step| if let Step::Guard(guard) = step { Some(guard) } else { None })
        .map(|guard| format!("decnet_{:016x}", fnv1a(&[database, guard])))
        .collect()
}

/// Whether the unit has a guard.
pub(crate) fn has_guard(unit: &Unit) -> bool {
    unit.steps().iter().any(|step| matches!(step, Step::Guard(_)))
}

/// Takes all locks, in one round trip. When that fails some may be held: [`release`], or close the connection.
pub(crate) async fn take(conn: &mut Conn, names: &BTreeSet<String>, wait: Duration) -> Result<(), Failure> {
    let seconds = wait.as_secs().max(1);
    let calls: Vec<_> = names.iter().map(|name| format!("GET_LOCK('{name}', {seconds})")).collect();
    let row: Option<Row> = conn.query_first(format!("SELECT {}", calls.join(", "))).await?;
    // 1: taken; 0: somebody else held it all the time; NULL: the server failed.
    let taken = row.map(Row::unwrap).unwrap_or_default();
    let all = taken.len() == names.len()
        && taken.into_iter().all(|value| mysql_async::from_value_opt(value).is_ok_and(|one: i64| one == 1));
    if all {
        return Ok(());
    }
    Err(Error::Unavailable {
        message: format!("another process held the same guard for {seconds} s; nothing was written"),
        source: None,
    }
    .into())
}

/// Lets go of all locks of the connection.
pub(crate) async fn release(conn: &mut Conn) -> Result<(), Failure> {
    Ok(conn.query_drop("DO RELEASE_ALL_LOCKS()").await?)
}

/// The 64-bit FNV-1a hash of the texts with a zero byte after each: the same in every process and version.
fn fnv1a(texts: &[&str]) -> u64 {
    texts
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_sorted_and_the_same_everywhere() {
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
        // Part of the protocol between processes of different versions.
        assert_eq!(fnv1a(&["a"]), 0x089b_e207_b544_f1e4);
    }
}
