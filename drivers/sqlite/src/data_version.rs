//! Whether others have written to the file.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use rusqlite::{Connection, Result};

/// Counts the moments at which the writer's connection saw that others had committed something.
///
/// SQLite's `data_version` changes for a connection when any other connection has committed. Only the connection that
/// writes can tell foreign commits from ours, as its own don't change it.
#[derive(Debug, Default)]
pub(crate) struct DataVersion {
    /// 0: not read yet. SQLite begins at 1.
    version: AtomicI64,
    count: AtomicU64,
    /// Whether a transaction of ours is open that has looked: until it ends nobody else can commit.
    looked: AtomicBool,
}

impl DataVersion {
    /// The count, if a transaction of ours is open and has looked. What is visible to a read that ended before this call was
    /// then committed before that transaction began, or by us.
    pub(crate) fn while_writing(&self) -> Option<u64> {
        // The order in which this is read does not matter: the count grows only in `look`, which ran before.
        self.looked.load(Ordering::Acquire).then(|| self.count.load(Ordering::Acquire))
    }

    /// Our transaction has begun.
    pub(crate) fn begun(&self, connection: &Connection) -> Result<()> {
        self.look(connection)?;
        self.looked.store(true, Ordering::Release);
        Ok(())
    }

    /// Our transaction is about to end.
    pub(crate) fn ending(&self) {
        self.looked.store(false, Ordering::Release);
    }

    /// Looks whether others have committed since it was looked last, and returns the count. The caller holds the writer's
    /// lock.
    pub(crate) fn look(&self, connection: &Connection) -> Result<u64> {
        let version =
            connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get::<_, i64>(0))?;
        let before = self.version.swap(version, Ordering::AcqRel);
        if before != 0 && before != version {
            self.count.fetch_add(1, Ordering::AcqRel);
        }
        Ok(self.count.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_commit_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let ours = Connection::open(&path).unwrap();
        ours.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let theirs = Connection::open(&path).unwrap();
        let data_version = DataVersion::default();
        assert_eq!(data_version.look(&ours).unwrap(), 0);
        ours.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert_eq!(data_version.look(&ours).unwrap(), 0);
        theirs.execute_batch("SELECT * FROM t; BEGIN IMMEDIATE; INSERT INTO t VALUES (2)").unwrap();
        assert_eq!(data_version.look(&ours).unwrap(), 0, "not before it is committed");
        theirs.execute_batch("COMMIT").unwrap();
        assert_eq!(data_version.look(&ours).unwrap(), 1);
        assert_eq!(data_version.look(&ours).unwrap(), 1);
        ours.execute_batch("BEGIN IMMEDIATE").unwrap();
        data_version.begun(&ours).unwrap();
        assert_eq!(data_version.while_writing(), Some(1));
        data_version.ending();
        assert_eq!(data_version.while_writing(), None);
    }
}
