//! Where the values of a statement go, as its text says.

use decnet_db_core::sql::Statement;

/// A column, or the column of one of several rows, as `Insert::rows` names it.
pub(crate) fn argument(row: Option<usize>, column: &str) -> String {
    row.map_or_else(|| column.to_owned(), |row| format!("[{row}].{column}"))
}

/// The table that a statement writes values to.
pub(crate) fn table(statement: &Statement) -> Option<&str> {
    let text = statement.text();
    let rest = text.strip_prefix("INSERT INTO ").or_else(|| text.strip_prefix("UPDATE "))?;
    rest.split_whitespace().next().map(|name| name.trim_matches('`'))
}

/// The column that the value at this position goes to, in a statement as the base writes it: a list of columns with a value
/// for each, or `column = ?`.
pub(crate) fn target(text: &str, position: usize) -> Option<&str> {
    let name = |text: &str| -> Option<std::ops::Range<usize>> {
        let end = text.trim_end_matches('`').len();
        let start =
            text[..end].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        (start < end).then_some(start..end)
    };
    if let Some(rest) = text.strip_prefix("INSERT INTO ") {
        let (_, rest) = rest.split_once(' ')?;
        let rest = rest.strip_prefix('(')?;
        let (columns, _) = rest.split_once(')')?;
        return columns.split(", ").nth(position).map(|column| column.trim_matches('`'));
    }
    let (at, _) = text.match_indices('?').nth(position)?;
    let before = text[..at].strip_suffix(" = ")?;
    before.get(name(before)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_columns() {
        let insert = "INSERT INTO t (a, `key`, c) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE c = VALUES(c)";
        assert_eq!([0, 1, 2, 3].map(|n| target(insert, n)), [Some("a"), Some("key"), Some("c"), None]);
        assert_eq!(target("INSERT INTO t VALUES (?, ?)", 0), None);
        let update = "UPDATE t SET a = ?, `key` = ? WHERE (c = ? AND CAST(c AS BINARY) = CAST(? AS BINARY))";
        assert_eq!([0, 1, 2, 3].map(|n| target(update, n)), [Some("a"), Some("key"), Some("c"), None]);
    }
}
