//! Checks of arguments against columns.

use crate::error::{Error, Result};
use crate::sql::{Changeset, Col, Record, Value};

/// Refuses a value that the column can't hold, under the name that the caller knows it by.
///
/// # Errors
/// Invalid input that names the argument.
pub(in crate::base) fn check_as<R: Record, T>(
    argument: &str,
    column: Col<R, T>,
    value: impl Into<Value>,
) -> Result<()> {
    R::TABLE.check(column.column(), &value.into()).map_err(|error| match error {
        Error::InvalidInput { reason, .. } => Error::invalid_input(argument, reason),
        other => other,
    })
}

/// Takes the key that the call names its row by out of an update: only its present value is accepted (ruling R18).
///
/// # Errors
/// Invalid input that names the key.
pub(in crate::base) fn same_key<R: Record, T>(
    changes: &mut Changeset<R>,
    key: Col<R, T>,
    present: &str,
) -> Result<()> {
    match changes.remove(key) {
        Some(given) if given != Value::from(present) => Err(Error::invalid_input(
            key.name(),
            "can't be changed: leave it out, or give the one that the row has",
        )),
        _ => Ok(()),
    }
}

/// The first characters of a text: so many, or all.
pub(in crate::base) fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}
