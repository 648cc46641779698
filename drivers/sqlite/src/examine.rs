//! The examination of a SQLite database: only reads.

use std::path::Path;

use decnet_db_core::driver::Finding;

/// File systems over a network, whose locks and shared memory SQLite's write-ahead log can't rely on.
const NETWORK: [&str; 12] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "fuse.sshfs",
    "fuse.glusterfs",
];

/// Which journal the file has.
pub(crate) fn journal(mode: &str) -> Finding {
    match mode {
        "wal" => Finding::ok("journal", "write-ahead log"),
        "memory" => Finding::ok("journal", "none: the database is in memory"),
        "off" => Finding::failed(
            "journal",
            "none: a crash in the middle of a write damages the file",
            "PRAGMA journal_mode = WAL",
        ),
        other => Finding::warning(
            "journal",
            format!("{other}: reads and writes wait for each other"),
            "put the file where it can have a write-ahead log (a local disk; a folder that may be written to)",
        ),
    }
}

/// What `integrity_check` or `quick_check` answered.
pub(crate) fn integrity(rows: &[String], full: bool) -> Finding {
    match rows {
        [one] if one == "ok" && full => Finding::ok("integrity", "every page, row and index entry fits"),
        [one] if one == "ok" => {
            Finding::ok("integrity", "every page and row fits; --full compares the indexes too")
        }
        found => Finding::failed(
            "integrity",
            found.iter().take(3).map(|line| decnet_db_core::one_line(line)).collect::<Vec<_>>().join("; "),
            "stop what writes, keep a copy of the file and its -wal, and take the last backup, or what `sqlite3 FILE .recover` saves",
        ),
    }
}

/// Which file system the file is on; nothing where the system does not tell.
pub(crate) fn file_system(path: &Path) -> Option<Finding> {
    let path = path.canonicalize().ok()?;
    // Linux.
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let kind = kind_of(&mounts, &path)?;
    Some(if NETWORK.contains(&kind.as_str()) {
        Finding::failed(
            "file system",
            format!("{kind}: over a network a write-ahead log is damaged by writers on two machines"),
            "put the file on a local disk, or use a server",
        )
    } else {
        Finding::ok("file system", kind)
    })
}

/// The kind of the innermost mount that has the path; of two at one place the later one hides the other.
fn kind_of(mounts: &str, path: &Path) -> Option<String> {
    let mut found: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(place), Some(kind)) = (words.next(), words.next()) else { continue };
        let place = place.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
        if path.starts_with(&place) && found.is_none_or(|(length, _)| place.len() >= length) {
            found = Some((place.len(), kind));
        }
    }
    found.map(|(_, kind)| kind.to_owned())
}

/// The bytes that are free on the path's disk for this user; nothing where the system does not tell.
pub(crate) fn free_on_disk(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let room = rustix::fs::statvfs(path).ok()?;
        Some(room.f_bavail.saturating_mul(room.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// How much room the disk has, for a database of so many bytes.
pub(crate) fn free_disk(free: u64, used: u64) -> Finding {
    const MIB: u64 = 1 << 20;
    let what = format!("{} MiB are free on its disk, {} MiB in use by it", free / MIB, used / MIB);
    let advice = "make room, move the file, or let `decnet-db prune` delete what is not needed";
    if free < 64 * MIB {
        Finding::failed("free disk", what, advice)
    } else if free < (used / 10).max(256 * MIB) {
        Finding::warning("free disk", what, advice)
    } else {
        Finding::ok("free disk", what)
    }
}

#[cfg(test)]
mod tests {
    use decnet_db_core::driver::Soundness;

    use super::*;

    #[test]
    fn the_innermost_mount_counts() {
        let mounts =
            "/dev/a / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\ntmpfs /srv/my\\040data tmpfs rw 0 0\n";
        let kind = |path: &str| kind_of(mounts, Path::new(path)).unwrap();
        assert_eq!(kind("/srv/decnet.db"), "nfs4");
        assert_eq!(kind("/srv/my data/decnet.db"), "tmpfs");
        assert_eq!(kind("/srvother/decnet.db"), "ext4");
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_said() {
        let verdict = |free, used| free_disk(free, used).verdict;
        assert_eq!(verdict(1 << 40, 1 << 30), Soundness::Ok);
        assert_eq!(verdict(200 << 20, 1 << 20), Soundness::Warning);
        assert_eq!(verdict(1 << 30, 1 << 40), Soundness::Warning);
        assert_eq!(verdict(1 << 20, 1), Soundness::Failed);
    }

    #[test]
    fn damage_is_shown_on_one_line() {
        let found = integrity(&["row 1\nmissing".to_owned(), "x".to_owned()], true);
        assert_eq!((found.verdict, found.what.as_str()), (Soundness::Failed, "row 1 missing; x"));
    }

    #[test]
    fn journals_are_judged() {
        assert_eq!(journal("wal").verdict, Soundness::Ok);
        assert_eq!(journal("delete").verdict, Soundness::Warning);
        assert_eq!(journal("off").verdict, Soundness::Failed);
    }
}
