//! Checks of arguments against columns.

use crate::error::{Error, Result};
use crate::sql::{Col, Record, Value};

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
