//! Committing a group of units.

use std::collections::BTreeSet;
use std::time::Duration;

use decnet_db_core::Error;
use decnet_db_core::sql::{Insert, OnDuplicate, Outcome, Receipt, Statement, Step, Unit, Verb};
use mysql_async::Statement as Prepared;

use crate::codec::size;
use crate::context::{Context, Guards};
use crate::error::{Failure, Verdict};
use crate::execute::{execute_prepared, prepare};
use crate::read::connection::Connection;
use crate::read::pool::Lease;
use crate::write::bulk_insert::{Batch, Command};
use crate::write::transaction::steps;
use crate::write::{lock_row, named_lock};

/// What has more bytes than that is not sent as a statement that commits by itself. When the connection is lost meanwhile,
/// the outcome of such a statement is unknown, while what comes before a COMMIT can be replayed; and the more there is
/// to do, the longer that time is, and the less a COMMIT adds.
const SMALL: usize = 64 * 1024;
/// A server that answered so recently is taken to be there still.
const JUST_NOW: Duration = Duration::from_millis(1);

/// What became of a group.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The transaction ended in an orderly way: each unit has its answer.
    Done(Vec<Result<Receipt, Error>>),
    /// Somebody else holds guards of some units, and nothing was done. These guards were free.
    Contended(BTreeSet<String>),
    /// Nothing of the group was written; the verdict says whether to replay it.
    Undone(Failure),
    /// The connection was lost after COMMIT, or the statement that commits by itself, was sent.
    Unknown(Error),
}

/// Runs the units, each whole or not at all: a unit that fails is rolled back alone. The connection goes back to the pool
/// only when it is in no transaction and holds no lock.
pub(crate) async fn attempt(
    mut lease: Lease,
    context: &Context,
    database: &str,
    units: &[&Unit],
    wait: Duration,
) -> Attempt {
    let rows = if context.guards == Guards::Rows { lock_row::numbers(database, units) } else { Vec::new() };
    let locks = match context.guards {
        Guards::Names => named_lock::names(database, units.iter().copied()),
        Guards::Rows => BTreeSet::new(),
    };
    if !locks.is_empty() {
        // A group does not wait for what one of its units needs.
        let wait = if units.len() > 1 { Duration::ZERO } else { wait };
        let taken = named_lock::take(lease.connection(), &locks, wait).await;
        if !matches!(&taken, Ok(taken) if *taken == locks) {
            // Some of the locks may be held: the connection is closed, and they go with it, unless all are let go.
            if lease.connection().query_drop(named_lock::ROLLBACK).await.is_ok() {
                lease.give_back();
            }
            return match taken {
                Ok(held) if units.len() > 1 => Attempt::Contended(held),
                Ok(_) => Attempt::Undone(named_lock::held_by_others(wait).into()),
                Err(failure) => Attempt::Undone(failure),
            };
        }
        lease.connection().answered();
    }
    let (attempt, clean) = commit(lease.connection(), context, units, !locks.is_empty(), &rows).await;
    // Otherwise the connection is closed, which ends its transaction and its locks for sure.
    if clean {
        lease.give_back();
    }
    attempt
}

/// Runs and commits; the second answer says whether the connection is outside of any transaction now.
async fn commit(
    connection: &mut Connection,
    context: &Context,
    units: &[&Unit],
    locked: bool,
    rows: &[u64],
) -> (Attempt, bool) {
    let mut join = true;
    if !locked
        && rows.is_empty()
        && let Some(work) = Autocommit::of(units)
        && work.is_one_command(connection, context)
    {
        match autocommit(connection, context, units, &work).await {
            Some(outcome) => return outcome,
            // A row was refused: one by one it comes out whose it is.
            None => join = false,
        }
    }
    transaction(connection, context, units, locked, rows, join).await
}

/// The work of a group, when a single statement may do it, which then commits by itself: a round trip instead of three.
#[derive(Debug)]
enum Autocommit<'u> {
    Statement(&'u Statement),
    Rows(Batch<'u>),
}

/// The same, ready to be sent.
enum Ready {
    Statement(Prepared),
    Rows(Command),
}

impl<'u> Autocommit<'u> {
    fn of(units: &[&'u Unit]) -> Option<Self> {
        let work = match units {
            [unit] => match only_write(unit)? {
                Step::Execute(statement, _) => Self::Statement(statement),
                // More than fits, even if they are numbers: not worth a look.
                Step::Insert(insert) if insert.values().len() > SMALL / 16 => return None,
                Step::Insert(insert) => Self::Rows(Batch::of(&[insert])),
                _ => return None,
            },
            _ => {
                let alike = alike(units);
                if alike.len() < units.len() {
                    return None;
                }
                Self::Rows(Batch::of(&alike))
            }
        };
        let bytes = match &work {
            Self::Statement(statement) => statement.values().iter().map(size).sum(),
            Self::Rows(batch) => batch.bytes(),
        };
        (bytes <= SMALL).then_some(work)
    }

    fn is_one_command(&self, connection: &Connection, context: &Context) -> bool {
        match self {
            Self::Statement(_) => true,
            Self::Rows(batch) => batch.is_one_command(connection, context),
        }
    }

    async fn prepare(&self, connection: &mut Connection, context: &Context) -> Result<Ready, Failure> {
        Ok(match self {
            Self::Statement(statement) => Ready::Statement(prepare(connection, context, statement).await?),
            Self::Rows(batch) => Ready::Rows(batch.prepare(0, connection, context).await?),
        })
    }

    async fn run(&self, ready: &Ready, connection: &mut Connection) -> Result<u64, Failure> {
        match (self, ready) {
            (Self::Statement(statement), Ready::Statement(prepared)) => {
                execute_prepared(connection, prepared, statement).await
            }
            (Self::Rows(batch), Ready::Rows(command)) => batch.run(command, connection).await,
            _ => Err(Error::Unsupported("a statement that was prepared for something else".into()).into()),
        }
    }
}

/// Runs the statement without a transaction around it. `None` when it is of several units and was refused.
async fn autocommit(
    connection: &mut Connection,
    context: &Context,
    units: &[&Unit],
    work: &Autocommit<'_>,
) -> Option<(Attempt, bool)> {
    let failed = |failure: Failure| match failure.verdict() {
        Verdict::Final if units.len() > 1 => None,
        Verdict::Final => Some((Attempt::Done(vec![Err(failure.tell("writing"))]), true)),
        Verdict::Again(_) | Verdict::Elsewhere => Some((Attempt::Undone(failure), true)),
        Verdict::Lost | Verdict::Unknown => Some((Attempt::Undone(failure), false)),
    };
    // A connection that ended while it rested must be found out before the statement is sent: then nothing was written,
    // afterwards nobody could tell.
    if connection.silence() > JUST_NOW
        && let Err(error) = connection.ping().await
    {
        return failed(error.into());
    }
    let ready = match work.prepare(connection, context).await {
        Ok(ready) => ready,
        Err(failure) => return failed(failure),
    };
    match work.run(&ready, connection).await {
        Ok(affected) => {
            Some((Attempt::Done(units.iter().map(|unit| Ok(answer(unit, affected))).collect()), true))
        }
        Err(failure) if failure.verdict().leaves_open() => Some((unknown(failure), false)),
        Err(failure) => failed(failure),
    }
}

/// The receipt of a unit whose only write affected so many rows, or inserted its own.
fn answer(unit: &Unit, affected: u64) -> Receipt {
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(Outcome::Affected(match step {
            Step::Guard(_) => 0,
            Step::Insert(insert) if affected > insert.len() as u64 => insert.len() as u64,
            _ => affected,
        }));
    }
    receipt
}

fn unknown(failure: Failure) -> Attempt {
    if failure.verdict() == Verdict::Unknown {
        return Attempt::Unknown(failure.tell("writing"));
    }
    let message = "the connection to the database server was lost while it committed: the write may or may not have \
                   happened";
    let source = if let Failure::Wire(error) = failure { Some(error.into()) } else { None };
    Attempt::Unknown(Error::UnknownOutcome { message: message.to_owned(), source })
}

/// Runs and commits in one transaction, which was begun together with the locks, if there are any; `join` says whether to try
/// rows of several units in one INSERT.
async fn transaction(
    connection: &mut Connection,
    context: &Context,
    units: &[&Unit],
    locked: bool,
    rows: &[u64],
    join: bool,
) -> (Attempt, bool) {
    let (commit, rollback) =
        if locked { (named_lock::COMMIT, named_lock::ROLLBACK) } else { ("COMMIT", "ROLLBACK") };
    let begun = if locked { Ok(()) } else { begin(connection, rows).await };
    let outcomes = match begun {
        Ok(()) => run_all(connection, context, units, join).await,
        Err(failure) => Err(failure),
    };
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(failure) => {
            let clean = failure.verdict() != Verdict::Lost && connection.query_drop(rollback).await.is_ok();
            return (Attempt::Undone(failure), clean);
        }
    };
    if outcomes.iter().all(Result::is_err) {
        let clean = connection.query_drop(rollback).await.is_ok();
        return (Attempt::Done(outcomes), clean);
    }
    match connection.query_drop(commit).await.map_err(Failure::from) {
        Ok(()) => (Attempt::Done(outcomes), true),
        Err(failure) if failure.verdict().leaves_open() => (unknown(failure), false),
        // Refused by the server, as by a Galera cluster that found a conflict: nothing was written.
        Err(failure) => (Attempt::Undone(failure), connection.query_drop(rollback).await.is_ok()),
    }
}

async fn begin(connection: &mut Connection, rows: &[u64]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(connection.query_drop("START TRANSACTION").await?);
    }
    lock_row::begin(connection, rows).await
}

/// Each unit's outcome, in an open transaction; an error is one that ends the transaction for all of them.
async fn run_all(
    connection: &mut Connection,
    context: &Context,
    units: &[&Unit],
    join: bool,
) -> Result<Vec<Result<Receipt, Error>>, Failure> {
    let mut outcomes = Vec::with_capacity(units.len());
    while outcomes.len() < units.len() {
        let alike = if join { alike(&units[outcomes.len()..]) } else { Vec::new() };
        if alike.len() > 1
            && let Some(receipts) = together(connection, context, &alike).await?
        {
            outcomes.extend(receipts.into_iter().map(Ok));
            continue;
        }
        for _ in 0..alike.len().max(1) {
            let outcome = one(connection, context, units[outcomes.len()], units.len() > 1).await?;
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}

/// Runs one unit; in a group, its failure undoes only what it did.
async fn one(
    connection: &mut Connection,
    context: &Context,
    unit: &Unit,
    in_group: bool,
) -> Result<Result<Receipt, Error>, Failure> {
    let savepoint = in_group && needs_savepoint(unit);
    if savepoint {
        connection.query_drop("SAVEPOINT unit").await?;
    }
    match steps(connection, context, unit).await {
        Ok(receipt) => Ok(Ok(receipt)),
        Err(failure) if failure.verdict() == Verdict::Final => {
            if savepoint {
                connection.query_drop("ROLLBACK TO SAVEPOINT unit").await?;
            }
            Ok(Err(failure.tell("writing")))
        }
        Err(failure) => Err(failure),
    }
}

/// The inserts at the head of the list that one INSERT can do: of units that only insert, into the same columns of one
/// table. It is what single events from many callers are.
fn alike<'u>(units: &[&'u Unit]) -> Vec<&'u Insert> {
    let Some(first) = units.first().and_then(|unit| only_insert(unit)) else { return Vec::new() };
    let alike = |insert: &&Insert| insert.is_like(first) && insert.duplicates() == OnDuplicate::Fail;
    units.iter().map_while(|unit| only_insert(unit)).take_while(alike).collect()
}

/// Whether a single statement may do the unit's work.
pub(crate) fn may_autocommit(unit: &Unit) -> bool {
    only_write(unit).is_some()
}

/// Whether the unit has a statement that commits by itself, and all that stands before it.
pub(crate) fn is_ddl(unit: &Unit) -> bool {
    unit.steps()
        .iter()
        .any(|step| matches!(step, Step::Execute(statement, _) if statement.verb() == Verb::Ddl))
}

/// The step of a unit that writes, if there is but one, and nothing else that must be in its transaction.
fn only_write(unit: &Unit) -> Option<&Step> {
    let mut writes = unit.steps().iter().filter(|step| !matches!(step, Step::Guard(_)));
    let write = writes.next().filter(|step| match step {
        Step::Execute(_, expect) => expect.is_none(),
        Step::Insert(insert) => !insert.is_empty(),
        _ => false,
    });
    if writes.next().is_some() { None } else { write }
}

/// Runs the inserts as one. `None` when a row is refused: one by one it comes out whose it is.
async fn together(
    connection: &mut Connection,
    context: &Context,
    inserts: &[&Insert],
) -> Result<Option<Vec<Receipt>>, Failure> {
    let batch = Batch::of(inserts);
    // The server itself undoes a command that fails.
    let savepoint = !batch.is_one_command(connection, context);
    if savepoint {
        connection.query_drop("SAVEPOINT units").await?;
    }
    match batch.insert(connection, context).await {
        Ok(_) => Ok(Some(inserts.iter().map(|insert| receipt(insert)).collect())),
        Err(failure) if failure.verdict() == Verdict::Final => {
            if savepoint {
                connection.query_drop("ROLLBACK TO SAVEPOINT units").await?;
            }
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
