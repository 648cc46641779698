//! Rows that are merged into others of their table: `merged_into_uuid` says into which.

use std::collections::HashMap;

use crate::base::SqlRepository;
use crate::contract::unit::Steps;
use crate::error::{Error, Result};
use crate::sql::{Col, Expect, Record, Sql};
use crate::time::Timestamp;

/// The columns of a table whose rows are merged: key, into which row, when the row was last written.
type Merges<R> = (Col<R, String>, Col<R, Option<String>>, Col<R, Timestamp>);

impl SqlRepository {
    /// The row with that key, or the one that it was merged into in the end, in one read however many merges there are.
    ///
    /// Null when a row on the way is missing; in a ring the last row before it would repeat (ruling R19).
    pub(in crate::base) async fn merged<R: Record>(
        &self,
        key: Col<R, String>,
        uuid: &str,
    ) -> Result<Option<R>> {
        let mut sql = self.sql();
        walk(&mut sql, key, uuid).push("SELECT walk.uuid, walk.merged_into_uuid, ").columns_of("i", R::TABLE);
        sql.push(" FROM walk JOIN ").identifier(R::TABLE.name).push(" i ON i.uuid = walk.uuid");
        let rows = self.read(sql).await?.decode(|row| {
            let (uuid, into): (String, Option<String>) = (row.value("uuid")?, row.value("merged_into_uuid")?);
            Ok((uuid, (into, Some(R::decode(row)?))))
        })?;
        let mut rows: HashMap<_, _> = rows.into_iter().collect();
        let mut at = uuid.to_owned();
        while let Some((into, row)) = rows.get_mut(&at) {
            let (into, row) = (into.take(), row.take());
            match into {
                // Where a row was taken from already, the ring begins.
                Some(into) if rows.get(&into).is_none_or(|(_, row)| row.is_some()) => at = into,
                _ => return Ok(row),
            }
        }
        Ok(None)
    }
}

impl Steps<'_> {
    /// Adds a merge of one row into another, or its end where there is no winner. A row that is not there changes nothing.
    ///
    /// # Errors
    /// A conflict for a merge of a row into itself; the unit fails with one where the merges lead into a ring.
    pub(in crate::base) fn merge<R: Record>(
        &mut self,
        (key, into, updated_at): Merges<R>,
        uuid: &str,
        winner: Option<&str>,
    ) -> Result<()> {
        not_into_itself(Some(uuid), winner)?;
        // Two merges that are each fine alone may make a ring together.
        self.guard("merge", R::TABLE.name);
        self.execute(|sql| {
            sql.update::<R>().set(into, winner).set(updated_at, Timestamp::now()).only(key, uuid)
        })?;
        if winner.is_none() {
            return Ok(());
        }
        let ring =
            "winner_uuid: the merges would lead into a ring, so that none of its rows stands for itself";
        // MySQL reads the table that it updates only through a derived table.
        self.expect(Expect::rows(0..=0, ring), |sql| {
            sql.update::<R>().assign(updated_at).column(updated_at).only(key, uuid);
            sql.and().push("(SELECT ends FROM ").subquery(|sql| {
                walk(sql, key, uuid).push("SELECT COUNT(*) AS ends FROM walk LEFT JOIN ");
                sql.identifier(R::TABLE.name)
                    .push(" i ON i.uuid = walk.merged_into_uuid WHERE i.uuid IS NULL")
            });
            sql.push(" AS walked) = 0")
        })?;
        Ok(())
    }
}

/// Refuses a row that is merged into itself.
///
/// # Errors
/// A conflict.
pub(in crate::base) fn not_into_itself(uuid: Option<&str>, winner: Option<&str>) -> Result<()> {
    if winner.is_some() && uuid == winner {
        return Err(Error::conflict("a row can't be merged into itself".to_owned()));
    }
    Ok(())
}

/// `WITH` the rows `walk` that the merges lead to from one row on, each once.
fn walk<'s, 'd, R: Record>(sql: &'s mut Sql<'d>, key: Col<R, String>, uuid: &str) -> &'s mut Sql<'d> {
    sql.push("WITH RECURSIVE walk AS ").subquery(|sql| {
        sql.push("SELECT uuid, merged_into_uuid").from::<R>().only(key, uuid);
        sql.push(" UNION SELECT i.uuid, i.merged_into_uuid FROM walk JOIN ").identifier(R::TABLE.name);
        sql.push(" i ON i.uuid = walk.merged_into_uuid")
    });
    sql.push(" ")
}
