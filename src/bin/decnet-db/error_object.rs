//! An error of the library as programs and people read it.

use std::error::Error as _;

use decnet_db::contract::limits::LONGEST_REQUEST;
use decnet_db::{Error, ErrorKind};
use serde::{Serialize, Serializer};

/// An error as `call` answers it (ruling R15): `{"kind":…,"message":…}`.
#[derive(Serialize)]
pub(crate) struct ErrorObject {
    #[serde(serialize_with = "kind_name")]
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

fn kind_name<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

impl ErrorObject {
    pub(crate) fn of(error: &Error) -> Self {
        Self { kind: error.kind(), message: message(error) }
    }
}

/// The error and what caused it, unless its text says so already.
pub(crate) fn message(error: &Error) -> String {
    let mut text = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    for (position, cause) in causes.iter().enumerate() {
        // Some only put words such as "Input/output error" before what caused them.
        let is_said = |said: &String| cause.ends_with(said.as_str()) && text.contains(said.as_str());
        if !causes[position..].iter().any(is_said) {
            text.push_str(": ");
            text.push_str(cause);
        }
    }
    text
}

/// The error for a request that is longer than one may be.
pub(crate) fn too_long(what: &str) -> Error {
    Error::invalid_input(what, format!("must be at most {} MiB long", LONGEST_REQUEST / (1024 * 1024)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_the_message_quotes_is_not_repeated() {
        let error = Error::backend("can't read: disk I/O error", anyhow::anyhow!("disk I/O error"));
        assert_eq!(message(&error), "can't read: disk I/O error");
    }

    #[test]
    fn what_stands_only_before_a_cause_that_is_said_already_is_not_said() {
        let refused = "Connection refused (os error 111)";
        let cause = anyhow::anyhow!("{refused}")
            .context(format!("Input/output error: {refused}"))
            .context(format!("Input/output error: Input/output error: {refused}"));
        let error = Error::backend(format!("db1 can't be reached: {refused}"), cause);
        assert_eq!(message(&error), "db1 can't be reached: Connection refused (os error 111)");
        let cause = anyhow::anyhow!("{refused}").context("step 3");
        assert_eq!(message(&Error::backend("can't copy", cause)), format!("can't copy: step 3: {refused}"));
    }
}
