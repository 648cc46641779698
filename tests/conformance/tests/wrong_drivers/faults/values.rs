//! Values come back as something else.

use decnet_db_core::sql::{ColumnKind, Unit, Value};
use decnet_db_core::time::Timestamp;

use crate::rewrite::{each_insert, with_values};
use crate::wrapper::Fault;

/// A fault of text alone.
macro_rules! changes_text {
    ($fault:ident: $change:expr) => {
        #[derive(Debug, Default)]
        pub(crate) struct $fault;

        impl Fault for $fault {
            fn value(&self, value: Value) -> Value {
                let change: fn(String) -> String = $change;
                match value {
                    Value::Text(text) => Value::Text(change(text)),
                    other => other,
                }
            }
        }
    };
}

changes_text!(CutsTextAt255: |text| text.chars().take(255).collect());
changes_text!(EndsTextAtNul: |text| text.split('\0').next().unwrap_or_default().to_owned());
changes_text!(StoresThreeBytesACharacter: |text| {
    text.chars().map(|character| if character.len_utf8() > 3 { '?' } else { character }).collect()
});
changes_text!(TrimsTrailingBlanks: |text| text.trim_end_matches(' ').to_owned());
changes_text!(ComposesAccents: |text| text.replace("o\u{301}", "\u{f3}").replace("e\u{301}", "\u{e9}"));
changes_text!(RespellsJson: |text| {
    let holds = text.starts_with(['{', '[']);
    let json = serde_json::from_str::<serde_json::Value>(&text).ok().filter(|_| holds);
    json.map_or(text, |json| json.to_string())
});

#[derive(Debug, Default)]
pub(crate) struct StoresEmptyTextAsNull;

impl Fault for StoresEmptyTextAsNull {
    fn value(&self, value: Value) -> Value {
        if value == Value::Text(String::new()) { Value::Null } else { value }
    }
}

#[derive(Debug, Default)]
pub(crate) struct StoresNullAsEmptyText;

impl Fault for StoresNullAsEmptyText {
    fn unit(&self, unit: Unit) -> Unit {
        each_insert(&unit, |insert| {
            let is_text = |name: &&'static str| {
                let kind = insert.table().column(name).map(|column| column.kind);
                matches!(kind, Some(ColumnKind::Text | ColumnKind::TextOf(_) | ColumnKind::LongText))
            };
            let columns = insert.columns().iter().cycle();
            let change = |(value, column): (&Value, &&'static str)| {
                if value.is_null() && is_text(column) { Value::from("") } else { value.clone() }
            };
            with_values(insert, insert.values().iter().zip(columns).map(change).collect())
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct DropsMicroseconds;

impl Fault for DropsMicroseconds {
    fn value(&self, value: Value) -> Value {
        match value {
            Value::Time(time) => {
                let seconds = time.as_microseconds().div_euclid(1_000_000) * 1_000_000;
                Value::Time(Timestamp::from_microseconds(seconds).unwrap_or(time))
            }
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct BeginsIn1970;

impl Fault for BeginsIn1970 {
    fn value(&self, value: Value) -> Value {
        match (value, Timestamp::from_microseconds(0)) {
            (Value::Time(time), Ok(epoch)) => Value::Time(time.max(epoch)),
            (other, _) => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct PassesIntegersThroughDoubles;

impl Fault for PassesIntegersThroughDoubles {
    fn value(&self, value: Value) -> Value {
        match value {
            Value::Int(integer) => Value::Int(integer as f64 as i64),
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct HasIntegersOf32Bits;

impl Fault for HasIntegersOf32Bits {
    fn value(&self, value: Value) -> Value {
        match value {
            Value::Int(integer) => Value::Int(integer.clamp(i32::MIN.into(), i32::MAX.into())),
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct HasFloatsOf32Bits;

impl Fault for HasFloatsOf32Bits {
    fn value(&self, value: Value) -> Value {
        match value {
            Value::Real(float) => Value::Real((float as f32).into()),
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct StoresBytesAsText;

impl Fault for StoresBytesAsText {
    fn value(&self, value: Value) -> Value {
        match value {
            Value::Blob(bytes) => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
            other => other,
        }
    }
}
