//! Committing a group of units in one transaction.

use std::time::Duration;

use decnet_db_core::Error;
use decnet_db_core::sql::{Receipt, Step, Unit};
use mysql_async::prelude::Queryable;

use crate::error::{Failure, Verdict};
use crate::guard;
use crate::pool::Lease;
use crate::run::{Context, steps};

/// What became of a group.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The transaction ended in an orderly way: each unit has its answer.
    Done(Vec<Result<Receipt, Error>>),
    /// Nothing of the group was written; the verdict says whether to replay it.
    Undone(Failure),
    /// The connection was lost after COMMIT was sent.
    Unknown(Error),
}

/// Runs the units in one transaction: a unit that fails is rolled back alone. The connection goes back to the pool only
/// when it is in no transaction and holds no lock.
pub(crate) async fn attempt(
    mut lease: Lease,
    context: &Context,
    database: &str,
    units: &[&Unit],
    wait: Duration,
) -> Attempt {
    let locks = guard::names(database, units.iter().copied());
    if !locks.is_empty()
        && let Err(failure) = guard::take(lease.conn(), &locks, wait).await
    {
        // Some of the locks may be held: the connection is closed, and they go with it, unless all are let go.
        if guard::release(lease.conn()).await.is_ok() {
            lease.give_back();
        }
        return Attempt::Undone(failure);
    }
    let attempt = transaction(&mut lease, context, units).await;
    // After a failure the connection is closed, which ends the transaction and the locks for sure.
    let orderly = matches!(&attempt, Attempt::Done(_)) || rolled_back(&mut lease, &attempt).await;
    if orderly && (locks.is_empty() || guard::release(lease.conn()).await.is_ok()) {
        lease.give_back();
    }
    attempt
}

async fn rolled_back(lease: &mut Lease, attempt: &Attempt) -> bool {
    match attempt {
        Attempt::Undone(failure) if failure.verdict() != Verdict::Lost => {
            lease.conn().query_drop("ROLLBACK").await.is_ok()
        }
        _ => false,
    }
}

async fn transaction(lease: &mut Lease, context: &Context, units: &[&Unit]) -> Attempt {
    let conn = lease.conn();
    if let Err(error) = conn.query_drop("START TRANSACTION").await {
        return Attempt::Undone(error.into());
    }
    let mut outcomes = Vec::with_capacity(units.len());
    for unit in units {
        let savepoint = units.len() > 1 && needs_savepoint(unit);
        if savepoint && let Err(error) = conn.query_drop("SAVEPOINT unit").await {
            return Attempt::Undone(error.into());
        }
        match steps(conn, context, unit).await {
            Ok(receipt) => outcomes.push(Ok(receipt)),
            Err(failure) if failure.verdict() == Verdict::Final => {
                if savepoint && let Err(error) = conn.query_drop("ROLLBACK TO SAVEPOINT unit").await {
                    return Attempt::Undone(error.into());
                }
                outcomes.push(Err(failure.tell("writing")));
            }
            Err(failure) => return Attempt::Undone(failure),
        }
    }
    let nothing = outcomes.iter().all(Result::is_err);
    match conn.query_drop(if nothing { "ROLLBACK" } else { "COMMIT" }).await {
        Ok(()) => Attempt::Done(outcomes),
        // Nothing was to be kept: whatever happened, nothing was.
        Err(_) if nothing => Attempt::Done(outcomes),
        Err(error) => match Failure::from(error) {
            failure if failure.verdict() == Verdict::Lost => Attempt::Unknown(Error::UnknownOutcome {
                message: "the connection to the database server was lost while it committed: the write may or may not \
                          have happened"
                    .to_owned(),
                source: if let Failure::Wire(error) = failure { Some(error.into()) } else { None },
            }),
            // Refused by the server, as by a Galera cluster that found a conflict: nothing was written.
            failure => Attempt::Undone(failure),
        },
    }
}

/// A statement that fails is undone by the server itself; more than one, or an expectation that is not met, is not.
fn needs_savepoint(unit: &Unit) -> bool {
    let mut writes = 0;
    for step in unit.steps() {
        match step {
            Step::Guard(_) | Step::Query(_) => {}
            Step::Execute(_, None) => writes += 1,
            Step::Insert(insert) if insert.len() == 1 => writes += 1,
            _ => return true,
        }
    }
    // A query may fail after the only write.
    writes > 1 || (writes == 1 && unit.steps().iter().any(|step| matches!(step, Step::Query(_))))
}
