//! Emptying a database, or removing what belongs to DECNET from it.

use serde::Serialize;

use crate::contract::Engine;
use crate::contract::Repository;
use crate::contract::tables::SCHEMA;
use crate::error::{ErrorKind, Result};
use crate::sql::{ColumnKind, Sql, StepId, Table, Unit};

/// What a reset does (contract document 10 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetMode {
    /// Deletes all rows of all tables, in one unit; the schema and its stamp stay. Keys that the database assigns begin at
    /// 1 again.
    Truncate,
    /// Drops all tables, and `alembic_version` with them (ruling R2).
    DropTables,
}

/// What a reset did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ResetReport {
    /// Each table, children first, with the number of its rows that are gone; null for a table that was missing.
    pub tables: Vec<(&'static str, Option<u64>)>,
    /// Stamps of another revision, which were left alone together with `alembic_version` (ruling R2).
    pub foreign_stamps: Vec<String>,
}

/// Resets the database. Asks nothing: that is up to the caller.
///
/// Truncating is one unit, so it happens as a whole or not at all. Dropping is one unit on engines that can roll back DDL;
/// where they can't (MySQL), a reset that was cut short is finished by running it again: the stamp goes first, so that
/// DECNET does not take what is left for a whole schema.
///
/// # Errors
/// `Conflict` when tables of something else refer to these; what [`commit`](Engine::commit) returns otherwise.
pub async fn reset(repository: &dyn Repository, mode: ResetMode) -> Result<ResetReport> {
    let mut tables = repository.row_counts().await?;
    tables.reverse();
    let present: Vec<&'static Table> =
        tables.iter().filter(|(_, rows)| rows.is_some()).filter_map(|(name, _)| SCHEMA.table(name)).collect();
    let engine = repository.engine();
    match mode {
        ResetMode::Truncate => {
            let mut unit = Unit::new();
            let deletions = clear(engine, &present, &mut unit)?;
            let receipt = if unit.is_empty() { Default::default() } else { engine.commit(unit).await? };
            for (name, step) in deletions {
                if let Some((_, rows)) = tables.iter_mut().find(|(table, _)| *table == name) {
                    *rows = Some(receipt.affected(step));
                }
            }
            resync_serials(engine, &present).await?;
            Ok(ResetReport { tables, foreign_stamps: Vec::new() })
        }
        ResetMode::DropTables => {
            let stamps = match engine.query(SCHEMA.read_stamp(engine.dialect())).await {
                Ok(rows) => rows.decode(|row| row.value::<String>("version_num"))?,
                Err(error) if error.kind() == ErrorKind::Configuration => Vec::new(),
                Err(error) => return Err(error),
            };
            let foreign_stamps: Vec<_> =
                stamps.into_iter().filter(|stamp| stamp != SCHEMA.revision).collect();
            let mut unit = Unit::new();
            let stamp = foreign_stamps.is_empty().then_some("alembic_version");
            for name in stamp.into_iter().chain(present.iter().map(|table| table.name)) {
                let mut sql = Sql::new(engine.dialect());
                sql.ddl().push("DROP TABLE IF EXISTS ").identifier(name);
                unit.execute(sql.finish()?);
            }
            if !unit.is_empty() {
                engine.commit(unit).await?;
            }
            Ok(ResetReport { tables, foreign_stamps })
        }
    }
}

/// Adds the deletion of all rows of the tables, which come children first; returns each table's step.
pub(super) fn clear(
    engine: &dyn Engine,
    tables: &[&'static Table],
    unit: &mut Unit,
) -> Result<Vec<(&'static str, StepId)>> {
    let mut steps = Vec::with_capacity(tables.len());
    for table in tables {
        // Rows that refer to rows of the same table: some engines check each row as it goes.
        for key in table.foreign_keys.iter().filter(|key| key.table == table.name) {
            let mut sql = Sql::new(engine.dialect());
            sql.update_table(table).push(" SET ").identifier(key.column);
            sql.push(" = NULL WHERE ").identifier(key.column).push(" IS NOT NULL");
            unit.execute(sql.finish()?);
        }
        let mut sql = Sql::new(engine.dialect());
        sql.delete_from(table);
        steps.push((table.name, unit.execute(sql.finish()?)));
    }
    Ok(steps)
}

/// Lets the database assign keys behind the largest that there is.
pub(super) async fn resync_serials(engine: &dyn Engine, tables: &[&'static Table]) -> Result<()> {
    for table in tables {
        for column in table.columns.iter().filter(|column| column.kind == ColumnKind::Serial) {
            let mut sql = Sql::new(engine.dialect());
            engine.dialect().resync_serial(sql.ddl(), table, column);
            if !sql.is_empty() {
                // A unit of its own: on MySQL this is DDL, which commits what stands before it.
                let mut unit = Unit::new();
                unit.execute(sql.finish()?);
                engine.commit(unit).await?;
            }
        }
    }
    Ok(())
}
