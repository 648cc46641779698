//! What is in the tables after the recorded writes, against what the original's writes left there.

use std::collections::BTreeSet;

use decnet_db_core::contract::Repository;
use decnet_db_core::sql::{Column, ColumnKind, Sql, Table, Unit, Value as Cell};
use decnet_db_core::time::Timestamp;
use serde_json::{Map, Value, json};

use super::List;
use super::coverage::{Change, RuledRow, coverage};
use super::dump::{Dumped, dumped};
use super::likeness::Likeness;

/// The differences, one text each.
pub(super) async fn differences(
    repository: &dyn Repository,
    dump: &str,
    list: List,
    likeness: &mut Likeness,
) -> Vec<String> {
    let coverage: Vec<_> = coverage().map(|(_, coverage)| coverage).collect();
    // What a pending domain writes is not complete yet.
    let pending: BTreeSet<_> = coverage
        .iter()
        .filter(|coverage| !coverage.pending.is_empty())
        .flat_map(|coverage| coverage.tables.iter().chain(coverage.tables_of_others))
        .collect();
    let ruled: Vec<_> =
        coverage.iter().flat_map(|coverage| &coverage.rows).filter(|ruled| ruled.list == list).collect();
    let mut differences = Vec::new();
    for original in dumped(dump).into_iter().filter(|dumped| !pending.contains(&dumped.table.name)) {
        let table = original.table;
        let ours = rows(repository, table).await;
        let ruled = ruled.iter().copied().filter(|ruled| ruled.table == table.name);
        compare(table, expected(original, ruled, &mut differences), ours, likeness, &mut differences);
    }
    differences
}

/// The original's rows, as the rulings have them.
fn expected<'r>(
    original: Dumped,
    ruled: impl Iterator<Item = &'r RuledRow>,
    differences: &mut Vec<String>,
) -> Vec<Value> {
    let Dumped { table, rows } = original;
    let mut rows: Vec<_> = rows.into_iter().map(|row| as_json(table, row)).collect();
    for RuledRow { key, ruling, change, .. } in ruled {
        let is_meant =
            |row: &Value| key.as_object().expect("an object").iter().all(|(name, value)| row[name] == *value);
        let position = rows.iter().position(is_meant);
        match (change, position) {
            (Change::Added, None) => rows.push(key.clone()),
            (Change::LeftOut, Some(position)) => drop(rows.remove(position)),
            (Change::Columns(columns), Some(position)) => {
                let (Some(row), Some(columns)) = (rows[position].as_object_mut(), columns.as_object()) else {
                    panic!("{columns} is no object");
                };
                row.extend(columns.clone());
            }
            (Change::Added, Some(_)) | (_, None) => {
                differences.push(format!("{}: {ruling}: wrong about the original's row {key}", table.name));
            }
        }
    }
    rows
}

/// Each of the original's rows has one of ours.
fn compare(
    table: &Table,
    expected: Vec<Value>,
    mut ours: Vec<Value>,
    likeness: &mut Likeness,
    differences: &mut Vec<String>,
) {
    let mut missing = Vec::new();
    for row in expected {
        match ours.iter().position(|ours| likeness.learn(&row, ours)) {
            Some(position) => drop(ours.remove(position)),
            None => missing.push(row),
        }
    }
    let text = |what: &str, row: &Value| format!("{}: {what} {row}", table.name);
    differences.extend(missing.iter().map(|row| text("not there:      ", row)));
    differences.extend(ours.iter().map(|row| text("not expected:   ", row)));
}

/// All rows of a table, whatever the contract shows of them.
async fn rows(repository: &dyn Repository, table: &'static Table) -> Vec<Value> {
    let mut sql = Sql::new(repository.engine().dialect());
    sql.select(table);
    let mut unit = Unit::new();
    let step = unit.query(sql.finish().expect("a query"));
    let mut receipt = repository.engine().commit(unit).await.expect("the query runs");
    receipt.rows(step).iter().map(|row| as_json(table, row)).collect()
}

/// A row by its columns' names, the same for each engine.
fn as_json(table: &Table, row: Vec<Cell>) -> Value {
    let cells =
        table.columns.iter().zip(row).map(|(column, cell)| (column.name.to_owned(), meant(column, cell)));
    Value::Object(cells.collect::<Map<_, _>>())
}

fn meant(column: &Column, cell: Cell) -> Value {
    match (column.kind, cell) {
        (_, Cell::Null) => Value::Null,
        (ColumnKind::Bool, Cell::Int(number)) => json!(number != 0),
        (ColumnKind::Float, Cell::Int(number)) => json!(number),
        // JSON that is a number is a number on SQLite, where whole floats become integers (ruling R19).
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        (ColumnKind::Json, Cell::Int(number)) => json!(number as f64),
        (ColumnKind::Json, Cell::Text(text)) => {
            text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number))
        }
        (ColumnKind::Time, Cell::Text(text)) => json!(text.parse::<Timestamp>().expect("a time").to_string()),
        (_, Cell::Bool(value)) => json!(value),
        (_, Cell::Int(number)) => json!(number),
        (_, Cell::Real(number)) => json!(number),
        (_, Cell::Text(text)) => json!(text),
        (_, Cell::Time(time)) => json!(time.to_string()),
        (_, Cell::Blob(bytes)) => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swarm() -> Dumped {
        let mut tables = dumped(crate::golden::DEPLOYMENT);
        let position = tables.iter().position(|dumped| dumped.table.name == "swarm_hosts").unwrap();
        tables.remove(position)
    }

    fn found(ruled: &[RuledRow], change: impl Fn(&mut Vec<Value>)) -> Vec<String> {
        let mut differences = Vec::new();
        let mut ours = expected(swarm(), [].iter(), &mut differences);
        change(&mut ours);
        let rows = expected(swarm(), ruled.iter(), &mut differences);
        compare(swarm().table, rows, ours, &mut Likeness::new(), &mut differences);
        differences
    }

    #[test]
    fn a_row_that_is_missing_changed_or_too_many_is_found() {
        assert_eq!(found(&[], |_| ()), Vec::<String>::new());
        assert_eq!(found(&[], |ours| drop(ours.remove(0))).len(), 1);
        assert_eq!(found(&[], |ours| ours.push(ours[0].clone())).len(), 1);
        assert_eq!(found(&[], |ours| ours[0]["notes"] = json!("x")).len(), 2);
    }

    #[test]
    fn a_ruling_changes_what_is_expected_and_must_be_about_a_row_that_is_there() {
        let list = List::DeploymentWrites;
        let notes = |key| RuledRow::columns(list, "swarm_hosts", key, "R0", json!({"notes": "x"}));
        let ruled = [notes(json!({"name": "worker-1"}))];
        assert_eq!(found(&ruled, |ours| ours[0]["notes"] = json!("x")), Vec::<String>::new());
        assert_eq!(found(&ruled, |_| ()).len(), 2);
        assert_eq!(found(&[notes(json!({"name": "nobody"}))], |_| ()).len(), 1);
        let ruled = [RuledRow::left_out(list, "swarm_hosts", json!({"name": "worker-1"}), "R0")];
        assert_eq!(found(&ruled, |ours| ours.clear()), Vec::<String>::new());
        let ruled = [RuledRow::added(list, "swarm_hosts", json!({"name": "more"}), "R0")];
        assert_eq!(found(&ruled, |ours| ours.push(json!({"name": "more"}))), Vec::<String>::new());
    }
}
