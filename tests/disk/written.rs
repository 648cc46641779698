//! What we write is, value by value, what the original wrote for the same calls.

use std::collections::BTreeMap;

use decnet_db::json::Json;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;

use super::{file_of, golden, original, rows, sqlite};
use crate::called;
use crate::database::Database;

/// A row of the original, by column.
type Row = BTreeMap<String, Value>;

fn original_rows(table: &str) -> Vec<Row> {
    let connection = original();
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY rowid")).unwrap();
    let names: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        names.iter().map(|name| Ok((name.clone(), row.get(name.as_str())?))).collect::<Result<Row, _>>()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn text(row: &Row, column: &str) -> String {
    match &row[column] {
        Value::Text(text) => text.clone(),
        other => panic!("{column} is {other:?}"),
    }
}

/// The arguments that make the row: its columns but for those left out, as JSON.
fn arguments(row: &Row, without: &[&str]) -> BTreeMap<String, Json> {
    let columns = row.iter().filter(|(name, _)| !without.contains(&name.as_str()));
    let arguments = columns.map(|(name, value)| {
        let json = match value {
            Value::Null => Json::null(),
            Value::Integer(value) => Json::of(value).unwrap(),
            Value::Text(text) => Json::of(text).unwrap(),
            other => panic!("{name} is {other:?}"),
        };
        (name.clone(), json)
    });
    arguments.collect()
}

/// The value that the original was handed where it stored this text: a map where the text is what a map becomes.
fn handed_over(text: &str) -> Json {
    match Json::parse(text) {
        Ok(json) if json.is_object() && json.compact().unwrap() == text => json,
        _ => Json::of(text).unwrap(),
    }
}

fn within(argument: &str, value: &BTreeMap<String, Json>) -> Json {
    Json::of(&BTreeMap::from([(argument, value)])).unwrap()
}

/// A value together with its type in the file; times that were "now" by their form.
fn dump(
    connection: &Connection,
    table: &str,
    now: impl Fn(usize, &str) -> bool,
) -> Vec<Vec<(String, Value)>> {
    let statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
    drop(statement);
    let columns: Vec<_> = names.iter().map(|name| format!("typeof(\"{name}\"), \"{name}\"")).collect();
    let dumped = rows(connection, &format!("SELECT {} FROM {table} ORDER BY rowid", columns.join(", ")));
    let dumped = dumped.into_iter().enumerate().map(|(position, row)| {
        let pairs = names.iter().zip(row.chunks_exact(2)).map(|(name, pair)| {
            let [Value::Text(kind), value] = pair else { panic!("{pair:?}") };
            match value {
                Value::Text(text) if now(position, name) => (kind.clone(), Value::Text(form(text))),
                value => (kind.clone(), value.clone()),
            }
        });
        pairs.collect()
    });
    dumped.collect()
}

/// The text with its digits replaced.
fn form(text: &str) -> String {
    text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect()
}

const TIME_FORM: &str = "0000-00-00 00:00:00.000000";

async fn equal(db: &Database, table: &str, now: impl Fn(usize, &str) -> bool) {
    let (ours, theirs) = (dump(&file_of(db), table, &now), dump(&original(), table, &now));
    assert!(!theirs.is_empty());
    assert_eq!(ours, theirs, "{table}");
}

#[test]
fn users() {
    sqlite(async |db: Database| {
        for row in original_rows("users") {
            let later = ["tokens_valid_from", "role"];
            called(&*db, "create_user", within("user_data", &arguments(&row, &later))).await;
            let uuid = text(&row, "uuid");
            called(&*db, "update_user_role", json!({"uuid": uuid, "role": text(&row, "role")})).await;
            if let Value::Text(ts) = &row["tokens_valid_from"] {
                called(&*db, "set_tokens_valid_from", json!({"user_uuid": uuid, "ts": ts})).await;
            }
        }
        equal(&db, "users", |_, _| false).await;
    });
}

#[test]
fn revoked_tokens() {
    sqlite(async |db: Database| {
        for row in original_rows("revoked_tokens") {
            let arguments = Json::of(&arguments(&row, &["revoked_at"])).unwrap();
            called(&*db, "revoke_token", arguments).await;
        }
        equal(&db, "revoked_tokens", |_, column| column == "revoked_at").await;
    });
}

#[test]
fn logs() {
    sqlite(async |db: Database| {
        let rows = original_rows("logs");
        // The last one was given no time.
        let last = rows.len() - 1;
        let entries = rows.iter().enumerate().map(|(position, row)| {
            let without: &[&str] = if position == last { &["id", "timestamp"] } else { &["id"] };
            let mut entry = arguments(row, without);
            entry.insert("fields".to_owned(), handed_over(&text(row, "fields")));
            entry
        });
        let entries: Vec<_> = entries.collect();
        let (single, batch) = entries.split_at(5);
        for entry in single {
            called(&*db, "add_log", within("log_data", entry)).await;
        }
        called(&*db, "add_logs", Json::of(&BTreeMap::from([("log_entries", batch)])).unwrap()).await;
        equal(&db, "logs", |position, column| position == last && column == "timestamp").await;
        assert_eq!(form(&super::texts(&file_of(&db), "SELECT max(timestamp) FROM logs")[0]), TIME_FORM);
    });
}

#[test]
fn bounties() {
    sqlite(async |db: Database| {
        let rows = original_rows("bounty");
        let last = rows.len() - 1;
        for (position, row) in rows.iter().enumerate() {
            let without: &[&str] = if position == last { &["id", "timestamp"] } else { &["id"] };
            let mut bounty = arguments(row, without);
            bounty.insert("payload".to_owned(), handed_over(&text(row, "payload")));
            called(&*db, "add_bounty", within("bounty_data", &bounty)).await;
        }
        equal(&db, "bounty", |position, column| position == last && column == "timestamp").await;
    });
}

#[test]
fn state() {
    sqlite(async |db: Database| {
        for row in original_rows("state") {
            let value = Json::parse(text(&row, "value")).unwrap();
            let key = Json::of(&text(&row, "key")).unwrap();
            let arguments = BTreeMap::from([("key".to_owned(), key), ("value".to_owned(), value)]);
            called(&*db, "set_state", Json::of(&arguments).unwrap()).await;
        }
        // R12: an exponent may be spelled in another way.
        let spelled = |text: &str| text.replace("1e+20", "1e20");
        let values = |connection| {
            let rows = rows(connection, "SELECT key, value, typeof(value) FROM state ORDER BY rowid");
            rows.into_iter()
                .map(|row| row.iter().map(|value| spelled(&format!("{value:?}"))).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert_eq!(values(&file_of(&db)), values(&original()));
    });
}

#[test]
fn our_reads_leave_the_originals_file_as_it_is() {
    sqlite(async |db: Database| {
        let opened = db.golden().await;
        let before = rows(&file_of(&opened), "SELECT * FROM logs");
        for recorded in golden::recorded(golden::List::CoreReads) {
            let _ = decnet_db::call::call(&*opened, &recorded.method, recorded.arguments()).await;
        }
        assert_eq!(rows(&file_of(&opened), "SELECT * FROM logs"), before);
        opened.repository.close().await;
    });
}

#[test]
fn the_originals_file_is_read_and_written_as_the_original_did() {
    sqlite(async |db: Database| {
        let opened = db.golden().await;
        golden::check_reads(&*opened).await;
        golden::check_writes(&*opened).await;
        opened.repository.close().await;
    });
}
