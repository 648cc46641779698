//! Pages by key: as fast on the last page as on the first, and stable while rows arrive.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{Error, Result};
use crate::sql::{Column, ColumnKind, Record, Value};
use crate::time::Timestamp;

/// Part of a list, and where the next part begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T, C> {
    /// The rows, in the list's order.
    pub data: Vec<T>,
    /// What the next call takes as `after`; null when the list ends here.
    pub next: Option<C>,
}

/// Where a page of `R`'s list ended: behind one row, which need not exist any more.
///
/// As text, and so in JSON, it is opaque: take it from [`Page::next`] and hand it back. It is only good for the list and the
/// order that it came from; another one refuses it.
///
/// ```
/// use decnet_db_core::contract::{BountyCursor, LogCursor};
///
/// let cursor: LogCursor = "logs.timestamp:1767225600000000:12".parse()?;
/// assert_eq!(cursor.to_string(), "logs.timestamp:1767225600000000:12");
/// assert!(cursor.to_string().parse::<BountyCursor>().is_err());
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
pub struct Cursor<R> {
    column: &'static Column,
    sort: Value,
    key: Value,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> Cursor<R> {
    /// After the row whose value in the ordering column is `sort` and whose key is `key`.
    pub(crate) fn after(
        column: impl Into<&'static Column>,
        sort: impl Into<Value>,
        key: impl Into<Value>,
    ) -> Self {
        Self { column: column.into(), sort: sort.into(), key: key.into(), record: PhantomData }
    }

    /// The column that orders the list.
    pub(crate) fn column(&self) -> &'static Column {
        self.column
    }

    /// The row's value in that column.
    pub(crate) fn sort(&self) -> &Value {
        &self.sort
    }

    /// The row's key, which settles ties.
    pub(crate) fn key(&self) -> &Value {
        &self.key
    }

    fn read(text: &str) -> Option<Self> {
        let [key_column] = R::TABLE.primary_key else { return None };
        let (column, rest) = text.strip_prefix(R::TABLE.name)?.strip_prefix('.')?.split_once(':')?;
        let (sort, key) = rest.split_once(':')?;
        let column = R::TABLE.column(column)?;
        let sort = match column.kind {
            ColumnKind::Time => Value::Time(Timestamp::from_microseconds(sort.parse().ok()?).ok()?),
            ColumnKind::Bool => Value::Bool(sort.parse::<u8>().ok()? != 0),
            ColumnKind::Int => Value::Int(sort.parse().ok()?),
            _ if sort.is_empty() => Value::Null,
            _ => return None,
        };
        let key = match R::TABLE.column(key_column)?.kind {
            ColumnKind::Serial => Value::Int(key.parse().ok()?),
            _ => Value::Text(key.to_owned()),
        };
        Some(Self { column, sort, key, record: PhantomData })
    }
}

impl<R: Record> fmt::Display for Cursor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}:", R::TABLE.name, self.column.name)?;
        for (value, end) in [(&self.sort, ":"), (&self.key, "")] {
            match value {
                Value::Bool(flag) => write!(f, "{}", u8::from(*flag))?,
                Value::Int(number) => write!(f, "{number}")?,
                Value::Time(time) => write!(f, "{}", time.as_microseconds())?,
                Value::Text(text) => f.write_str(text)?,
                Value::Null | Value::Real(_) | Value::Blob(_) => {}
            }
            f.write_str(end)?;
        }
        Ok(())
    }
}

impl<R: Record> FromStr for Cursor<R> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Error::invalid_input(
                "",
                format!("is no cursor of {}: take it from `next` of the page before", R::TABLE.name),
            )
        })
    }
}

impl<R: Record> Serialize for Cursor<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, R: Record> Deserialize<'de> for Cursor<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<R: Record> fmt::Debug for Cursor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({:?})", self.to_string())
    }
}

impl<R> Clone for Cursor<R> {
    fn clone(&self) -> Self {
        Self { column: self.column, sort: self.sort.clone(), key: self.key.clone(), record: PhantomData }
    }
}

impl<R> PartialEq for Cursor<R> {
    fn eq(&self, other: &Self) -> bool {
        (self.column, &self.sort, &self.key) == (other.column, &other.sort, &other.key)
    }
}

impl<R> Eq for Cursor<R> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Attacker, AttackerCursor, Log, LogCursor};

    #[test]
    fn cursors_survive_as_text_whatever_the_key_is() {
        let time: Timestamp = "0001-01-01".parse().unwrap();
        let log = Cursor::<Log>::after(Log::TIMESTAMP, time, -7);
        assert_eq!(log.to_string().parse::<LogCursor>().unwrap(), log);
        for cursor in [
            Cursor::<Attacker>::after(Attacker::LAST_SEEN, time, "a:b.c\u{0}\u{1F4A9}"),
            Cursor::after(Attacker::EVENT_COUNT, i64::MAX, ""),
            Cursor::after(Attacker::IS_TRAVERSAL, true, "x"),
            Cursor::after(Attacker::UUID, Value::Null, "x"),
        ] {
            let json = serde_json::to_string(&cursor).unwrap();
            assert_eq!(serde_json::from_str::<AttackerCursor>(&json).unwrap(), cursor);
        }
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in [
            "",
            "x",
            "logs.",
            "logs.timestamp",
            "logs.timestamp:1:x",
            "logs.no:1:1",
            "bounty.timestamp:1:1",
            "logs.timestamp:9223372036854775807:1",
            "logs.msg:x:1",
        ] {
            assert!(text.parse::<LogCursor>().is_err(), "{text}");
        }
    }
}
