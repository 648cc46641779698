//! A backend that keeps what it is asked to do and does nothing.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use decnet_db::config::SeedConfig;
use decnet_db::contract::Repository;
use decnet_db::driver::{Backend, Bootstrap, Bootstrapped, Driver, PoolStatus, ServerInfo};
use decnet_db::sql::{Dialect, Outcome, Receipt, Rows, Statement, Step, Unit, Value};
use decnet_db::testing;
use decnet_db::time::Timestamp;
use decnet_db::{Error, Result};

use crate::plain::Plain;

/// What a backend was asked to do, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Work>>>);

/// One call of the backend.
#[derive(Clone)]
pub(crate) enum Work {
    Query(Statement),
    Commit(Vec<Statement>),
    Bootstrap(Vec<Statement>),
}

impl Log {
    /// Takes what was asked for so far.
    pub(crate) fn take(&self) -> Vec<Work> {
        std::mem::take(&mut *self.0.lock().expect("no test panics while it holds the lock"))
    }

    fn push(&self, work: Work) {
        self.0.lock().expect("no test panics while it holds the lock").push(work);
    }
}

/// One paragraph per statement: its text, then its values.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lead, statements) = match self {
            Self::Query(statement) => ("", std::slice::from_ref(statement)),
            Self::Commit(statements) => ("-- one unit:\n", statements.as_slice()),
            Self::Bootstrap(statements) => ("-- inside the schema lock:\n", statements.as_slice()),
        };
        f.write_str(lead)?;
        for statement in statements {
            writeln!(f, "{};", statement.text())?;
            let values: Vec<_> = statement.values().iter().map(shown).collect();
            if !values.is_empty() {
                writeln!(f, "-- {}", values.join(", "))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// A value as SQL would have it, without what differs from run to run.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Time(time) if is_now(*time) => "<now>".to_owned(),
        Value::Time(time) => format!("'{}'", time.to_sql_text()),
        Value::Text(text) if text.starts_with("$2b$12$") => "<hash>".to_owned(),
        Value::Text(text)
            if text
                .parse::<uuid::Uuid>()
                .is_ok_and(|uuid| uuid.get_version_num() == 4 && !is_sample(text)) =>
        {
            "<uuid>".to_owned()
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => format!("<{} bytes>", bytes.len()),
    }
}

fn is_now(time: decnet_db::time::Timestamp) -> bool {
    let now = decnet_db::time::Timestamp::now().as_microseconds();
    (now - time.as_microseconds()).abs() < 600_000_000
}

/// Uuids in the samples are written by hand and full of zeros.
fn is_sample(uuid: &str) -> bool {
    uuid.contains("-0000-4000-8000-")
}

struct Recording {
    dialect: &'static dyn Dialect,
    log: Log,
    fails: Option<fn() -> Error>,
}

/// A repository over a backend that does nothing.
pub(crate) fn repository(dialect: &'static dyn Dialect, seed: SeedConfig) -> (Arc<dyn Repository>, Log) {
    let log = Log::default();
    (testing::repository(Arc::new(Recording { dialect, log: log.clone(), fails: None }), seed), log)
}

/// A driver whose databases do nothing.
pub(crate) const DRIVER: Driver = Driver::new("plain", &["plain"], |_| {
    let backend = Recording { dialect: &Plain, log: Log::default(), fails: None };
    Box::pin(async { Ok(Arc::new(backend) as Arc<dyn Backend>) })
});

/// The same with telemetry, and with an error that every call of the backend returns.
pub(crate) fn instrumented(
    dialect: &'static dyn Dialect,
    fails: Option<fn() -> Error>,
) -> Arc<dyn Repository> {
    let backend = Recording { dialect, log: Log::default(), fails };
    testing::instrumented(Arc::new(backend), SeedConfig::default())
}

impl Recording {
    fn record(&self, work: Work) -> Result<()> {
        self.log.push(work);
        self.fails.map_or(Ok(()), |error| Err(error()))
    }

    fn statements(&self, unit: &Unit) -> Vec<Statement> {
        let statements = unit.steps().iter().flat_map(|step| match step {
            Step::Execute(statement, _) | Step::Query(statement) => vec![statement.clone()],
            Step::Insert(insert) => insert.statements(self.dialect, usize::MAX),
            // A guard is the driver's to spell.
            _ => Vec::new(),
        });
        statements.collect()
    }
}

/// The summary of ten thousand events, one row of zeros for what else counts, no row for what lists but the blob of an upsert.
fn rows_for(text: &str) -> Rows {
    const EVENTS: i64 = 10_000;
    let time = || Value::Time(Timestamp::from_microseconds(0).expect("it is 1970"));
    let row = if text == "SELECT (SELECT MIN(id) FROM logs), (SELECT MAX(id) FROM logs), NULL"
        || text
            == "SELECT (SELECT MIN(id) FROM logs), (SELECT MAX(id) FROM logs), (SELECT COUNT(*) FROM logs)"
    {
        [1, EVENTS, EVENTS].map(Value::Int).to_vec()
    } else if text.starts_with("SELECT (SELECT MIN(id)") {
        // The ends, the anchor, late ones; before the segments, behind them, all; new sources, all sources; the fleet.
        let behind = if text.contains("WHERE id >= ") { 0 } else { EVENTS };
        [1, EVENTS, 1, 0, 0, behind, EVENTS, 0, 0, 0, 0].map(Value::Int).to_vec()
    } else if text.contains(" AS segment, ") {
        let [segment, minute] = [1_024, 0].map(Value::Int);
        vec![segment, minute, Value::Int(EVENTS), time(), time(), Value::Int(EVENTS), time()]
    } else if text.contains(" AS minute") {
        let ends = [1, EVENTS, 1, 0].map(Value::Int);
        [vec![Value::Int(0), Value::Int(0), Value::Int(0), time(), time()], ends.to_vec()].concat()
    } else if text.starts_with("SELECT uuid, sha256, ") && text.contains(" FROM canary_blobs WHERE") {
        let text = || Value::Text(String::new());
        vec![text(), text(), text(), text(), Value::Int(0), text(), time()]
    } else if text.starts_with("SELECT COUNT") || text.starts_with("SELECT (") {
        vec![Value::Int(0); 4]
    } else {
        Vec::new()
    };
    let mut rows = Rows::new(row.len());
    row.into_iter().for_each(|value| rows.push(value));
    rows
}

/// The row that a unit has just written and reads back, where a method can't do without.
fn written(text: &str) -> Rows {
    let row = if text.starts_with("SELECT id FROM credentials ") {
        vec![Value::Int(1)]
    } else if text.starts_with("SELECT id, secret_sha256, ") {
        let time = || Value::Time(Timestamp::from_microseconds(0).expect("it is 1970"));
        let mut row = vec![Value::Text(String::new()); 9];
        row.extend([Value::Int(0), Value::Int(0), Value::Real(1.0), time(), time(), time()]);
        row
    } else {
        Vec::new()
    };
    let mut rows = Rows::new(row.len());
    row.into_iter().for_each(|value| rows.push(value));
    rows
}

#[async_trait]
impl Backend for Recording {
    fn dialect(&self) -> &dyn Dialect {
        self.dialect
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        let text = statement.text().to_owned();
        self.record(Work::Query(statement))?;
        Ok(rows_for(&text))
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        self.record(Work::Commit(self.statements(&unit)))?;
        let mut receipt = Receipt::default();
        for step in unit.steps() {
            receipt.push(match step {
                // What an upsert answers with is there; else a unit finds nothing.
                Step::Query(statement) if statement.text().contains(" FROM canary_blobs WHERE") => {
                    Outcome::Rows(rows_for(statement.text()))
                }
                Step::Query(statement) => Outcome::Rows(written(statement.text())),
                // The loop of this one ends with the row that it makes.
                Step::Execute(statement, _) if statement.text().starts_with("INSERT INTO attackers ") => {
                    Outcome::Affected(1)
                }
                _ => Outcome::Affected(0),
            });
        }
        Ok(receipt)
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        // The tables that are created have a snapshot of their own.
        let mut statements = vec![bootstrap.catalog(self.dialect)];
        let created = bootstrap.missing(Rows::new(3), self.dialect)?.len();
        statements.extend(self.statements(bootstrap.seed()));
        self.record(Work::Bootstrap(statements))?;
        bootstrap.finish(created, Receipt::default())
    }

    async fn ping(&self) -> Result<ServerInfo> {
        Ok(ServerInfo::new("plain", "0"))
    }

    fn pool(&self) -> PoolStatus {
        PoolStatus::default()
    }

    async fn close(&self) {}
}
