//! What the codes of the SQL standard say.

use super::{Failed, Verdict};
use crate::error::{EngineError, Error, ErrorCode};
use crate::text::one_line;

impl Failed {
    /// What a server refused, by its SQLSTATE: five characters, of which the first two are the class. `message` is the
    /// server's text, `column` the column that it names, `source` the client library's error.
    ///
    /// The codes are those of ISO 9075 and, where it leaves them open, of PostgreSQL, which other engines share.
    ///
    /// ```
    /// use decnet_db_core::driver::{Failed, Verdict};
    ///
    /// let failed = Failed::by_sqlstate("40001", "could not serialize access", None, std::fmt::Error);
    /// assert_eq!(failed.verdict, Verdict::Again("serialization"));
    /// assert!(failed.error.is_retryable());
    /// ```
    pub fn by_sqlstate(
        code: &str,
        message: &str,
        column: Option<&str>,
        source: impl Into<anyhow::Error>,
    ) -> Self {
        let verdict = match code {
            "40001" => Verdict::Again("serialization"),
            "40P01" => Verdict::Again("deadlock"),
            // The connection broke; the server is shutting down, crashed, is starting; it has no connection to give just now.
            _ if code.starts_with("08") || code.starts_with("57P0") => Verdict::Lost,
            "53300" => Verdict::Lost,
            _ => Verdict::Final,
        };
        let mut source = EngineError::from(source.into());
        if let Ok(code) = code.as_bytes().try_into() {
            source = source.with_code(ErrorCode::SqlState(code));
        }
        let text = format!("{} (SQLSTATE {code})", one_line(message));
        let column = column.unwrap_or_default();
        let class = code.get(..2).unwrap_or_default();
        let error = match (class, code) {
            (_, "23502") => Error::invalid_input(column, "must not be null"),
            (_, "42P01" | "42S02") => Error::configuration(format!(
                "{text}: the database has no DECNET schema yet, or not all of it; initialise it (decnet-db init)"
            )),
            ("28" | "3D", _) | (_, "42501") => Error::configuration(format!(
                "the database server refuses: {text}; check the user, the password, the database and the rights"
            )),
            // What a column can't hold: a wrong value, one that a CHECK refuses, one that is too large for an index.
            ("22" | "54", _) | (_, "23514") => Error::invalid_input(column, text),
            // Duplicates, references, what others depend on.
            ("23" | "2B", _) => Error::Conflict { message: text, source: Some(source) },
            // Others were in the way, no resources, locked for too long, stopped by an operator, no disk, no writes now.
            ("08" | "40" | "53" | "55" | "57" | "58", _) | (_, "25006") => Error::unavailable(text, source),
            _ => Error::backend(text, source),
        };
        Self { error, verdict }
    }

    /// The connection broke, or there is none: the same may work on another one. `source` is the client library's error.
    pub fn lost(source: impl Into<anyhow::Error>) -> Self {
        let source = source.into();
        let message = format!("no connection to the database server: {}", one_line(&format!("{source:#}")));
        Self { error: Error::unavailable(message, source), verdict: Verdict::Lost }
    }

    /// What no other kind of error describes, in the client library's words.
    pub fn other(source: impl Into<anyhow::Error>) -> Self {
        let source = source.into();
        Error::backend(one_line(&format!("{source:#}")), source).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn kinds_are_by_what_the_caller_can_do() {
        for (code, kind, verdict) in [
            ("23505", ErrorKind::Conflict, Verdict::Final),
            ("23503", ErrorKind::Conflict, Verdict::Final),
            ("2BP01", ErrorKind::Conflict, Verdict::Final),
            ("23502", ErrorKind::InvalidInput, Verdict::Final),
            ("22003", ErrorKind::InvalidInput, Verdict::Final),
            ("54000", ErrorKind::InvalidInput, Verdict::Final),
            ("42P01", ErrorKind::Configuration, Verdict::Final),
            ("28P01", ErrorKind::Configuration, Verdict::Final),
            ("3D000", ErrorKind::Configuration, Verdict::Final),
            ("40P01", ErrorKind::Unavailable, Verdict::Again("deadlock")),
            ("57P01", ErrorKind::Unavailable, Verdict::Lost),
            ("53300", ErrorKind::Unavailable, Verdict::Lost),
            ("55P03", ErrorKind::Unavailable, Verdict::Final),
            ("25006", ErrorKind::Unavailable, Verdict::Final),
            ("42601", ErrorKind::Backend, Verdict::Final),
            ("", ErrorKind::Backend, Verdict::Final),
        ] {
            let failed = Failed::by_sqlstate(code, "a\nb", Some("c"), std::fmt::Error);
            assert_eq!((failed.error.kind(), failed.verdict), (kind, verdict), "{code}");
            assert!(!failed.error.to_string().contains('\n'));
        }
    }
}
