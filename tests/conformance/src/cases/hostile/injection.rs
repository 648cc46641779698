//! What attackers write, in each text that a method takes.

use std::collections::BTreeSet;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::{call, method};
use decnet_db_core::contract::User;
use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::sql::{Sql, Statement, Value as Stored};
use serde_json::Value;

use crate::database::Database;
use crate::samples::{UUID, domains};

/// Payloads, each a JSON string: what is written against databases, searches, patterns, JSON, pages, terminals and spreadsheets.
const PAYLOADS: &str = include_str!("payloads.jsonl");
/// What stands before and behind each, so that it is known again wherever it comes to, and finds nothing that is there.
const BEGIN: &str = "q7mb";
const END: &str = "q7me";
/// In how many ways each text is tried; those of an event with all of the corpus.
const EACH: usize = 12;

fn payloads() -> Vec<String> {
    PAYLOADS.lines().map(|line| serde_json::from_str(line).expect("a JSON string")).collect()
}

/// The calls of methods that write, or of those that read, with one text after another replaced: the method, the arguments, and
/// which payload they have.
fn attempts(writes: bool) -> Vec<(&'static str, Value, String)> {
    let payloads = payloads();
    // Spread out, so that no payload comes to texts of one method alone.
    let mut next = payloads.iter().cycle().step_by(31);
    let mut attempts = Vec::new();
    for (name, arguments) in domains().into_iter().flat_map(|(_, calls)| calls) {
        if method(name).expect("a method").writes != writes {
            continue;
        }
        let mut places = Vec::new();
        texts(&arguments, &mut String::new(), &mut places);
        for place in places {
            let count = if name == "add_log" { payloads.len() } else { EACH };
            for payload in next.by_ref().take(count) {
                let mut attempt = arguments.clone();
                *attempt.pointer_mut(&place).expect("it is there") = format!("{BEGIN}{payload}{END}").into();
                attempts.push((name, attempt, payload.clone()));
            }
        }
    }
    attempts
}

/// The places of all texts, as JSON pointers.
fn texts(value: &Value, place: &mut String, found: &mut Vec<String>) {
    let length = place.len();
    let mut step = |key: &str, value| {
        place.push('/');
        place.push_str(&key.replace('~', "~0").replace('/', "~1"));
        texts(value, place, found);
        place.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| step(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| step(&at.to_string(), value)),
        Value::String(_) => found.push(place.clone()),
        _ => {}
    }
}

/// What the call answers, or why it was refused; anything else than a refusal is a fault.
async fn tried(db: &Database, name: &str, arguments: &Value) -> Result<Value, ErrorKind> {
    match call(&**db, name, arguments.clone()).await {
        Ok(answer) => Ok(answer.to_value().expect("the answer is JSON")),
        Err(error) => {
            let refused = [ErrorKind::InvalidInput, ErrorKind::NotFound, ErrorKind::Conflict];
            assert!(refused.contains(&error.kind()), "{name} {arguments}: {error:?}");
            assert!(!error.to_string().contains(|c: char| c.is_control()), "{name} {arguments}: {error}");
            Err(error.kind())
        }
    }
}

pub(crate) async fn payloads_in_what_is_asked_find_nothing_more(db: Database) {
    let db = db.golden().await;
    for (name, arguments, payload) in attempts(false) {
        let text = serde_json::to_string(&format!("{BEGIN}{payload}{END}")).expect("JSON");
        let harmless = arguments.to_string().replace(&text, &format!("\"{BEGIN}{END}\""));
        let harmless: Value = serde_json::from_str(&harmless).expect("JSON");
        let asked = tried(&db, name, &arguments).await;
        let plain = tried(&db, name, &harmless).await;
        if let (Ok(asked), Ok(plain)) = (&asked, &plain) {
            let (mut keys, mut plain_keys) = (asked.clone(), plain.clone());
            forget(&mut keys);
            forget(&mut plain_keys);
            assert!(keys == plain_keys, "{name} {arguments} finds something else than {harmless}");
        }
    }
}

/// What an answer repeats of what was asked.
fn forget(answer: &mut Value) {
    match answer {
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (key, mut value) in old {
                forget(&mut value);
                members.insert(if key.contains(BEGIN) { BEGIN.into() } else { key }, value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget),
        Value::String(text) if text.contains(BEGIN) => *text = BEGIN.into(),
        _ => {}
    }
}

pub(crate) async fn payloads_in_what_is_stored_are_stored_as_they_are(db: Database) {
    let db = db.golden().await;
    let (schema, users) = (schema(&db).await, users(&db).await);
    for (name, arguments, _) in attempts(true) {
        // Most are accepted, and the others are refused.
        let _ = tried(&db, name, &arguments).await;
    }
    assert_eq!(self::users(&db).await, users, "users that were not meant");
    assert_eq!(self::schema(&db).await, schema, "the schema");

    // The contract has ends of file names in small letters.
    let small = payloads().into_iter().map(|payload| payload.to_lowercase());
    let known: BTreeSet<String> = payloads().into_iter().chain(small).flat_map(spellings).collect();
    let mut found = BTreeSet::new();
    for text in stored_texts(&db).await {
        for part in text.split(BEGIN).skip(1) {
            let payload = part.split(END).next().expect("the first part");
            assert!(part.len() > payload.len(), "it was cut: {part:?} in {text:?}");
            assert!(known.contains(payload), "it was changed: {payload:?} in {text:?}");
            found.insert(payload.to_owned());
        }
    }
    let stored =
        |payload: &String| spellings(payload.clone()).iter().any(|spelling| found.contains(spelling));
    // Not every engine takes NUL.
    let missing: Vec<_> =
        payloads().into_iter().filter(|payload| !payload.contains('\0') && !stored(payload)).collect();
    assert!(missing.is_empty(), "nowhere stored: {missing:?}");
}

/// A payload as it is, and as JSON has it, in letters of any language or in ASCII; and the same as text within JSON.
fn spellings(payload: String) -> Vec<String> {
    let quoted = |text: &str| {
        let json = serde_json::to_string(text).expect("JSON");
        json[1..json.len() - 1].to_owned()
    };
    let ascii = |json: &str| {
        let mut units = [0; 2];
        let escaped = |character: char| match character {
            ' '..='~' => character.to_string(),
            _ => character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        };
        json.chars().map(escaped).collect::<String>()
    };
    let json = quoted(&payload);
    let mut spellings = vec![ascii(&json), quoted(&json), quoted(&ascii(&json)), json];
    spellings.push(payload);
    spellings
}

async fn rows(db: &Database, write: impl FnOnce(&mut Sql<'_>)) -> Vec<Vec<Stored>> {
    let mut sql = Sql::new(db.engine().dialect());
    write(&mut sql);
    let statement: Statement = sql.finish().expect("a statement");
    db.engine().query(statement).await.expect("rows").iter().collect()
}

/// The users that no call means: neither those that the samples name nor those that were added.
async fn users(db: &Database) -> Vec<User> {
    let mut users = db.list_users().await.expect("users");
    users.retain(|user| user.uuid != UUID && user.username != "bob" && !user.username.contains(BEGIN));
    users
}

/// The names of all tables, columns and indexes.
async fn schema(db: &Database) -> BTreeSet<String> {
    let catalog = db.engine().dialect().catalog();
    let rows = rows(db, |sql| {
        sql.push(catalog);
    });
    rows.await.into_iter().map(|row| format!("{row:?}")).collect()
}

/// Each text that is stored anywhere.
async fn stored_texts(db: &Database) -> Vec<String> {
    let mut texts = Vec::new();
    for table in SCHEMA.tables {
        let rows = rows(db, |sql| {
            sql.select(table);
        });
        for value in rows.await.into_iter().flatten() {
            // Rules are kept as YAML, which has spellings of its own; their cases read them back.
            if let Stored::Text(text) = value
                && !text.starts_with("rule_id: ")
            {
                texts.push(text);
            }
        }
    }
    texts
}
