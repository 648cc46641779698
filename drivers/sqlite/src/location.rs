//! How SQLite is asked to open the database file.

use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use crate::file::DatabaseFile;

/// The name and the flags with which connections are opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    name: PathBuf,
    flags: OpenFlags,
}

impl Location {
    /// For reading and writing. Without CREATE: the file is there, and if it is deleted later nobody makes an empty one in
    /// its place.
    pub(crate) fn read_write(file: &DatabaseFile) -> Self {
        Self { name: file.path().to_owned(), flags: OpenFlags::SQLITE_OPEN_READ_WRITE | NO_MUTEX }
    }

    /// For reading beside others who may write.
    pub(crate) fn read_only(file: &DatabaseFile) -> Self {
        Self { name: file.path().to_owned(), flags: OpenFlags::SQLITE_OPEN_READ_ONLY | NO_MUTEX }
    }

    /// For reading a file that nobody writes to, without locks and without files beside it. None when its name is not
    /// UTF-8: only a URI can say it.
    pub(crate) fn immutable(file: &DatabaseFile) -> Option<Self> {
        let name = format!("file://{}?immutable=1", in_uri(file.path())?).into();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | NO_MUTEX;
        Some(Self { name, flags })
    }

    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    pub(crate) fn flags(&self) -> OpenFlags {
        self.flags
    }
}

/// Each connection has one user at a time.
const NO_MUTEX: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

/// The absolute path as a URI has it.
fn in_uri(path: &Path) -> Option<String> {
    let text = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Some(if cfg!(windows) { format!("/{}", text.replace('\\', "/")) } else { text })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn any_name_is_found_as_immutable() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.db", "a b?mode=memory&x#y%41.db", "\u{e4}'\"%.db"] {
            let path = folder.path().join(name);
            Connection::open_with_flags(
                &path,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            )
            .unwrap()
            .execute_batch("CREATE TABLE t (x)")
            .unwrap();
            let file = DatabaseFile::prepare(path.to_str().unwrap(), false).unwrap();
            let location = Location::immutable(&file).unwrap();
            let connection = Connection::open_with_flags(location.name(), location.flags()).unwrap();
            let tables =
                connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
            assert_eq!(tables.unwrap(), 1, "{name}");
        }
    }
}
