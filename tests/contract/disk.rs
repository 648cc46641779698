//! The bytes in a SQLite file: what DECNET 1.0.0 would find there.

mod foreign;
mod schema;
mod written;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::{Database, golden, sqlite};

/// The database that the original wrote, in memory.
fn original() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(include_str!("../golden/core.sql")).unwrap();
    connection
}

/// Another connection to the file of a test.
fn file_of(db: &Database) -> Connection {
    let url: decnet_db::config::DatabaseUrl = db.url.parse().unwrap();
    Connection::open(url.database()).unwrap()
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
