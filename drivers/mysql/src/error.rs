//! The servers' error numbers, and what they mean to a caller.

use decnet_db_core::{Error, ErrorKind, one_line};
use mysql_async::{DriverError, Error as Wire, ServerError};

/// What an upsert multiplies by to fail when it meets a row with another key; the server's message repeats it.
pub(crate) const OTHER_KEY: &str = "18446744073709551615";
/// A key that must be unique is there already.
const DUPLICATE: u16 = 1062;
/// A row that others refer to was to be deleted or changed.
const REFERENCED: u16 = 1451;
/// A row refers to one that does not exist.
const NO_SUCH_REFERENCE: u16 = 1452;
/// A CHECK constraint says no: MySQL's number, and MariaDB's.
const CHECK_VIOLATED: [u16; 2] = [3819, 4025];
/// NULL for a column that must have a value.
const NOT_NULL: u16 = 1048;
/// No value for a column that must have one.
const NO_DEFAULT: u16 = 1364;
/// Text that is longer than its column; strict mode makes it an error instead of a cut.
const TOO_LONG: u16 = 1406;
/// A number outside its column's range, such as 64 bits in an INT of a table that DECNET made.
const OUT_OF_RANGE: u16 = 1264;
/// A number outside the range of an expression.
const EXPRESSION_OUT_OF_RANGE: u16 = 1690;
/// A date or number that its column can't hold.
const BAD_VALUE: u16 = 1292;
/// Text that the column's character set can't hold, such as an emoji in latin1.
const BAD_TEXT: u16 = 1366;
/// Text that is not JSON, for a JSON column of MySQL.
const BAD_JSON: u16 = 3140;
/// More bytes than the server takes in one packet (`max_allowed_packet`).
const PACKET_TOO_LARGE: u16 = 1153;
/// A table does not exist.
const NO_TABLE: u16 = 1146;
/// A database does not exist.
const NO_DATABASE: u16 = 1049;
/// No database was named.
const DATABASE_NOT_CHOSEN: u16 = 1046;
/// The account may not use this database; may not log in; may not run this statement; login without a password; the
/// account's plugin is unknown to the server; the password has expired; the account is locked (two numbers).
const DENIED: [u16; 9] = [1044, 1045, 1142, 1143, 1227, 1698, 1524, 1820, 3118];
const EXPIRED: [u16; 2] = [1862, 4151];
/// Another transaction and this one wait for each other: the server rolled this one back.
const DEADLOCK: u16 = 1213;
/// MySQL: as 1213, for named locks.
const LOCK_DEADLOCK: u16 = 3058;
/// A row stayed locked for too long: only the statement was rolled back.
const LOCK_WAIT: u16 = 1205;
/// The server has no room for more row locks: it rolled the whole transaction back.
const LOCK_TABLE_FULL: u16 = 1206;
/// MariaDB with snapshot isolation: the row was changed since the transaction began.
const SNAPSHOT_CONFLICT: u16 = 1020;
/// The prepared statement is gone or must be prepared again.
const REPREPARE: [u16; 2] = [1243, 1615];
/// All connections of the server are taken; all of this account.
const TOO_MANY_CONNECTIONS: [u16; 3] = [1040, 1203, 1226];
/// The host has been shut out after too many broken connections.
const HOST_BLOCKED: u16 = 1129;
/// The server is shutting down; this connection was killed (MariaDB); it was idle for too long (MySQL); network errors
/// that the server noticed.
const CONNECTION_ENDED: [u16; 8] = [1053, 1927, 4031, 1152, 1158, 1159, 1160, 1161];
/// A Galera node that is not in step with its cluster. Said before anything is done.
const NODE_NOT_READY: u16 = 1047;
/// Something went wrong during COMMIT: at a Galera node that lost its cluster, and at a member of a replication group whose
/// hooks failed. Mostly nothing was written, and nobody promises it.
const COMMIT_FAILED: [u16; 2] = [1180, 3100];
/// A replication group found that another member has changed the same: it rolled the transaction back.
const CERTIFICATION: u16 = 3101;
/// A replication group of several primaries takes no writes to tables with cascading foreign keys.
const NOT_FOR_GROUPS: u16 = 3098;
/// The server takes connections with TLS only.
const NO_TLS: u16 = 3159;
/// JSON that is nested deeper than MySQL reads.
const DEEP_JSON: u16 = 3157;
/// A character set or collation that the server does not have.
const UNKNOWN_CHARSET: [u16; 2] = [1115, 1273];
/// Statement-based binary logs don't take what READ COMMITTED writes.
const BINLOG_STATEMENT: u16 = 1665;
/// The server takes no writes: `read_only` is set; the same, where a transaction began.
const READ_ONLY: [u16; 3] = [1290, 1836, 1792];
/// The disk is full, or a table can't grow.
const NO_SPACE: [u16; 3] = [1021, 1114, 1041];
/// An index or a table exists already: somebody else made it meanwhile.
const EXISTS: [u16; 2] = [1050, 1061];

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
    let unavailable = |message: String| Error::unavailable(message, Wire::Server(error.clone()));
    let conflict =
        |message: String| Error::Conflict { message, source: Some(Wire::Server(error.clone()).into()) };
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
        BAD_TEXT => invalid("has characters that the column's character set can't hold in this database"),
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
            source: Some(Wire::Server(error).into()),
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
            Wire::Server(error),
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

/// The same error for another caller: kind and text, without the source.
pub(crate) fn again(error: &Error) -> Error {
    let message = error.to_string();
    match error {
        Error::InvalidInput { argument, reason } => Error::invalid_input(argument.clone(), reason.clone()),
        other => match other.kind() {
            ErrorKind::Configuration => Error::Configuration(message),
            ErrorKind::Unavailable => Error::Unavailable { message, source: None },
            ErrorKind::Conflict => Error::conflict(message),
            ErrorKind::UnknownOutcome => Error::UnknownOutcome { message, source: None },
            ErrorKind::Unsupported => Error::Unsupported(message),
            _ => Error::backend(message, anyhow::anyhow!("the same error as another unit's")),
        },
    }
}

#[cfg(test)]
mod tests {
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
