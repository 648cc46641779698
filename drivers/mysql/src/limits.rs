//! Saying what a column takes, when a value was too much for it.
//!
//! Tables that DECNET made hold less than the contract allows (ruling R3): TEXT of 64 KiB, INT of 32 bits. Strict mode
//! makes the server refuse what does not fit; the limit is looked up only then.

use decnet_db_core::Error;
use decnet_db_core::sql::Step;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::error::{Failure, refused_column};

/// The failure with the column's limit in it, when it is one of a value that does not fit.
pub(crate) async fn with_limit(conn: &mut Conn, step: &Step, failure: Failure) -> Failure {
    let (Some(table), Some(column)) = (table(step), refused_column(&failure)) else { return failure };
    let found: Result<Option<(String, Option<u64>)>, _> = conn
        .exec_first(
            "SELECT CAST(column_type AS CHAR), CAST(character_maximum_length AS UNSIGNED) \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
            (table, column),
        )
        .await;
    let Ok(Some((kind, length))) = found else { return failure };
    let limit = match (length, integer_range(&kind)) {
        (Some(length), _) if kind.ends_with("text") => format!(", {length} bytes"),
        (Some(length), _) => format!(", {length} characters"),
        (None, Some((from, to))) => format!(", {from} to {to}"),
        (None, None) => String::new(),
    };
    Error::invalid_input(
        column,
        format!("more than {table}.{column} can hold in this database, which is {kind}{limit}"),
    )
    .into()
}

fn table(step: &Step) -> Option<&str> {
    match step {
        Step::Insert(insert) => Some(insert.table().name),
        Step::Execute(statement, _) => {
            let text = statement.text();
            let rest = text.strip_prefix("INSERT INTO ").or_else(|| text.strip_prefix("UPDATE "))?;
            rest.split_whitespace().next().map(|name| name.trim_matches('`'))
        }
        _ => None,
    }
}

fn integer_range(kind: &str) -> Option<(i64, i64)> {
    let bits = match kind.split(['(', ' ']).next()? {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" => 32,
        "bigint" => 64,
        _ => return None,
    };
    (!kind.contains("unsigned")).then(|| (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_the_servers() {
        assert_eq!(integer_range("int(11)"), Some((-2_147_483_648, 2_147_483_647)));
        assert_eq!(integer_range("tinyint(1)"), Some((-128, 127)));
        assert_eq!(integer_range("bigint"), Some((i64::MIN, i64::MAX)));
        assert_eq!(integer_range("varchar(255)"), None);
    }
}
