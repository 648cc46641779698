//! How far a copy has come, recorded in the target in the same unit as the rows.

use serde::{Deserialize, Serialize};

use crate::contract::Engine;
use crate::contract::StateEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Expect, Insert, Record as _, Rows, Sql, Statement, Unit, Value};
use crate::time::Timestamp;

/// The key in the table `state` under which an unfinished copy keeps its progress.
pub const PROGRESS_KEY: &str = "decnet_db_copy";

/// The version of the record's form.
const VERSION: u32 = 1;

/// How far a copy has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    version: u32,
    /// What is copied from, without secrets.
    pub(super) source: String,
    /// Tells one run's record from another's.
    run: String,
    pub(super) phase: Phase,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub(super) enum Phase {
    /// Nothing was changed yet.
    Starting,
    /// The rows of a table behind this key.
    Rows { table: String, after: Vec<KeyValue> },
    /// The references of a table to itself, in rows behind this key.
    References { table: String, column: String, after: Vec<KeyValue> },
    /// Everything is copied.
    Verifying,
    /// A live copy makes the target level with the source; the number tells one step from the next.
    Levelling { step: u64 },
}

/// A value of a primary key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyValue {
    Null,
    Bool(bool),
    Int(i64),
    /// As its bits: not every double is JSON.
    Real(u64),
    Text(String),
    Blob(Vec<u8>),
    /// Microseconds since 1970.
    Time(i64),
}

/// A key that goes into the record.
pub(super) fn keep(key: Vec<Value>) -> Vec<KeyValue> {
    key.into_iter()
        .map(|value| match value {
            Value::Null => KeyValue::Null,
            Value::Bool(v) => KeyValue::Bool(v),
            Value::Int(v) => KeyValue::Int(v),
            Value::Real(v) => KeyValue::Real(v.to_bits()),
            Value::Text(v) => KeyValue::Text(v),
            Value::Blob(v) => KeyValue::Blob(v),
            Value::Time(v) => KeyValue::Time(v.as_microseconds()),
        })
        .collect()
}

/// A key that comes out of the record.
pub(super) fn recall(key: Vec<KeyValue>) -> Vec<Value> {
    key.into_iter()
        .map(|value| match value {
            KeyValue::Null => Value::Null,
            KeyValue::Bool(v) => Value::Bool(v),
            KeyValue::Int(v) => Value::Int(v),
            KeyValue::Real(v) => Value::Real(f64::from_bits(v)),
            KeyValue::Text(v) => Value::Text(v),
            KeyValue::Blob(v) => Value::Blob(v),
            KeyValue::Time(v) => Timestamp::from_microseconds(v).map_or(Value::Null, Value::Time),
        })
        .collect()
}

/// The record in the target, which changes only together with what it tells of.
pub(super) struct Record<'r> {
    target: &'r dyn Engine,
    progress: Progress,
    text: String,
}

impl<'r> Record<'r> {
    /// The record of an unfinished copy into the target, if there is one. `target` has the table `state`.
    pub(super) async fn find(target: &'r dyn Engine) -> Result<Option<Self>> {
        let Some(text) = read(target).await? else { return Ok(None) };
        let progress: Progress = serde_json::from_str(&text).ok().filter(|it: &Progress| it.version == VERSION).ok_or_else(|| {
            Error::conflict(format!(
                "the target's state {PROGRESS_KEY:?} is not what this version records of an unfinished copy; continue with \
                 the version that began it, or empty the target with `reset`"
            ))
        })?;
        Ok(Some(Self { target, progress, text }))
    }

    /// Begins a copy.
    pub(super) async fn begin(target: &'r dyn Engine, source: &str) -> Result<Self> {
        let run = uuid::Uuid::new_v4().to_string();
        let progress = Progress { version: VERSION, source: source.to_owned(), run, phase: Phase::Starting };
        let text = text_of(&progress)?;
        let mut unit = Unit::new();
        let values = vec![PROGRESS_KEY.into(), text.as_str().into()];
        unit.insert(Insert::raw(StateEntry::TABLE, vec!["key", "value"], values)?);
        let record = Self { target, progress, text };
        record.commit_as(unit, &record.text).await.map_err(|error| match error {
            Error::Conflict { .. } => elsewhere(),
            other => other,
        })?;
        Ok(record)
    }

    pub(super) fn source(&self) -> &str {
        &self.progress.source
    }

    pub(super) fn phase(&self) -> &Phase {
        &self.progress.phase
    }

    /// Begins again, from another source.
    pub(super) async fn restart(&mut self, source: &str) -> Result<()> {
        let run = uuid::Uuid::new_v4().to_string();
        let progress = Progress { version: VERSION, source: source.to_owned(), run, phase: Phase::Starting };
        self.step(Unit::new(), progress).await
    }

    /// Commits the work in one unit with the step to `phase`.
    ///
    /// The unit happens exactly once: a commit whose outcome is unknown is looked up in the record, and sent again when
    /// it did not happen.
    pub(super) async fn advance(&mut self, work: Unit, phase: Phase) -> Result<()> {
        let progress = Progress { phase, ..self.progress.clone() };
        self.step(work, progress).await
    }

    async fn step(&mut self, work: Unit, progress: Progress) -> Result<()> {
        let text = text_of(&progress)?;
        let mut unit = Unit::new();
        let mut sql = Sql::new(self.target.dialect());
        sql.update::<StateEntry>().set(StateEntry::VALUE, text.as_str());
        sql.only(StateEntry::KEY, PROGRESS_KEY).only(StateEntry::VALUE, self.text.as_str());
        // First, so that two copies into one target stop each other before they do anything.
        unit.expect(sql.finish()?, Expect::one_row("another copy into this database is under way"));
        unit.append(work);
        self.commit_as(unit, &text).await?;
        (self.progress, self.text) = (progress, text);
        Ok(())
    }

    /// Removes the record.
    pub(super) async fn finish(self) -> Result<()> {
        let mut unit = Unit::new();
        let mut sql = Sql::new(self.target.dialect());
        sql.delete::<StateEntry>().only(StateEntry::KEY, PROGRESS_KEY);
        sql.only(StateEntry::VALUE, self.text.as_str());
        unit.execute(sql.finish()?);
        self.target.commit(unit).await.map(drop)
    }

    /// Whether the record in the target is no longer the one that we know.
    pub(super) async fn is_foreign(&self) -> Result<bool> {
        Ok(read(self.target).await?.as_deref() != Some(self.text.as_str()))
    }

    async fn commit_as(&self, unit: Unit, text: &str) -> Result<()> {
        for _ in 0..3 {
            match self.target.commit(unit.clone()).await {
                Err(error) if error.kind() == ErrorKind::UnknownOutcome => {
                    if read(self.target).await?.as_deref() == Some(text) {
                        return Ok(());
                    }
                }
                other => return other.map(drop),
            }
        }
        self.target.commit(unit).await.map(drop)
    }
}

/// The statement that empties the table `state` but for the record.
pub(super) fn clear_other_state(target: &dyn Engine) -> Result<Statement> {
    let mut sql = Sql::new(target.dialect());
    sql.delete::<StateEntry>().and().push("NOT (").eq(StateEntry::KEY, PROGRESS_KEY).push(")");
    sql.finish()
}

/// The text of the record, whoever's it is.
pub(super) async fn read(target: &dyn Engine) -> Result<Option<String>> {
    let mut sql = Sql::new(target.dialect());
    sql.push("SELECT value").from::<StateEntry>().only(StateEntry::KEY, PROGRESS_KEY);
    target.query(sql.finish()?).await.and_then(Rows::scalar)
}

fn text_of(progress: &Progress) -> Result<String> {
    serde_json::to_string(progress)
        .map_err(|error| Error::backend("can't write down the progress of the copy", error))
}

fn elsewhere() -> Error {
    Error::conflict("another copy into this database has just begun")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_the_record() {
        let key = vec![
            Value::Int(i64::MIN),
            "a\0\"é".into(),
            Value::Blob(vec![0, 255]),
            Value::Time(Timestamp::MAX),
        ];
        let text = serde_json::to_string(&keep(key.clone())).unwrap();
        assert_eq!(recall(serde_json::from_str(&text).unwrap()), key);
    }
}
