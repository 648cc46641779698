//! References to rows that are not there.
//!
//! SQLite enforces references only where a connection asks for it, and DECNET 1.0.0 never does: its databases have such
//! rows (a trigger whose token was deleted). Other engines refuse them.

use std::collections::BTreeSet;

use super::Findings;
use super::cell::Finding;
use super::page::{Row, key_of};
use crate::contract::Engine;
use crate::error::Result;
use crate::sql::{ForeignKey, Schema, Sql, Table, Value};

/// The broken references that a scan lists of one column.
const LISTED: u64 = 3;

/// The broken references of all tables that are `present`: the first ones of each column, and how many there are in all.
pub(super) async fn broken(
    source: &dyn Engine,
    schema: &Schema,
    present: impl Fn(&str) -> bool,
) -> Result<Findings> {
    let mut findings = Findings::default();
    for table in schema.tables.iter().copied().filter(|table| present(table.name)) {
        for key in table.foreign_keys {
            let mut sql = Sql::new(source.dialect());
            sql.push("SELECT COUNT(*)");
            without_parent(&mut sql, table, key, present(key.table));
            let count: u64 = source.query(sql.finish()?).await?.scalar()?.unwrap_or(0);
            if count == 0 {
                continue;
            }
            findings.total += count;
            let mut sql = Sql::new(source.dialect());
            sql.push("SELECT ").identifiers(table.primary_key.iter().copied());
            without_parent(&mut sql, table, key, present(key.table));
            sql.push(" ORDER BY ").identifiers(table.primary_key.iter().copied()).page(LISTED, 0);
            let rows = source.query(sql.finish()?).await?;
            findings.first.extend(rows.iter().map(|values| finding(table, &values, key)));
        }
    }
    Ok(findings)
}

fn finding(table: &'static Table, values: &[Value], key: &ForeignKey) -> Finding {
    Finding::new(
        table,
        values,
        Some(key.column),
        format!("refers to a row of {} that is not there", key.table),
    )
}

fn without_parent(sql: &mut Sql<'_>, table: &'static Table, key: &'static ForeignKey, parent: bool) {
    sql.push(" FROM ").identifier(table.name).push(" WHERE ").identifier(key.column).push(" IS NOT NULL");
    if parent {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM ").identifier(key.table).push(" AS parent WHERE parent.");
        sql.identifier(key.references).push(" = ").identifier(table.name).push(".");
        sql.identifier(key.column).push(")");
    }
}

/// Mends the rows of a page against what the target has: a reference to a row that is not there is cleared where the
/// column may be NULL; where not, the row is left out. References of a table to itself are looked at only with
/// `own`, when all of its rows are there.
pub(super) async fn mend(
    target: &dyn Engine,
    table: &'static Table,
    rows: &mut Vec<Row>,
    own: bool,
    found: &mut dyn FnMut(Finding),
) -> Result<()> {
    for key in table.foreign_keys.iter().filter(|key| own || key.table != table.name) {
        let Some(at) = table.columns.iter().position(|column| column.name == key.column) else { continue };
        let wanted: BTreeSet<&str> = rows
            .iter()
            .filter_map(|row| match row.get(at) {
                Some(Value::Text(text)) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let there = existing(target, key, wanted).await?;
        let nullable = table.columns.get(at).is_some_and(|column| column.nullable);
        rows.retain_mut(|row| {
            let broken = match row.get(at) {
                None | Some(Value::Null) => false,
                Some(Value::Text(text)) => !there.contains(text),
                Some(_) => true,
            };
            if broken {
                let mut finding = finding(table, &key_of(table, row), key);
                finding.what.push_str(if nullable {
                    "; the reference is left empty"
                } else {
                    "; the row is left out"
                });
                found(finding);
                if let (true, Some(value)) = (nullable, row.get_mut(at)) {
                    *value = Value::Null;
                }
            }
            !broken || nullable
        });
    }
    Ok(())
}

/// Those of the keys that the target has.
async fn existing(
    target: &dyn Engine,
    key: &'static ForeignKey,
    wanted: BTreeSet<&str>,
) -> Result<BTreeSet<String>> {
    let wanted: Vec<&str> = wanted.into_iter().collect();
    let mut there = BTreeSet::new();
    for wanted in wanted.chunks(500) {
        let mut sql = Sql::new(target.dialect());
        sql.push("SELECT ").identifier(key.references).push(" FROM ").identifier(key.table);
        sql.push(" WHERE ")
            .identifier(key.references)
            .push(" IN (")
            .bind_list(wanted.iter().copied())
            .push(")");
        let found = target.query(sql.finish()?).await?;
        there.extend(found.decode(|row| row.value::<String>(key.references))?);
    }
    Ok(there)
}
