//! The servers' error numbers.

/// What an upsert multiplies by to fail when it meets a row with another key; the server's message repeats it.
pub(crate) const OTHER_KEY: &str = "18446744073709551615";
/// A key that must be unique is there already.
pub(crate) const DUPLICATE: u16 = 1062;
/// A row that others refer to was to be deleted or changed.
pub(crate) const REFERENCED: u16 = 1451;
/// A row refers to one that does not exist.
pub(crate) const NO_SUCH_REFERENCE: u16 = 1452;
/// A CHECK constraint says no: MySQL's number, and MariaDB's.
pub(crate) const CHECK_VIOLATED: [u16; 2] = [3819, 4025];
/// NULL for a column that must have a value.
pub(crate) const NOT_NULL: u16 = 1048;
/// No value for a column that must have one.
pub(crate) const NO_DEFAULT: u16 = 1364;
/// Text that is longer than its column; strict mode makes it an error instead of a cut.
pub(crate) const TOO_LONG: u16 = 1406;
/// A number outside its column's range, such as 64 bits in an INT of a table that DECNET made.
pub(crate) const OUT_OF_RANGE: u16 = 1264;
/// A number outside the range of an expression.
pub(crate) const EXPRESSION_OUT_OF_RANGE: u16 = 1690;
/// A date or number that its column can't hold.
pub(crate) const BAD_VALUE: u16 = 1292;
/// Text that the column's character set can't hold, such as an emoji in latin1.
pub(crate) const BAD_TEXT: u16 = 1366;
/// The same of MySQL 9, which names the character set and no column.
pub(crate) const UNHELD_TEXT: u16 = 3988;
/// Text that is not JSON, for a JSON column of MySQL.
pub(crate) const BAD_JSON: u16 = 3140;
/// More bytes than the server takes in one packet (`max_allowed_packet`).
pub(crate) const PACKET_TOO_LARGE: u16 = 1153;
/// A table does not exist.
pub(crate) const NO_TABLE: u16 = 1146;
/// A database does not exist.
pub(crate) const NO_DATABASE: u16 = 1049;
/// No database was named.
pub(crate) const DATABASE_NOT_CHOSEN: u16 = 1046;
/// A wrong password, and an account that must not come without TLS.
pub(crate) const WRONG_PASSWORD: u16 = 1045;
/// The account may not use this database; may not log in; may not run this statement; login without a password; the
/// account's plugin is unknown to the server; the password has expired; the account is locked (two numbers).
pub(crate) const DENIED: [u16; 9] = [1044, 1045, 1142, 1143, 1227, 1698, 1524, 1820, 3118];
pub(crate) const EXPIRED: [u16; 2] = [1862, 4151];
/// Another transaction and this one wait for each other: the server rolled this one back.
pub(crate) const DEADLOCK: u16 = 1213;
/// MySQL: as 1213, for named locks.
pub(crate) const LOCK_DEADLOCK: u16 = 3058;
/// A row stayed locked for too long: only the statement was rolled back.
pub(crate) const LOCK_WAIT: u16 = 1205;
/// The server has no room for more row locks: it rolled the whole transaction back.
pub(crate) const LOCK_TABLE_FULL: u16 = 1206;
/// MariaDB with snapshot isolation: the row was changed since the transaction began.
pub(crate) const SNAPSHOT_CONFLICT: u16 = 1020;
/// The prepared statement is gone or must be prepared again.
pub(crate) const REPREPARE: [u16; 2] = [1243, 1615];
/// All connections of the server are taken; all of this account.
pub(crate) const TOO_MANY_CONNECTIONS: [u16; 3] = [1040, 1203, 1226];
/// The host has been shut out after too many broken connections.
pub(crate) const HOST_BLOCKED: u16 = 1129;
/// The server is shutting down; this connection was killed (MariaDB); it was idle for too long (MySQL); network errors
/// that the server noticed.
pub(crate) const CONNECTION_ENDED: [u16; 8] = [1053, 1927, 4031, 1152, 1158, 1159, 1160, 1161];
/// A Galera node that is not in step with its cluster. Said before anything is done.
pub(crate) const NODE_NOT_READY: u16 = 1047;
/// Something went wrong during COMMIT: at a Galera node that lost its cluster, and at a member of a replication group whose
/// hooks failed. Mostly nothing was written, and nobody promises it.
pub(crate) const COMMIT_FAILED: [u16; 2] = [1180, 3100];
/// A replication group found that another member has changed the same: it rolled the transaction back.
pub(crate) const CERTIFICATION: u16 = 3101;
/// A replication group of several primaries takes no writes to tables with cascading foreign keys.
pub(crate) const NOT_FOR_GROUPS: u16 = 3098;
/// The server takes connections with TLS only.
pub(crate) const NO_TLS: u16 = 3159;
/// JSON that is nested deeper than MySQL reads.
pub(crate) const DEEP_JSON: u16 = 3157;
/// A character set or collation that the server does not have.
pub(crate) const UNKNOWN_CHARSET: [u16; 2] = [1115, 1273];
/// Statement-based binary logs don't take what READ COMMITTED writes.
pub(crate) const BINLOG_STATEMENT: u16 = 1665;
/// The server takes no writes: `read_only` is set; the same, where a transaction began.
pub(crate) const READ_ONLY: [u16; 3] = [1290, 1836, 1792];
/// The disk is full, or a table can't grow.
pub(crate) const NO_SPACE: [u16; 3] = [1021, 1114, 1041];
/// An index or a table exists already: somebody else made it meanwhile.
pub(crate) const EXISTS: [u16; 2] = [1050, 1061];
