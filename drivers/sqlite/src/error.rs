//! SQLite's errors in the library's terms. Each message names the database and says what to do; none shows a value.

use std::sync::Arc;

use decnet_db_core::{Error, ErrorCode};
use rusqlite::ffi;

/// What fails when the index of the write-ahead log can't be made longer or mapped into memory.
const INDEX_FAILS: [i32; 3] =
    [ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMMAP];

/// Translates the errors of one database.
#[derive(Debug, Clone)]
pub(crate) struct Errors {
    database: Arc<str>,
}

impl Errors {
    /// `database` is how messages call it: `the database /var/lib/decnet.db`.
    pub(crate) fn new(database: impl Into<Arc<str>>) -> Self {
        Self { database: database.into() }
    }

    /// How messages call the database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The error of any statement, with SQLite's extended code.
    pub(crate) fn translate(&self, error: rusqlite::Error) -> Error {
        match error.sqlite_error().map(|code| code.extended_code) {
            Some(code) => self.tell(error).with_code(ErrorCode::Sqlite(code)),
            None => self.tell(error),
        }
    }

    /// The error of whatever ends a transaction: what it wrote may be in the log whole.
    ///
    /// The index of the log is made longer after the log itself was written; when that fails SQLite goes back to what the index
    /// says, but whoever makes a new one from the log, after a kill or a loss of power, finds the transaction there.
    pub(crate) fn at_commit(&self, error: Error) -> Error {
        match (error.code(), error) {
            (Some(ErrorCode::Sqlite(code)), Error::Unavailable { source, .. })
                if INDEX_FAILS.contains(&code) =>
            {
                Error::UnknownOutcome { message: self.is_unknown(code), source }
            }
            (_, error) => error,
        }
    }

    fn is_unknown(&self, code: i32) -> String {
        format!(
            "{} can't put on the disk what was just written (I/O error {code}), and whether it is stored is not known: look for a \
             full disk or a failing device",
            self.database
        )
    }

    fn tell(&self, error: rusqlite::Error) -> Error {
        let (code, text) = match &error {
            rusqlite::Error::SqliteFailure(code, text) => {
                (code.extended_code, text.clone().unwrap_or_default())
            }
            rusqlite::Error::SqlInputError { error: code, msg, .. } => (code.extended_code, msg.clone()),
            _ => return Error::backend(format!("{} answered unexpectedly: {error}", self.database), error),
        };
        let database = self.database();
        // Codes are extended: the kind is in the low byte, 517 and 261 are kinds of 5.
        match code & 0xff {
            ffi::SQLITE_CONSTRAINT => match constraint(code, &text, &error) {
                Some(known) => known,
                None => Error::Conflict {
                    message: format!("{database} refused the write: {text}"),
                    source: Some(error.into()),
                },
            },
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Error::unavailable(
                format!(
                    "{database} is locked: another program has been writing to it all the time; try again"
                ),
                error,
            ),
            ffi::SQLITE_FULL => Error::unavailable(
                format!(
                    "{database} can't grow: the disk is full or a limit is reached; free space and try again"
                ),
                error,
            ),
            // The sync comes last: by then all of the transaction is in the log, and a restart may find it there.
            ffi::SQLITE_IOERR if code == ffi::SQLITE_IOERR_FSYNC => {
                Error::UnknownOutcome { message: self.is_unknown(code), source: Some(error.into()) }
            }
            ffi::SQLITE_IOERR => Error::unavailable(
                format!(
                    "{database} can't be read or written (I/O error {code}): look for a full disk, a quota, a file size \
                     limit or a failing device"
                ),
                error,
            ),
            ffi::SQLITE_NOMEM => Error::unavailable(format!("{database}: SQLite is out of memory"), error),
            ffi::SQLITE_INTERRUPT => Error::unavailable(format!("{database}: the read was cut short"), error),
            ffi::SQLITE_CANTOPEN => Error::unavailable(
                format!(
                    "{database} can't be opened: it is gone, this user may not read and write it and its folder, or too \
                     many files are open"
                ),
                error,
            ),
            ffi::SQLITE_READONLY if code == ffi::SQLITE_READONLY_DBMOVED => {
                Error::unavailable(format!("{database} was moved or deleted while it was open"), error)
            }
            ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => self.read_only(),
            ffi::SQLITE_NOTADB => Error::configuration(format!(
                "{database} is not a SQLite database, or it is encrypted: choose another file; nothing was changed"
            )),
            ffi::SQLITE_CORRUPT => Error::backend(
                // SQLite says the same of a read that the device refuses.
                format!(
                    "{database} is damaged, or its device can't read it: look for I/O errors in the system's log, check it with \
                     `PRAGMA integrity_check`, and restore a backup if that finds something"
                ),
                error,
            ),
            ffi::SQLITE_TOOBIG => {
                Error::invalid_input("", "larger than what SQLite stores in one row (about 1 GB)")
            }
            _ => self.statement(&text, error),
        }
    }

    /// What writes to a database get that can only be read.
    pub(crate) fn read_only(&self) -> Error {
        Error::configuration(format!(
            "{} can only be read: its URL says `mode=ro`, or this user may not write to the file and its folder",
            self.database
        ))
    }

    fn statement(&self, text: &str, error: rusqlite::Error) -> Error {
        let database = self.database();
        if let Some(table) = text.strip_prefix("no such table: ") {
            return Error::configuration(format!(
                "{database} has no DECNET schema (no table `{table}`): run `decnet-db init` or call `initialize`"
            ));
        }
        if text.starts_with("no such column: ") || text.contains(" has no column named ") {
            return Error::configuration(format!(
                "{database} has tables of another program or version ({text}): choose another database"
            ));
        }
        Error::backend(format!("{database} refused a statement: {text}"), error)
    }
}

/// The error of a broken constraint; SQLite's text names what was broken, never a value.
fn constraint(code: i32, text: &str, error: &rusqlite::Error) -> Option<Error> {
    let broken = text.split_once(": ").map(|(_, what)| what);
    let conflict = |message: String| {
        let source = duplicate(error).map(Into::into);
        Some(Error::Conflict { message, source })
    };
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            conflict(format!("{}: a row with the same value exists already", broken.unwrap_or("the key")))
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => conflict(
            "a reference is broken: the row refers to one that does not exist, or other rows refer to it"
                .to_owned(),
        ),
        ffi::SQLITE_CONSTRAINT_NOTNULL => {
            let column = broken.map_or("", |what| what.rsplit('.').next().unwrap_or(what));
            Some(Error::invalid_input(column, "must not be null"))
        }
        ffi::SQLITE_CONSTRAINT_CHECK => {
            Some(Error::invalid_input(broken.unwrap_or(""), "the value is outside of what the table allows"))
        }
        ffi::SQLITE_CONSTRAINT_DATATYPE => Some(Error::invalid_input("", "a value is of the wrong type")),
        _ => None,
    }
}

/// SQLite's own error once more.
fn duplicate(error: &rusqlite::Error) -> Option<rusqlite::Error> {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => {
            Some(rusqlite::Error::SqliteFailure(*code, text.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use decnet_db_core::ErrorKind;

    use super::*;

    #[test]
    fn extended_codes_are_judged_by_their_kind() {
        let errors = Errors::new("the database a.db");
        for (code, kind) in [
            (ffi::SQLITE_BUSY, ErrorKind::Unavailable),
            (ffi::SQLITE_BUSY_SNAPSHOT, ErrorKind::Unavailable),
            (ffi::SQLITE_BUSY_RECOVERY, ErrorKind::Unavailable),
            (ffi::SQLITE_LOCKED_SHAREDCACHE, ErrorKind::Unavailable),
            (ffi::SQLITE_FULL, ErrorKind::Unavailable),
            (ffi::SQLITE_IOERR_WRITE, ErrorKind::Unavailable),
            (ffi::SQLITE_IOERR_FSYNC, ErrorKind::UnknownOutcome),
            (ffi::SQLITE_READONLY_DBMOVED, ErrorKind::Unavailable),
            (ffi::SQLITE_READONLY_DIRECTORY, ErrorKind::Configuration),
            (ffi::SQLITE_NOTADB, ErrorKind::Configuration),
            (ffi::SQLITE_CORRUPT_INDEX, ErrorKind::Backend),
            (ffi::SQLITE_TOOBIG, ErrorKind::InvalidInput),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, ErrorKind::Conflict),
            (ffi::SQLITE_CONSTRAINT_TRIGGER, ErrorKind::Conflict),
            (ffi::SQLITE_CONSTRAINT_CHECK, ErrorKind::InvalidInput),
            (ffi::SQLITE_MISUSE, ErrorKind::Backend),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("text".to_owned()));
            let error = errors.translate(error);
            assert_eq!(error.kind(), kind, "{code}: {error}");
            let has_source = std::error::Error::source(&error).is_some();
            assert_eq!(error.code(), has_source.then_some(ErrorCode::Sqlite(code)), "{error}");
        }
    }
}
