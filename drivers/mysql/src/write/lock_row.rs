//! Rows that are changed to keep units with the same guard apart where several servers take writes.
//!
//! Galera and Group Replication certify what transactions write: of two that changed the same row at different nodes one is
//! rolled back and replayed, and then sees what the other did. Named locks and locks of reads are known to one node alone.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use decnet_db_core::sql::Unit;

use crate::error::{Failure, is_denied, is_no_table};
use crate::read::connection::Connection;

/// The table; it holds no data of anybody's.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS decnet_db_guard (id INT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (id)) \
    ENGINE=InnoDB";
/// It is said once that the table can't be made.
static WARNED: AtomicBool = AtomicBool::new(false);
/// So many rows at most. Guards that share one only keep each other waiting.
const ROWS: u64 = 16_384;

/// The rows for the units' guards, in one order everywhere.
pub(crate) fn numbers(database: &str, units: &[&Unit]) -> Vec<u64> {
    let numbers: BTreeSet<_> =
        units.iter().flat_map(|unit| unit.guards(database)).map(|hash| hash % ROWS).collect();
    numbers.into_iter().collect()
}

/// Begins a transaction and changes the rows, in one round trip; rows that are missing are made on the way, and so is the
/// table.
pub(crate) async fn begin(connection: &mut Connection, rows: &[u64]) -> Result<(), Failure> {
    let values: Vec<_> = rows.iter().map(|row| format!("({row}, 1)")).collect();
    let sql = format!(
        "START TRANSACTION; INSERT INTO decnet_db_guard (id, n) VALUES {} ON DUPLICATE KEY UPDATE n = n + 1",
        values.join(", ")
    );
    match connection.query_drop(&sql).await {
        Err(error) if is_no_table(&error) => {}
        outcome => return Ok(outcome?),
    }
    // Creating ends the transaction, in which nothing was done yet.
    let created = connection.query_drop(CREATE).await;
    match created {
        Ok(()) => Ok(connection.query_drop(&sql).await?),
        Err(error) if is_denied(&error) => {
            if !WARNED.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "writes at different nodes of the cluster at once may store an attacker or a bounty twice: the \
                     account may not create the table decnet_db_guard; {CREATE} there once"
                );
            }
            Ok(connection.query_drop("START TRANSACTION").await?)
        }
        Err(error) => Err(error.into()),
    }
}
