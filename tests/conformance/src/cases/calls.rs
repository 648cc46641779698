//! Calls by name from many tasks, and what is stored behind them.

use std::future::Future;
use std::sync::Arc;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::{Attacker, AttackerIdentity, Repository};
use decnet_db_core::json::Json;
use decnet_db_core::sql::{FromValue, Insert, Record as _, Sql, Table, Unit, Value};
use serde_json::json;

use crate::database::Database;

/// A database that tasks share.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) repository: Arc<dyn Repository>,
}

impl Calls {
    pub(crate) fn of(database: &Database) -> Self {
        Self { repository: Arc::clone(&database.repository) }
    }

    /// Calls a method that must succeed.
    pub(crate) async fn called(&self, method: &str, arguments: impl Into<Json>) -> serde_json::Value {
        crate::json::called(&*self.repository, method, arguments).await
    }

    /// Calls a method that must fail; says how, and the message.
    pub(crate) async fn refused(&self, method: &str, arguments: impl Into<Json>) -> (ErrorKind, String) {
        let error = call(&*self.repository, method, arguments).await.expect_err(method);
        assert!(!error.to_string().contains('\n'), "{error}");
        (error.kind(), error.to_string())
    }

    /// Holds that a list put together of its pages, by a key, has what the whole list has; and that a page needs a row.
    pub(crate) async fn same_in_pages(
        &self,
        method: &str,
        mut arguments: serde_json::Value,
        key: &str,
        whole: &serde_json::Value,
    ) {
        let (mut found, mut pages) = (Vec::new(), 0);
        arguments["limit"] = json!(2);
        loop {
            let mut page = self.called(method, arguments.clone()).await;
            found.extend(page["data"].as_array().expect("rows").clone());
            pages += 1;
            arguments["after"] = page["next"].take();
            if arguments["after"].is_null() {
                break;
            }
        }
        assert_eq!(pages, found.len().div_ceil(2).max(1), "{method}");
        let mut whole = whole.as_array().expect("a list").clone();
        let by_key = |row: &serde_json::Value| (row[key].as_i64(), row[key].as_str().map(str::to_owned));
        whole.sort_by_key(by_key);
        assert_eq!(found, whole, "{method}");
        for (argument, value) in [("limit", json!(0)), ("after", json!("logs.timestamp:0:1"))] {
            let mut wrong = arguments.clone();
            wrong[argument] = value;
            let (kind, message) = self.refused(method, wrong).await;
            assert_eq!(kind, ErrorKind::InvalidInput, "{message}");
            assert!(message.starts_with(argument), "{message}");
        }
    }

    /// Runs a statement past the contract.
    pub(crate) async fn execute(&self, write: impl FnOnce(&mut Sql<'_>)) {
        let mut unit = Unit::new();
        let mut sql = Sql::new(self.repository.engine().dialect());
        write(&mut sql);
        unit.execute(sql.finish().expect("a statement"));
        self.repository.engine().commit(unit).await.expect("the statement runs");
    }

    /// Stores one row past the contract.
    pub(crate) async fn insert(&self, table: &'static Table, row: Vec<(&'static str, Value)>) {
        let (columns, values) = row.into_iter().unzip();
        let mut unit = Unit::new();
        unit.insert(Insert::raw(table, columns, values).expect("a row"));
        self.repository.engine().commit(unit).await.expect("the row goes in");
    }

    /// One value, read past the contract.
    pub(crate) async fn stored<T: FromValue>(&self, query: &'static str) -> T {
        let mut unit = Unit::new();
        let step = unit.query(self.statement(query));
        let mut receipt = self.repository.engine().commit(unit).await.expect("the query runs");
        receipt.rows(step).scalar().expect("a value of this type").expect("a row")
    }

    fn statement(&self, text: &'static str) -> decnet_db_core::sql::Statement {
        let mut sql = Sql::new(self.repository.engine().dialect());
        sql.push(text);
        sql.finish().expect("a statement")
    }

    /// Stores an identity with this uuid past the contract, with these attackers.
    pub(crate) async fn identity_of(&self, uuid: &'static str, attackers: &[String]) {
        let time = || Value::Time("2026-01-01".parse().expect("a time"));
        let mut row =
            vec![("uuid", uuid.into()), ("schema_version", 1.into()), ("observation_count", 0.into())];
        row.extend([("created_at", time()), ("updated_at", time())]);
        self.insert(AttackerIdentity::TABLE, row).await;
        for attacker in attackers {
            self.execute(|sql| {
                sql.update::<Attacker>()
                    .set(Attacker::IDENTITY_ID, uuid)
                    .only(Attacker::UUID, attacker.as_str());
            })
            .await;
        }
    }

    /// An attacker with this address; its uuid.
    pub(crate) async fn attacker(&self, ip: &str) -> String {
        let data = json!({"data": {"ip": ip, "first_seen": "2026-01-01", "last_seen": "2026-01-02"}});
        self.called("upsert_attacker", data).await.as_str().expect("a uuid").to_owned()
    }
}

/// Runs so many calls at once and waits for all.
pub(crate) async fn at_once<F: Future<Output = T> + Send + 'static, T: Send + 'static>(
    count: usize,
    call: impl Fn(usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(call(number))).collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.expect("no call panics"));
    }
    results
}
