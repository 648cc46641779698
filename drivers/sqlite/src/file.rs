//! The database file: where it is, how it comes into being, whether it is still the same.

use std::fs::{self, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::path::{self, Path, PathBuf};

use decnet_db_core::{Error, Result};
use parking_lot::Mutex;

/// An existing database file.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseFile {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What tells one file from another that has taken its name: device and inode.
pub(crate) type Identity = (u64, u64);

/// Closing any handle of a file drops all locks that this process has on it, SQLite's included. So an existing file is
/// never opened here, and nobody opens a new one before the handle that created it is closed.
static CREATING: Mutex<()> = Mutex::new(());

impl DatabaseFile {
    /// Finds the file, or, if told so, creates an empty one that only its owner may read: it will hold credentials.
    ///
    /// # Errors
    /// Configuration, when there is no file and none is to be created, or the path can't be a database file for this
    /// user. Missing folders are not created.
    pub(crate) fn prepare(path: &str, create_if_missing: bool) -> Result<Self> {
        // Absolute, so that a later chdir changes nothing, and so that a name like `file:x` is no URI.
        let path = path::absolute(path).map_err(|error| {
            Error::configuration(format!("the database path {path:?} can't be used: {error}"))
        })?;
        if path.is_dir() {
            return Err(Error::configuration(format!(
                "the database path {} is a folder: add a file name",
                shown(&path)
            )));
        }
        #[cfg(unix)]
        links::check(&path)?;
        if create_if_missing {
            create(&path)?;
        } else if let Err(error) = fs::metadata(&path)
            && error.kind() == ErrorKind::NotFound
        {
            return Err(Error::configuration(format!("there is no database {}", shown(&path))));
        }
        if let Some(kind) = network_file_system(&path) {
            tracing::warn!(
                path = %path.display(),
                file_system = kind,
                "the database lies on a network file system: SQLite's locks and its write-ahead log are not safe there"
            );
        }
        let identity = fs::metadata(&path).ok().as_ref().map(identity);
        Ok(Self { path, identity })
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path for a message.
    pub(crate) fn shown(&self) -> String {
        shown(&self.path)
    }

    /// Which file it was when it was found.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The path of a file that SQLite keeps beside the database, such as `-wal`.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

/// The path on one line, whatever characters it has.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "\u{fffd}")
}

fn create(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // SQLite gives its -wal and -shm files the mode of the database.
        options.mode(0o600);
    }
    let created = {
        let _exclusive = CREATING.lock();
        options.open(path).map(drop)
    };
    let Err(error) = created else { return Ok(()) };
    let folder = shown(path.parent().unwrap_or(Path::new("/")));
    let shown = shown(path);
    Err(match error.kind() {
        ErrorKind::AlreadyExists => return Ok(()),
        ErrorKind::NotFound => Error::configuration(format!(
            "the database {shown} can't be created: there is no folder {folder}; create it (a mistyped path would go \
             unnoticed if that happened by itself)"
        )),
        ErrorKind::PermissionDenied => Error::configuration(format!(
            "the database {shown} can't be created: this user may not write to the folder {folder}"
        )),
        ErrorKind::ReadOnlyFilesystem => Error::configuration(format!(
            "the database {shown} can't be created: the file system of the folder {folder} is read-only"
        )),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::unavailable(
            format!("the database {shown} can't be created: no space is left in the folder {folder}"),
            error,
        ),
        _ => Error::configuration(format!("the database {shown} can't be created: {error}")),
    })
}

/// Symbolic links in place of the database.
#[cfg(unix)]
mod links {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use decnet_db_core::{Error, Result};

    use super::shown;

    /// As many as the kernel follows.
    const MOST: usize = 40;

    /// Refuses a link by which another user would choose the file: whoever may write to the folder could let us write to a file
    /// of ours that they may not touch, or keep credentials in one that they may read.
    ///
    /// # Errors
    /// Configuration, which names the link and its owner.
    pub(super) fn check(path: &Path) -> Result<()> {
        let us = rustix::process::geteuid().as_raw();
        let mut owners: Vec<(PathBuf, u32)> = Vec::new();
        let mut at = path.to_owned();
        while let Ok(metadata) = fs::symlink_metadata(&at) {
            if !metadata.is_symlink() {
                return judge(&owners, Some(metadata.uid()), us);
            }
            if owners.len() == MOST {
                break;
            }
            let Ok(target) = fs::read_link(&at) else { break };
            owners.push((at.clone(), metadata.uid()));
            // Relative to the link's folder; `join` takes an absolute one as it is.
            at = at.parent().unwrap_or(Path::new("/")).join(target);
        }
        judge(&owners, None, us)
    }

    /// Links may be followed that this user or root made, and those of the file's own owner.
    fn judge(links: &[(PathBuf, u32)], file: Option<u32>, us: u32) -> Result<()> {
        match links.iter().find(|(_, owner)| *owner != us && *owner != 0 && Some(*owner) != file) {
            None => Ok(()),
            Some((link, owner)) => Err(Error::configuration(format!(
                "the database path {} is a symbolic link of another user (uid {owner}), who would choose the file: name the \
                 file itself, or let the link be made by its owner, by root or by the user that opens it",
                shown(link)
            ))),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_link_is_followed_unless_somebody_else_made_it() {
            let link = |owner| vec![(PathBuf::from("/tmp/decnet.db"), owner)];
            for (owner, file, us, fits) in [
                (1000, Some(1000), 1000, true),
                (1000, Some(1001), 1000, true),
                (0, Some(1000), 1000, true),
                (0, Some(1001), 1000, true),
                (1001, Some(1001), 1000, true),
                (1001, Some(1001), 0, true),
                (1001, Some(1000), 1000, false),
                (1001, Some(0), 1000, false),
                (1001, Some(0), 0, false),
                (1001, None, 1000, false),
                (1001, None, 0, false),
            ] {
                let judged = judge(&link(owner), file, us);
                assert_eq!(
                    judged.is_ok(),
                    fits,
                    "link of {owner}, file of {file:?}, we are {us}: {judged:?}"
                );
            }
            assert!(judge(&[], Some(1001), 1000).is_ok());
        }
    }
}

/// What tells the file from others.
#[cfg(unix)]
pub(crate) fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(crate) fn identity(_: &Metadata) -> Identity {
    // A file that is open can't be replaced there.
    (0, 0)
}

/// The kind of the network file system that the path lies on, if it does; known on Linux only.
fn network_file_system(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    file_system(&mounts, &path).filter(|kind| is_network(kind)).map(str::to_owned)
}

/// `36 35 98:0 /root /mount/point options - type source options`: the type of the longest mount point above the path.
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    mounts
        .lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            // Blanks in names are octal escapes.
            let point = left.split(' ').nth(4)?.replace("\\040", " ");
            path.starts_with(&point).then_some((point.len(), right.split(' ').next()?))
        })
        // Of several mounts on one point the last one is seen.
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind)
}

fn is_network(kind: &str) -> bool {
    const KINDS: [&str; 17] = [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "beegfs",
        "ocfs2",
        "gfs2",
        "gpfs",
        "vboxsf",
        "9p",
        "davfs",
    ];
    KINDS.contains(&kind) || matches!(kind, "fuse.sshfs" | "fuse.glusterfs" | "fuse.s3fs" | "fuse.rclone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = "22 1 254:0 / / rw - ext4 /dev/vda rw\n\
                      40 22 0:35 / /srv/my\\040share rw shared:1 - nfs4 server:/x rw\n\
                      41 40 0:36 / /srv/my\\040share/local rw - xfs /dev/vdb rw\n";
        assert_eq!(file_system(mounts, Path::new("/srv/a.db")), Some("ext4"));
        assert_eq!(file_system(mounts, Path::new("/srv/my share/a.db")), Some("nfs4"));
        assert_eq!(file_system(mounts, Path::new("/srv/my share/local/a.db")), Some("xfs"));
        assert!(is_network("nfs4") && !is_network("ext4"));
    }

    #[test]
    fn a_missing_file_is_created_only_on_demand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let error = DatabaseFile::prepare(path.to_str().unwrap(), false).unwrap_err();
        assert_eq!(error.to_string(), format!("there is no database {}", path.display()));
        assert!(!path.exists());
        DatabaseFile::prepare(path.to_str().unwrap(), true).unwrap();
        DatabaseFile::prepare(path.to_str().unwrap(), false).unwrap();
    }
}
