//! Statements and units, taken apart and put together again, so that a fault can change what is in them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use decnet_db_core::sql::{
    Dialect, Insert, Outcome, Receipt, Rows, Sql, Statement, Step, StepId, Unit, Value,
};

use crate::wrapper::Fault;

/// The statement with the fault's text and values.
pub(crate) fn statement<F: Fault>(fault: &F, dialect: &dyn Dialect, statement: Statement) -> Statement {
    let (text, values) = statement.into_parts();
    of(dialect, fault.text(text), values.into_iter().map(|value| fault.value(value)))
}

/// A statement of this text, with these values for its question marks.
pub(crate) fn of(dialect: &dyn Dialect, text: String, values: impl IntoIterator<Item = Value>) -> Statement {
    let pieces = pieces(text);
    let mut values = values.into_iter();
    let mut sql = Sql::new(dialect);
    for (position, piece) in pieces.iter().enumerate() {
        if position > 0 {
            sql.bind(values.next().expect("a value for each placeholder"));
        }
        sql.push(piece);
    }
    assert!(values.next().is_none(), "a placeholder for each value: {pieces:?}");
    sql.finish().expect("nothing is refused")
}

/// The unit with the fault's steps, texts and values.
pub(crate) fn unit<F: Fault>(fault: &F, dialect: &dyn Dialect, unit: Unit) -> Unit {
    each_step(&fault.unit(unit), |step| match step {
        Step::Execute(execute, expect) => {
            Step::Execute(statement(fault, dialect, execute.clone()), expect.clone())
        }
        Step::Query(query) => Step::Query(statement(fault, dialect, query.clone())),
        Step::Insert(insert) => {
            let values = insert.values().iter().cloned().map(|value| fault.value(value)).collect();
            Step::Insert(with_values(insert, values))
        }
        other => other.clone(),
    })
}

/// The unit with each step changed.
pub(crate) fn each_step(unit: &Unit, change: impl FnMut(&Step) -> Step) -> Unit {
    let mut changed = Unit::new();
    for step in unit.steps().iter().map(change) {
        changed.push(step);
    }
    changed
}

/// The unit with each insert changed.
pub(crate) fn each_insert(unit: &Unit, change: impl Fn(&Insert) -> Insert) -> Unit {
    each_step(unit, |step| match step {
        Step::Insert(insert) => Step::Insert(change(insert)),
        other => other.clone(),
    })
}

/// The same insert of other rows.
pub(crate) fn with_values(insert: &Insert, values: Vec<Value>) -> Insert {
    with(insert, insert.columns().to_vec(), values)
}

/// The same insert of other columns and rows.
pub(crate) fn with(insert: &Insert, columns: Vec<&'static str>, values: Vec<Value>) -> Insert {
    let changed = Insert::raw(insert.table(), columns, values).expect("columns of the table, and whole rows");
    changed.on_duplicate(insert.duplicates())
}

/// A unit of this step alone.
pub(crate) fn alone(step: Step) -> Unit {
    let mut unit = Unit::new();
    unit.push(step);
    unit
}

/// What the step at this position did, moved out of the receipt.
pub(crate) fn outcome(receipt: &mut Receipt, position: usize, step: &Step) -> Outcome {
    match step {
        Step::Query(_) => Outcome::Rows(receipt.rows(StepId::at(position))),
        _ => Outcome::Affected(receipt.affected(StepId::at(position))),
    }
}

/// The rows that a condition leaves.
pub(crate) fn only(rows: &Rows, keep: impl Fn(usize, &[Value]) -> bool) -> Rows {
    let mut left = Rows::new(rows.iter().next().map_or(0, |row| row.len()));
    for (position, row) in rows.iter().enumerate() {
        if keep(position, &row) {
            row.into_iter().for_each(|value| left.push(value));
        }
    }
    left
}

/// The text between the question marks. Statements take fixed text only: each text is leaked, once.
fn pieces(text: String) -> &'static [&'static str] {
    static KNOWN: Mutex<BTreeMap<String, &'static [&'static str]>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pieces) = known.get(&text) {
        return pieces;
    }
    let fixed: &'static str = text.clone().leak();
    let pieces: &'static [&'static str] = fixed.split('?').collect::<Vec<_>>().leak();
    known.insert(text, pieces);
    pieces
}
