//! Counting the values of a column, or of members of `fields`, by the engine.

use super::matching;
use crate::base::SqlRepository;
use crate::contract::{Counted, Log, LogFilter, ValueCounts};
use crate::error::Result;

impl SqlRepository {
    /// The `limit` most frequent values, counted exactly and of one moment; none where the engine can't do that.
    pub(in crate::base) async fn value_counts(
        &self,
        counted: Counted<'_>,
        filter: &LogFilter,
        limit: u64,
    ) -> Result<Option<ValueCounts>> {
        let dialect = self.backend.dialect();
        let mut sql = self.sql();
        sql.push("SELECT exact_text, events, COUNT(*) OVER (), CAST(SUM(events) OVER () AS ");
        sql.push(dialect.integer()).push(") FROM ");
        let mut exact = true;
        sql.subquery(|sql| {
            sql.push("SELECT ");
            match counted {
                Counted::Column(column) => dialect.text_bytes(sql, column.column()),
                Counted::Members(keys) => exact = dialect.json_member_text(sql, Log::FIELDS.column(), keys),
            }
            matching(sql.push(" AS exact_text, COUNT(*) AS events").from::<Log>(), filter)
                .push(" GROUP BY exact_text")
        });
        sql.push(" AS counted WHERE exact_text IS NOT NULL ORDER BY events DESC, exact_text LIMIT ");
        // The totals stand in each row.
        sql.bind(i64::try_from(limit.max(1)).unwrap_or(i64::MAX));
        if !exact {
            return Ok(None);
        }
        let mut counts = ValueCounts { values: Vec::new(), distinct: 0, events: 0 };
        counts.values = self.read(sql).await?.decode(|row| {
            let value = (row.value("exact_text")?, row.value("events")?);
            counts.distinct = row.value("distinct")?;
            counts.events = row.value("events")?;
            Ok(value)
        })?;
        counts.values.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Some(counts))
    }
}
