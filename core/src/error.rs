//! The one error type of the library.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A `Result` whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, by what the caller can do about it.
///
/// The display text is one line: what was wrong, where, and what to do. Secrets (passwords, tokens, whole connection
/// URLs) never appear in it. The engine's own error, where there is one, is the [`source`](std::error::Error::source)
/// and can be downcast.
///
/// ```
/// use decnet_db_core::{Error, ErrorKind};
///
/// let error = Error::invalid_input("limit", "must not be negative");
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// assert_eq!(error.to_string(), "limit: must not be negative");
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is missing, malformed or contradicts another one, or the database has no DECNET schema yet.
    #[error("{0}")]
    Configuration(String),

    /// No driver serves the URL's scheme, or more than one does.
    #[error("{0}")]
    UnknownDriver(String),

    /// The database can't be reached or is too busy at the moment. Nothing was written; trying again later may work.
    #[error("{message}")]
    Unavailable {
        /// What could not be reached, and what to look at.
        message: String,
        /// The engine's own error.
        #[source]
        source: Option<EngineError>,
    },

    /// The write contradicts what is stored: a duplicate key, a broken reference, a row that others refer to, a state
    /// that doesn't allow the transition. Nothing was written.
    #[error("{message}")]
    Conflict {
        /// What the write ran into.
        message: String,
        /// The engine's own error.
        #[source]
        source: Option<EngineError>,
    },

    /// Something that the call names does not exist.
    #[error("{0}")]
    NotFound(String),

    /// An argument has the wrong type, is out of range, too long, unknown or missing. Nothing was written.
    #[error("{argument}{}{reason}", if .argument.is_empty() { "" } else { ": " })]
    InvalidInput {
        /// The argument, with the path inside it where that helps: `log_entries[3].timestamp`. Empty until the caller
        /// that knows the name adds it ([`within`](Error::within)).
        argument: String,
        /// What is wrong with it and what is allowed.
        reason: String,
    },

    /// The connection was lost after COMMIT was sent: the write may or may not have happened.
    #[error("{message}")]
    UnknownOutcome {
        /// What was under way.
        message: String,
        /// The engine's own error.
        #[source]
        source: Option<EngineError>,
    },

    /// The backend can't do what was asked.
    #[error("{0}")]
    Unsupported(String),

    /// The engine refused a statement or failed in a way that no other kind describes.
    #[error("{message}")]
    Backend {
        /// What was being done.
        message: String,
        /// The engine's own error.
        #[source]
        source: EngineError,
    },
}

/// The kind of an [`enum@Error`], named as in ruling R15; the text form is what `call` and the tool's JSON show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// See [`Error::Configuration`].
    Configuration,
    /// See [`Error::UnknownDriver`].
    UnknownDriver,
    /// See [`Error::Unavailable`].
    Unavailable,
    /// See [`Error::Conflict`].
    Conflict,
    /// See [`Error::NotFound`].
    NotFound,
    /// See [`Error::InvalidInput`].
    InvalidInput,
    /// See [`Error::UnknownOutcome`].
    UnknownOutcome,
    /// See [`Error::Unsupported`].
    Unsupported,
    /// See [`Error::Backend`].
    Backend,
}

impl ErrorKind {
    /// The name in snake case, as ruling R15 spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::UnknownDriver => "unknown_driver",
            Self::Unavailable => "unavailable",
            Self::Conflict => "conflict",
            Self::NotFound => "not_found",
            Self::InvalidInput => "invalid_input",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Unsupported => "unsupported",
            Self::Backend => "backend",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Configuration(_) => ErrorKind::Configuration,
            Self::UnknownDriver(_) => ErrorKind::UnknownDriver,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::InvalidInput { .. } => ErrorKind::InvalidInput,
            Self::UnknownOutcome { .. } => ErrorKind::UnknownOutcome,
            Self::Unsupported(_) => ErrorKind::Unsupported,
            Self::Backend { .. } => ErrorKind::Backend,
        }
    }

    /// Whether the same call may succeed later without anything being changed.
    pub fn is_retryable(&self) -> bool {
        self.kind() == ErrorKind::Unavailable
    }

    /// A [`Configuration`](Self::Configuration) error.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::Configuration(message.into())
    }

    /// An [`InvalidInput`](Self::InvalidInput) error.
    pub fn invalid_input(argument: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidInput { argument: argument.into(), reason: reason.into() }
    }

    /// A [`Conflict`](Self::Conflict) error that the library itself found.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), source: None }
    }

    /// An [`Unavailable`](Self::Unavailable) error with the engine's error as its source.
    pub fn unavailable(message: impl Into<String>, source: impl Into<EngineError>) -> Self {
        Self::Unavailable { message: message.into(), source: Some(source.into()) }
    }

    /// What every call of a repository that was closed fails with: [`Unavailable`](Self::Unavailable).
    pub fn closed() -> Self {
        Self::Unavailable { message: "the repository is closed".to_owned(), source: None }
    }

    /// A [`Backend`](Self::Backend) error with the engine's error as its source.
    pub fn backend(message: impl Into<String>, source: impl Into<EngineError>) -> Self {
        Self::Backend { message: message.into(), source: source.into() }
    }

    /// The engine's own code, where the engine refused something: SQLite's extended result code, MySQL's error number, or a
    /// SQLSTATE. What a program does should follow from [`kind`](Self::kind); the code is for what only one engine has.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Unavailable { source, .. }
            | Self::Conflict { source, .. }
            | Self::UnknownOutcome { source, .. } => source.as_ref()?.code,
            Self::Backend { source, .. } => source.code,
            _ => None,
        }
    }

    /// The same error with the engine's [`code`](Self::code), when it has the engine's error as its source.
    #[must_use]
    pub fn with_code(mut self, code: ErrorCode) -> Self {
        match &mut self {
            Self::Unavailable { source: Some(source), .. }
            | Self::Conflict { source: Some(source), .. }
            | Self::UnknownOutcome { source: Some(source), .. }
            | Self::Backend { source, .. } => source.code = Some(code),
            _ => {}
        }
        self
    }

    /// The same error with these words, when this is a [`Conflict`](Self::Conflict) that the engine found: engines don't say
    /// which reference or key it was, the method that wrote it knows.
    #[must_use]
    pub fn conflict_means(self, message: &str) -> Self {
        match self {
            Self::Conflict { source: source @ Some(_), .. } => {
                Self::Conflict { message: message.to_owned(), source }
            }
            other => other,
        }
    }

    /// The same error with `outer` put before the argument's name, when this is an
    /// [`InvalidInput`](Self::InvalidInput): `decky` inside `log_data` becomes `log_data.decky`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        match self {
            Self::InvalidInput { argument, reason } if argument.is_empty() => {
                Self::InvalidInput { argument: outer.to_owned(), reason }
            }
            Self::InvalidInput { argument, reason } => {
                let dot = if argument.starts_with('[') { "" } else { "." };
                Self::InvalidInput { argument: format!("{outer}{dot}{argument}"), reason }
            }
            other => other,
        }
    }
}

/// An engine's own error, shared by all who were given it, with the engine's code.
///
/// It dereferences to the error, so it can be downcast: `source.downcast_ref::<rusqlite::Error>()`.
#[derive(Debug, Clone)]
pub struct EngineError {
    error: Arc<anyhow::Error>,
    code: Option<ErrorCode>,
}

impl EngineError {
    /// The same error with the engine's code.
    #[must_use]
    pub fn with_code(mut self, code: ErrorCode) -> Self {
        self.code = Some(code);
        self
    }
}

impl<E: Into<anyhow::Error>> From<E> for EngineError {
    fn from(error: E) -> Self {
        Self { error: Arc::new(error.into()), code: None }
    }
}

impl Deref for EngineError {
    type Target = dyn std::error::Error + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &**self.error
    }
}

/// An engine's code for what went wrong: see [`Error::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// SQLite's extended result code, such as 2067 (`SQLITE_CONSTRAINT_UNIQUE`).
    Sqlite(i32),
    /// The error number of MySQL or MariaDB, such as 1062 (`ER_DUP_ENTRY`).
    MySql(u16),
    /// A SQLSTATE of five characters, such as `23505`.
    SqlState([u8; 5]),
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(code) => write!(f, "{code}"),
            Self::MySql(number) => write!(f, "{number}"),
            Self::SqlState(state) => f.write_str(&String::from_utf8_lossy(state)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_ruling_r15_names_them() {
        let all = [
            Error::configuration("x"),
            Error::UnknownDriver("x".into()),
            Error::Unavailable { message: "x".into(), source: None },
            Error::conflict("x"),
            Error::NotFound("x".into()),
            Error::invalid_input("a", "x"),
            Error::UnknownOutcome { message: "x".into(), source: None },
            Error::Unsupported("x".into()),
            Error::backend("x", anyhow::anyhow!("y")),
        ];
        let names: Vec<_> = all.iter().map(|e| e.kind().to_string()).collect();
        assert_eq!(
            names,
            [
                "configuration",
                "unknown_driver",
                "unavailable",
                "conflict",
                "not_found",
                "invalid_input",
                "unknown_outcome",
                "unsupported",
                "backend"
            ]
        );
    }

    #[test]
    fn a_copy_has_the_engines_error_and_code() {
        let engine = EngineError::from(std::io::Error::other("disk")).with_code(ErrorCode::Sqlite(778));
        let error = Error::unavailable("the file can't be read", engine);
        let copy = error.clone();
        assert_eq!(copy.code(), Some(ErrorCode::Sqlite(778)));
        assert_eq!(copy.to_string(), error.to_string());
        let source = std::error::Error::source(&copy).unwrap();
        assert!(source.downcast_ref::<std::io::Error>().is_some());
        assert_eq!(copy.with_code(ErrorCode::MySql(1)).code(), Some(ErrorCode::MySql(1)));
        assert_eq!(Error::conflict("x").with_code(ErrorCode::MySql(1)).code(), None);
    }

    #[test]
    fn within_builds_a_path() {
        let inner = Error::invalid_input("timestamp", "no date");
        assert_eq!(
            inner.within("[3]").within("log_entries").to_string(),
            "log_entries[3].timestamp: no date"
        );
    }
}
