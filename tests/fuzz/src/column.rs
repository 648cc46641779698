//! Values of columns: what fits, and what doesn't.

use decnet_db::sql::{Column, ColumnKind, Value};

use crate::bytes::Bytes;

const INTEGERS: [i64; 14] = [
    0,
    1,
    -1,
    7,
    255,
    256,
    65_536,
    2_147_483_647,
    2_147_483_648,
    -2_147_483_649,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
    1_700_000_000,
];
const FLOATS: [f64; 10] =
    [0.0, -0.0, 0.5, 1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_993.0, 1e16, -1.5];
const TEXTS: [&str; 16] = [
    "",
    "{}",
    "[]",
    "null",
    "{\"a\": [1, 2.50, \"\\ud83d\\ude00\"]}",
    "[\"x\",{\"b\":1e400}]",
    "\"\\ud800\"",
    "2026-01-02 03:04:05.000006",
    "2026-01-02T03:04:05Z",
    "0001-01-01",
    "1",
    "true",
    "caf\u{e9}\u{0}\u{1f980}",
    "active",
    "00000000-0000-4000-8000-0000000000b0",
    "{\"a\":1,\"a\":2}",
];

/// The next value for a column, one that fits where the bytes end.
pub(crate) fn value(bytes: &mut Bytes<'_>, column: &Column) -> Value {
    match bytes.byte() % 12 {
        0..=2 => fitting(bytes, column.kind),
        3 => Value::Null,
        4 => Value::Bool(bytes.byte() & 1 == 1),
        5 => Value::Int(bytes.one_of(&INTEGERS)),
        6 => Value::Int(bytes.int()),
        7 => Value::Real(bytes.one_of(&FLOATS)),
        8 => Value::Real(bytes.float()),
        9 => Value::Text(bytes.one_of(&TEXTS).to_owned()),
        10 => Value::Text(bytes.text()),
        _ => {
            let length = bytes.byte().into();
            Value::Blob(bytes.take(length).to_vec())
        }
    }
}

fn fitting(bytes: &mut Bytes<'_>, kind: ColumnKind) -> Value {
    match kind {
        ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => Value::Int(bytes.byte().into()),
        ColumnKind::Float => Value::Real(f64::from(bytes.byte()) / 4.0),
        ColumnKind::Bool => Value::Bool(bytes.byte() & 1 == 1),
        ColumnKind::Time => Value::Time(bytes.time()),
        ColumnKind::Bytes(length) => Value::Blob(vec![bytes.byte(); length.into()]),
        _ => Value::Text(bytes.one_of(&TEXTS).to_owned()),
    }
}
