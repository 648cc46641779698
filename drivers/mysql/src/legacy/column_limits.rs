//! Saying what a column takes, when a value was too much for it.
//!
//! Tables that DECNET made hold less than the contract allows (ruling R3): TEXT of 64 KiB, INT of 32 bits. Strict mode
//! makes the server refuse what does not fit; the limit is looked up only then.

use decnet_db_core::Error;
use decnet_db_core::sql::{Statement, Value, Verb};

use crate::error::{Failure, argument, refused_column, refused_row, unheld_charset, unheld_text_column};
use crate::read::connection::Connection;

/// What the smallest text type without a length holds.
const TEXT_BYTES: usize = 65_535;

/// The failure with the column's limit in it, when it is one of a value that does not fit. `first` is the position of the
/// statement's first row among those of the caller, if there are several.
pub(crate) async fn with_limit(
    connection: &mut Connection,
    table: &str,
    first: Option<usize>,
    failure: Failure,
) -> Failure {
    if let Some(column) = unheld_text_column(&failure) {
        return with_charset(connection, table, column, first.and_then(|first| row(first, &failure)))
            .await
            .unwrap_or(failure);
    }
    if let Some(charset) = unheld_charset(&failure) {
        return of_charset(connection, table, charset).await.unwrap_or(failure);
    }
    let Some(column) = refused_column(&failure) else { return failure };
    let found: Result<Option<(String, Option<u64>)>, _> = connection
        .exec_first(
            "SELECT CAST(column_type AS CHAR), CAST(character_maximum_length AS UNSIGNED) \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
            (table, column).into(),
        )
        .await;
    let Ok(Some((kind, length))) = found else { return failure };
    let limit = match (length, integer_range(&kind)) {
        (Some(length), _) if kind.ends_with("text") => format!(", {length} bytes"),
        (Some(length), _) => format!(", {length} characters"),
        (None, Some((from, to))) => format!(", {from} to {to}"),
        (None, None) => String::new(),
    };
    let row = first.and_then(|first| row(first, &failure));
    refusal(table, column, row, &kind, &limit).into()
}

/// The position of the row that was refused, among those of the caller.
fn row(first: usize, failure: &Failure) -> Option<usize> {
    Some(first + refused_row(failure)?.checked_sub(1)?)
}

/// Says which character set can't hold the text. `None` when the column has none: then it is no text that was refused.
async fn with_charset(
    connection: &mut Connection,
    table: &str,
    column: &str,
    row: Option<usize>,
) -> Option<Failure> {
    let found: Option<Option<String>> = connection
        .exec_first(
            "SELECT character_set_name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
            (table, column).into(),
        )
        .await
        .ok()?;
    let charset = found??;
    let reason =
        format!("has characters that the column's character set can't hold in this database ({charset})");
    Some(Error::invalid_input(argument(row, column), reason).into())
}

/// The same where the server names the character set: the columns that are in it. `None` when there are none.
async fn of_charset(connection: &mut Connection, table: &str, charset: &str) -> Option<Failure> {
    let found: Option<Option<String>> = connection
        .exec_first(
            "SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position SEPARATOR ', ') FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ? AND character_set_name = ?",
            (table, charset).into(),
        )
        .await
        .ok()?;
    let columns = found??;
    let reason =
        format!("has characters that the column's character set can't hold in this database ({charset})");
    Some(Error::invalid_input(columns, reason).into())
}

/// Refuses text that MariaDB 10.11 would wrap to its length modulo 2^16 or 2^24 without a word, in strict mode too: such as
/// does not fit into the column of an `INSERT … SELECT`, which it copies as it is from one temporary column.
pub(crate) async fn check_copied(connection: &mut Connection, statement: &Statement) -> Result<(), Failure> {
    let Some(table) = statement.table().filter(|_| statement.verb() == Verb::InsertSelect) else {
        return Ok(());
    };
    for (column, value) in statement.written() {
        let Value::Text(text) = value else { continue };
        if text.len() <= TEXT_BYTES {
            continue;
        }
        let (table, column) = (table.name, column.name);
        let found: Option<(String, Option<u64>)> = connection
            .exec_first(
                "SELECT CAST(column_type AS CHAR), CAST(character_octet_length AS UNSIGNED) \
                 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
                (table, column).into(),
            )
            .await?;
        if let Some((kind, Some(bytes))) = found
            && text.len() as u64 > bytes
        {
            return Err(refusal(table, column, None, &kind, &format!(", {bytes} bytes")).into());
        }
    }
    Ok(())
}

fn refusal(table: &str, column: &str, row: Option<usize>, kind: &str, limit: &str) -> Error {
    Error::invalid_input(
        argument(row, column),
        format!("more than {table}.{column} can hold in this database, which is {kind}{limit}"),
    )
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
