//! The steps of a unit, inside a transaction that is open.

use decnet_db_core::Error;
use decnet_db_core::sql::{Outcome, Receipt, Step, Unit};

use crate::context::Context;
use crate::error::Failure;
use crate::execute::{execute, query};
use crate::read::connection::Connection;
use crate::write::bulk_insert::Batch;

/// Runs all steps of a unit inside a transaction that is open.
pub(crate) async fn steps(
    connection: &mut Connection,
    context: &Context,
    unit: &Unit,
) -> Result<Receipt, Failure> {
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(run_step(connection, context, step).await?);
    }
    Ok(receipt)
}

async fn run_step(connection: &mut Connection, context: &Context, step: &Step) -> Result<Outcome, Failure> {
    Ok(match step {
        // Guards were taken before the transaction began.
        Step::Guard(_) => Outcome::Affected(0),
        Step::Execute(statement, expect) => {
            let affected = execute(connection, context, statement).await?;
            if let Some(expect) = expect {
                expect.check(affected)?;
            }
            Outcome::Affected(affected)
        }
        Step::Query(statement) => Outcome::Rows(query(connection, context, statement).await?),
        Step::Insert(rows) => Outcome::Affected(Batch::of(&[rows]).insert(connection, context).await?),
        _ => {
            return Err(
                Error::Unsupported("the MySQL driver is older than a step of this unit".into()).into()
            );
        }
    })
}
