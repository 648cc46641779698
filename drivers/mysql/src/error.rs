//! What the servers' errors mean to a caller.

use decnet_db_core::{EngineError, Error, ErrorCode, one_line};
use mysql_async::{DriverError, Error as Wire, ServerError};

use crate::codes::{
    BAD_JSON, BAD_TEXT, BAD_VALUE, BINLOG_STATEMENT, CERTIFICATION, CHECK_VIOLATED, COMMIT_FAILED,
    CONNECTION_ENDED, DATABASE_NOT_CHOSEN, DEADLOCK, DEEP_JSON, DENIED, DUPLICATE, EXISTS, EXPIRED,
    EXPRESSION_OUT_OF_RANGE, HOST_BLOCKED, LOCK_DEADLOCK, LOCK_TABLE_FULL, LOCK_WAIT, NO_DATABASE,
    NO_DEFAULT, NO_SPACE, NO_SUCH_REFERENCE, NO_TABLE, NO_TLS, NODE_NOT_READY, NOT_FOR_GROUPS, NOT_NULL,
    OTHER_KEY, OUT_OF_RANGE, PACKET_TOO_LARGE, READ_ONLY, REFERENCED, REPREPARE, SNAPSHOT_CONFLICT, TOO_LONG,
    TOO_MANY_CONNECTIONS, UNHELD_TEXT, UNKNOWN_CHARSET,
};

/// What went wrong while units or queries ran, before it is known who must be told.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection or the server reported it.
    Wire(Wire),
    /// This library found it, or it is said already as the caller should read it.
    Told(Error),
}

impl From<Wire> for Failure {
    fn from(error: Wire) -> Self {
        Self::Wire(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

/// What a failure says about doing the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The connection is gone: the same may work on another one.
    Lost,
    /// The server refused before it did anything, because of what it is: another host may do it.
    Elsewhere,
    /// Nobody can tell whether it was done.
    Unknown,
    /// Another transaction was in the way: the same may work in a moment.
    Again(&'static str),
    /// The same would fail in the same way.
    Final,
}

impl Verdict {
    /// Whether nobody can tell what became of a write that was sent as the last word: a COMMIT, or a statement that commits
    /// by itself.
    pub(crate) fn leaves_open(self) -> bool {
        matches!(self, Self::Lost | Self::Unknown)
    }
}

impl Failure {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Wire(error) => verdict(error),
            Self::Told(_) => Verdict::Final,
        }
    }

    /// The error for the caller; `doing` says what was under way, as in "reading".
    pub(crate) fn tell(self, doing: &str) -> Error {
        match self {
            Self::Wire(error) => tell(error, doing),
            Self::Told(error) => error,
        }
    }
}

pub(crate) fn verdict(error: &Wire) -> Verdict {
    match error {
        Wire::Io(_) => Verdict::Lost,
        Wire::Driver(
            DriverError::ConnectionClosed
            | DriverError::PacketOutOfOrder
            | DriverError::UnexpectedPacket { .. }
            | DriverError::PoolDisconnected,
        ) => Verdict::Lost,
        Wire::Server(error) => match error.code {
            DEADLOCK | LOCK_DEADLOCK => Verdict::Again("deadlock"),
            LOCK_WAIT => Verdict::Again("lock_wait"),
            LOCK_TABLE_FULL => Verdict::Again("lock_table_full"),
            SNAPSHOT_CONFLICT => Verdict::Again("snapshot"),
            CERTIFICATION => Verdict::Again("certification"),
            NODE_NOT_READY => Verdict::Elsewhere,
            code if READ_ONLY.contains(&code) => Verdict::Elsewhere,
            code if COMMIT_FAILED.contains(&code) => Verdict::Unknown,
            code if REPREPARE.contains(&code) => Verdict::Again("reprepare"),
            code if CONNECTION_ENDED.contains(&code) => Verdict::Lost,
            _ => Verdict::Final,
        },
        _ => Verdict::Final,
    }
}

/// Whether a failed attempt to connect may succeed later or at another host.
pub(crate) fn may_connect_later(error: &Wire) -> bool {
    match error {
        Wire::Io(mysql_async::IoError::Tls(_)) => false,
        Wire::Server(error) => {
            TOO_MANY_CONNECTIONS.contains(&error.code)
                || CONNECTION_ENDED.contains(&error.code)
                || [HOST_BLOCKED, NODE_NOT_READY].contains(&error.code)
        }
        other => verdict(other) == Verdict::Lost,
    }
}

/// Whether a table is missing.
pub(crate) fn is_no_table(error: &Wire) -> bool {
    matches!(error, Wire::Server(error) if error.code == NO_TABLE)
}

/// Whether the account may not do it.
pub(crate) fn is_denied(error: &Wire) -> bool {
    matches!(error, Wire::Server(error) if DENIED.contains(&error.code))
}

/// Whether a CREATE failed because the thing is there.
pub(crate) fn exists_already(error: &Wire) -> bool {
    matches!(error, Wire::Server(error) if EXISTS.contains(&error.code))
}

/// Whether a row with the same key is there.
pub(crate) fn is_duplicate(failure: &Failure) -> bool {
    matches!(failure, Failure::Wire(Wire::Server(error)) if error.code == DUPLICATE)
}

/// The column that a value was too much for, when the error is of that kind.
pub(crate) fn refused_column(failure: &Failure) -> Option<&str> {
    match failure {
        Failure::Wire(Wire::Server(error)) if matches!(error.code, TOO_LONG | OUT_OF_RANGE | BAD_VALUE) => {
            column(&error.message)
        }
        _ => None,
    }
}

/// The column whose character set can't hold what a value has, when the error is of that kind.
pub(crate) fn unheld_text_column(failure: &Failure) -> Option<&str> {
    match failure {
        Failure::Wire(Wire::Server(error)) if error.code == BAD_TEXT => column(&error.message),
        _ => None,
    }
}

/// The character set that can't hold what a value has, when the error is one that names it: `Conversion from collation
/// utf8mb4_bin into utf8mb3_general_ci impossible for parameter`.
pub(crate) fn unheld_charset(failure: &Failure) -> Option<&str> {
    match failure {
        Failure::Wire(Wire::Server(error)) if error.code == UNHELD_TEXT => {
            error.message.split_once(" into ")?.1.split(['_', ' ']).next()
        }
        _ => None,
    }
}

/// The row of the statement that a value was too much for, counted from 1: `… for column 'payload' at row 2`.
pub(crate) fn refused_row(failure: &Failure) -> Option<usize> {
    match failure {
        Failure::Wire(Wire::Server(error)) => error.message.rsplit(' ').next()?.parse().ok(),
        _ => None,
    }
}

/// A column, or the column of one of several rows, as `Insert::rows` names it.
pub(crate) fn argument(row: Option<usize>, column: &str) -> String {
    row.map_or_else(|| column.to_owned(), |row| format!("[{row}].{column}"))
}

/// The error for the caller.
pub(crate) fn tell(error: Wire, doing: &str) -> Error {
    match error {
        Wire::Server(server) => tell_server(server, doing),
        Wire::Driver(DriverError::PacketTooLarge) => Error::invalid_input(
            "",
            "more bytes than the server takes in one packet: write less at once, or raise max_allowed_packet there",
        ),
        error if verdict(&error) == Verdict::Lost => {
            Error::unavailable(format!("{doing}: the connection to the database server was lost"), error)
        }
        error => Error::backend(format!("{doing}: {error}"), error),
    }
}

fn tell_server(error: ServerError, doing: &str) -> Error {
    let text = one_line(&error.message);
    let code = error.code;
    let invalid = |reason: &str| Error::invalid_input(column(&error.message).unwrap_or_default(), reason);
    let said = || EngineError::from(Said(error.clone())).with_code(ErrorCode::MySql(code));
    let unavailable = |message: String| Error::unavailable(message, said());
    let conflict = |message: String| Error::Conflict { message, source: Some(said()) };
    match code {
        DUPLICATE => conflict(format!("a row with the same key exists: {text}")),
        REFERENCED => conflict(format!("other rows still refer to this one: {text}")),
        NO_SUCH_REFERENCE => conflict(format!("the row that this one refers to does not exist: {text}")),
        code if CHECK_VIOLATED.contains(&code) => Error::invalid_input("", text),
        NOT_NULL | NO_DEFAULT => invalid("must not be null"),
        TOO_LONG => invalid("longer than the column of this database takes"),
        EXPRESSION_OUT_OF_RANGE if error.message.contains(OTHER_KEY) => conflict(
            "a row is there whose key differs only in what the table's collation takes for the same (case, accents, \
             trailing blanks), or which has another of the row's unique values"
                .to_owned(),
        ),
        OUT_OF_RANGE | EXPRESSION_OUT_OF_RANGE => invalid("outside the range of the column of this database"),
        BAD_VALUE => invalid("not a value that the column of this database can hold"),
        BAD_TEXT | UNHELD_TEXT => invalid("has characters that the column's character set can't hold in this database"),
        BAD_JSON => invalid("not JSON"),
        PACKET_TOO_LARGE => Error::invalid_input(
            "",
            "more bytes than the server takes in one packet: write less at once, or raise max_allowed_packet there",
        ),
        NO_TABLE => Error::configuration(format!(
            "{text}: the database has no DECNET schema yet, or not all of it; initialise it (decnet-db init)"
        )),
        NO_DATABASE => {
            Error::configuration(format!("{text}: create it, or correct the database's name in the URL"))
        }
        DATABASE_NOT_CHOSEN => Error::configuration("the database URL names no database: end it with /name"),
        code if DENIED.contains(&code) || EXPIRED.contains(&code) => Error::configuration(format!(
            "the database server refuses: {text}; check the user, the password and the rights of the account"
        )),
        DEADLOCK | LOCK_DEADLOCK | LOCK_WAIT | LOCK_TABLE_FULL | SNAPSHOT_CONFLICT | CERTIFICATION => unavailable(format!(
            "{doing}: other transactions were in the way again and again (error {code}); nothing was written"
        )),
        code if TOO_MANY_CONNECTIONS.contains(&code) => {
            unavailable(format!("the database server has no connection left: {text}"))
        }
        NO_TLS => Error::configuration(format!(
            "the database server takes connections with TLS only: add ssl-mode=required to the database URL ({text})"
        )),
        NOT_FOR_GROUPS => Error::configuration(format!(
            "the replication group does not take this write: run it with a single primary \
             (group_replication_single_primary_mode=ON), or without enforce_update_everywhere_checks ({text})"
        )),
        DEEP_JSON => Error::invalid_input("", "JSON that is nested deeper than the database server reads"),
        BINLOG_STATEMENT => Error::configuration(format!(
            "the server's binary log is statement-based, which takes no writes of this kind: set binlog_format=MIXED or \
             ROW there ({text})"
        )),
        code if UNKNOWN_CHARSET.contains(&code) => Error::configuration(format!(
            "{text}: MariaDB 10.11 or later, or MySQL 8.0.17 or later, is needed"
        )),
        code if COMMIT_FAILED.contains(&code) => Error::UnknownOutcome {
            message: format!("{doing}: the server failed while it committed: the write may or may not have happened ({text})"),
            source: Some(said()),
        },
        HOST_BLOCKED | NODE_NOT_READY => unavailable(format!("the database server is not ready: {text}")),
        code if CONNECTION_ENDED.contains(&code) => {
            unavailable(format!("{doing}: the database server ended the connection: {text}"))
        }
        code if READ_ONLY.contains(&code) => {
            unavailable(format!("{doing}: the database server takes no writes at the moment: {text}"))
        }
        code if NO_SPACE.contains(&code) => {
            unavailable(format!("{doing}: the database server has no space left: {text}"))
        }
        _ => Error::backend(
            format!("{doing}: the database server says: {text} (error {code})"),
            said(),
        ),
    }
}

/// The name in the last pair of quotes: `Data too long for column 'payload' at row 1`, and, as MariaDB has it for other
/// errors, with database and table before it: `` … for column `decnet`.`bounty`.`payload` at row 1 ``.
fn column(message: &str) -> Option<&str> {
    let end = message.rfind(['\'', '`'])?;
    let quoted = &message[..end];
    let name = &quoted[quoted.rfind(['\'', '`'])? + 1..];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

/// What a server said, as the source of an error whose text has it: so it is shown once.
#[derive(Debug)]
struct Said(ServerError);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&one_line(&self.0.message))
    }
}

impl std::error::Error for Said {}

#[cfg(test)]
mod tests {
    use decnet_db_core::ErrorKind;

    use super::*;

    fn told(code: u16, message: &str) -> Error {
        tell(Wire::Server(ServerError { code, message: message.into(), state: "HY000".into() }), "writing")
    }

    #[test]
    fn refusals_name_the_column() {
        for (code, message, expected) in [
            (TOO_LONG, "Data too long for column 'payload' at row 1", "payload: longer than"),
            (OUT_OF_RANGE, "Out of range value for column 'count' at row 3", "count: outside the range"),
            (
                BAD_TEXT,
                r"Incorrect string value: '\xF0\x9F' for column `db`.`logs`.`msg` at row 1",
                "msg: has characters",
            ),
            (NOT_NULL, "Column 'role' cannot be null", "role: must not be null"),
            (BAD_VALUE, "Truncated incorrect DOUBLE value: 'x; y'", "not a value"),
        ] {
            let error = told(code, message);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn kinds_are_by_what_the_caller_can_do() {
        for (code, kind) in [
            (1062, ErrorKind::Conflict),
            (1451, ErrorKind::Conflict),
            (1452, ErrorKind::Conflict),
            (1146, ErrorKind::Configuration),
            (1049, ErrorKind::Configuration),
            (1045, ErrorKind::Configuration),
            (1040, ErrorKind::Unavailable),
            (1290, ErrorKind::Unavailable),
            (1114, ErrorKind::Unavailable),
            (1153, ErrorKind::InvalidInput),
            (1064, ErrorKind::Backend),
        ] {
            assert_eq!(told(code, "a\nb").kind(), kind, "{code}");
            assert!(!told(code, "a\nb").to_string().contains('\n'));
        }
    }
}
