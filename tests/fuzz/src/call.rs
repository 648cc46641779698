//! Calls by name.

use decnet_db::call::{Argument, Method, method, methods};
use decnet_db::json::Json;
use decnet_db::sql::ColumnKind;
use decnet_db::{ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::bytes::Bytes;
use crate::world::{World, with_world};

/// The most calls of an input.
const CALLS: usize = 12;

/// Calls, one a line: a method's name, a blank, and any text for its arguments. Each is answered by a result that a client can
/// read, or refused by one of the kinds that a caller can do something about, in one line.
pub fn call(bytes: &[u8]) {
    with_world(|world| {
        let mut wrote = false;
        for line in bytes.split(|byte| *byte == b'\n').take(CALLS) {
            let line = String::from_utf8_lossy(line);
            let (name, arguments) = line.split_once(' ').unwrap_or((&line, "null"));
            let Ok(arguments) = Json::parse(arguments) else { continue };
            wrote |= method(name).is_ok_and(|method| method.writes);
            // Either way is right; what must not be, `called` looks for.
            let _ = world.block_on(called(world, name, arguments));
        }
        if wrote {
            world.empty();
        }
    });
}

/// Calls whose methods, and whose arguments' kinds, are chosen by bytes: as [`call`].
pub fn call_arguments(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let all: Vec<&Method> = methods().collect();
    with_world(|world| {
        let mut wrote = false;
        for _ in 0..CALLS {
            if bytes.is_empty() {
                break;
            }
            let method = all[bytes.below(all.len().max(257)) % all.len()];
            let mut arguments = Map::new();
            for argument in method.arguments() {
                if argument.required || bytes.byte() & 1 == 1 {
                    arguments.insert(argument.name.to_owned(), of_argument(&mut bytes, argument));
                }
            }
            wrote |= method.writes;
            // As above.
            let _ = world.block_on(called(world, method.name, Value::Object(arguments).into()));
        }
        if wrote {
            world.empty();
        }
    });
}

/// The answer to a call, which is one that a caller may get.
pub(crate) async fn called(world: &World, name: &str, arguments: Json) -> Result<Json> {
    let answer = decnet_db::call::call(&*world.repository, name, arguments.clone()).await;
    match &answer {
        Ok(result) => {
            let read = method(name).and_then(|method| method.read_and_shown(result));
            let read = read.unwrap_or_else(|error| panic!("{name} {arguments}: {error}: {result}"));
            assert_eq!(&read, result, "{name} {arguments}");
        }
        Err(error) => {
            use ErrorKind::*;
            let shown = error.to_string();
            assert!(
                matches!(error.kind(), InvalidInput | NotFound | Conflict | Unsupported),
                "{name} {arguments}: {error:?}"
            );
            assert!(!shown.is_empty() && !shown.contains(['\n', '\r']), "{name} {arguments}: {shown:?}");
        }
    }
    answer
}

const TEXTS: [&str; 18] = [
    "k",
    "",
    "00000000-0000-4000-8000-0000000000b0",
    "203.0.113.7",
    "2001:db8::1",
    "decky-01",
    "ssh",
    "2026-01-02T03:04:05Z",
    "active",
    "pending",
    "running",
    "10.0.0.0/24",
    "a\0b",
    "it's 100% \u{1f980}",
    "{\"a\":1}",
    "[1,2]",
    "viewer",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];
const INTEGERS: [i64; 10] = [0, 1, -1, 50, 65_536, 2_147_483_648, -2_147_483_649, i64::MAX, i64::MIN, 22];

/// A value for an argument, mostly of its type.
fn of_argument(bytes: &mut Bytes<'_>, argument: &Argument) -> Value {
    if bytes.byte() & 7 == 7 {
        return any(bytes, 3);
    }
    if let Some(table) = argument.table {
        let mut members = Map::new();
        for column in table.columns {
            // An eighth is left out.
            if bytes.byte() & 7 != 7 {
                members.insert(column.name.to_owned(), of_column(bytes, column.kind));
            }
        }
        return if argument.ty.starts_with("list") { json!([members]) } else { Value::Object(members) };
    }
    if argument.ty.starts_with("list") {
        let count = bytes.below(4);
        return (0..count).map(|_| json!(bytes.one_of(&TEXTS))).collect();
    }
    match argument.ty {
        "text" => json!(bytes.one_of(&TEXTS)),
        "integer" => json!(bytes.one_of(&INTEGERS)),
        _ => any(bytes, 3),
    }
}

fn of_column(bytes: &mut Bytes<'_>, kind: ColumnKind) -> Value {
    match (bytes.byte() & 15, kind) {
        (15, _) => any(bytes, 2),
        (14, _) => Value::Null,
        (_, ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32) => json!(bytes.one_of(&INTEGERS)),
        (_, ColumnKind::Float) => json!(f64::from(bytes.byte()) / 8.0),
        (_, ColumnKind::Bool) => json!(bytes.byte() & 1 == 1),
        (_, ColumnKind::Time) => json!(bytes.time().to_string()),
        (0..=3, ColumnKind::Json | ColumnKind::LongText) => any(bytes, 2),
        _ => json!(bytes.one_of(&TEXTS)),
    }
}

/// Any value, nested as deep as that.
fn any(bytes: &mut Bytes<'_>, depth: usize) -> Value {
    match bytes.byte() % if depth == 0 { 8 } else { 10 } {
        0 => Value::Null,
        1 => json!(bytes.byte() & 1 == 1),
        2 => json!(bytes.one_of(&INTEGERS)),
        3 => json!(bytes.int()),
        4 => json!(bytes.float()),
        5 => json!(bytes.int().cast_unsigned()),
        6 => json!(bytes.one_of(&TEXTS)),
        7 => json!(bytes.text()),
        8 => {
            let count = bytes.below(5);
            (0..count).map(|_| any(bytes, depth - 1)).collect()
        }
        _ => {
            let count = bytes.below(5);
            let member = |_| (bytes.one_of(&TEXTS).to_owned(), any(bytes, depth - 1));
            Value::Object((0..count).map(member).collect())
        }
    }
}
