//! The bytes in a SQLite file: what DECNET 1.0.0 would find there, and what it left.

#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod database;
mod fleet;
mod foreign;
mod schema;
mod written;

use rusqlite::Connection;
use rusqlite::types::Value;

use decnet_db::Repository;
use decnet_db::call::call;
use decnet_db::json::Json;
use decnet_db_conformance::golden;

use crate::database::{Database, sqlite};

/// The database that the original wrote, in memory.
fn original() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(golden::CORE).unwrap();
    connection
}

/// Another connection to the file of a test.
fn file_of(db: &Database) -> Connection {
    Connection::open(&db.path).unwrap()
}

/// Rows as values; their types are those of the file.
fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Rows of texts.
fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Integer(value) => value.to_string(),
        Value::Null => "NULL".to_owned(),
        other => format!("{other:?}"),
    };
    rows(connection, sql).iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
}

/// Calls a method that must succeed.
async fn called(repository: &dyn Repository, method: &str, arguments: impl Into<Json>) -> serde_json::Value {
    let result = call(repository, method, arguments).await;
    result.unwrap_or_else(|error| panic!("{method} failed: {error}")).to_value().expect("the result is JSON")
}
