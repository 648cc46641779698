//! Committing a group of units in one transaction.

use std::time::Duration;

use decnet_db_core::Error;
use decnet_db_core::sql::{Insert, Outcome, Receipt, Step, Unit};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::error::{Failure, Verdict};
use crate::guard;
use crate::pool::Lease;
use crate::run::{Context, insert, steps};

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
    let (attempt, clean) = transaction(lease.conn(), context, units).await;
    // Otherwise the connection is closed, which ends its transaction and its locks for sure.
    if clean && (locks.is_empty() || guard::release(lease.conn()).await.is_ok()) {
        lease.give_back();
    }
    attempt
}

/// Runs and commits; the second answer says whether the connection is outside of any transaction now.
async fn transaction(conn: &mut Conn, context: &Context, units: &[&Unit]) -> (Attempt, bool) {
    let outcomes = match run_all(conn, context, units).await {
        Ok(outcomes) => outcomes,
        Err(failure) => {
            let clean = failure.verdict() != Verdict::Lost && conn.query_drop("ROLLBACK").await.is_ok();
            return (Attempt::Undone(failure), clean);
        }
    };
    if outcomes.iter().all(Result::is_err) {
        let clean = conn.query_drop("ROLLBACK").await.is_ok();
        return (Attempt::Done(outcomes), clean);
    }
    match conn.query_drop("COMMIT").await.map_err(Failure::from) {
        Ok(()) => (Attempt::Done(outcomes), true),
        Err(failure) if failure.verdict() == Verdict::Lost => {
            let message = "the connection to the database server was lost while it committed: the write may or may \
                           not have happened";
            let source = if let Failure::Wire(error) = failure { Some(error.into()) } else { None };
            (Attempt::Unknown(Error::UnknownOutcome { message: message.to_owned(), source }), false)
        }
        // Refused by the server, as by a Galera cluster that found a conflict: nothing was written.
        Err(failure) => (Attempt::Undone(failure), conn.query_drop("ROLLBACK").await.is_ok()),
    }
}

/// Each unit's outcome, in an open transaction; an error is one that ends the transaction for all of them.
async fn run_all(
    conn: &mut Conn,
    context: &Context,
    units: &[&Unit],
) -> Result<Vec<Result<Receipt, Error>>, Failure> {
    conn.query_drop("START TRANSACTION").await?;
    let mut outcomes = Vec::with_capacity(units.len());
    while outcomes.len() < units.len() {
        let alike = alike(context, &units[outcomes.len()..]);
        if alike.len() > 1
            && let Some(receipts) = together(conn, context, &alike).await?
        {
            outcomes.extend(receipts.into_iter().map(Ok));
            continue;
        }
        for _ in 0..alike.len().max(1) {
            let outcome = one(conn, context, units[outcomes.len()], units.len() > 1).await?;
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}

/// Runs one unit; in a group, its failure undoes only what it did.
async fn one(
    conn: &mut Conn,
    context: &Context,
    unit: &Unit,
    in_group: bool,
) -> Result<Result<Receipt, Error>, Failure> {
    let savepoint = in_group && needs_savepoint(unit);
    if savepoint {
        conn.query_drop("SAVEPOINT unit").await?;
    }
    match steps(conn, context, unit).await {
        Ok(receipt) => Ok(Ok(receipt)),
        Err(failure) if failure.verdict() == Verdict::Final => {
            if savepoint {
                conn.query_drop("ROLLBACK TO SAVEPOINT unit").await?;
            }
            Ok(Err(failure.tell("writing")))
        }
        Err(failure) => Err(failure),
    }
}

/// The inserts at the head of the list that one INSERT can do: of units that only insert, into the same columns of one
/// table. It is what single events from many callers are.
fn alike<'u>(context: &Context, units: &[&'u Unit]) -> Vec<&'u Insert> {
    let Some(first) = units.first().and_then(|unit| only_insert(unit)) else { return Vec::new() };
    let text = first.text(&context.dialect, 1);
    if text.contains(" ON DUPLICATE KEY ") {
        return Vec::new();
    }
    units
        .iter()
        .map_while(|unit| only_insert(unit))
        .take_while(|insert| insert.columns() == first.columns() && insert.text(&context.dialect, 1) == text)
        .collect()
}

/// Runs the inserts as one. `None` when a row is refused: one by one it comes out whose it is.
async fn together(
    conn: &mut Conn,
    context: &Context,
    inserts: &[&Insert],
) -> Result<Option<Vec<Receipt>>, Failure> {
    let first = inserts[0];
    let values = inserts.iter().flat_map(|insert| insert.values().iter().cloned()).collect();
    let all = Insert::raw(first.table(), first.columns().to_vec(), values)?;
    conn.query_drop("SAVEPOINT units").await?;
    match insert(conn, context, &all).await {
        Ok(_) => Ok(Some(inserts.iter().map(|insert| receipt(insert)).collect())),
        Err(failure) if failure.verdict() == Verdict::Final => {
            conn.query_drop("ROLLBACK TO SAVEPOINT units").await?;
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn receipt(insert: &Insert) -> Receipt {
    let mut receipt = Receipt::default();
    receipt.push(Outcome::Affected(insert.len() as u64));
    receipt
}

fn only_insert(unit: &Unit) -> Option<&Insert> {
    match unit.steps() {
        [Step::Insert(insert)] if !insert.is_empty() => Some(insert),
        _ => None,
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
