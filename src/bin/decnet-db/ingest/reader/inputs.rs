//! What the command line names, and the files that it stands for at the moment.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::super::identity::{REJECTED, Rotated};
use crate::files::if_there;

/// An input as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Input {
    Stdin,
    /// A file, or what is none and read as a stream; it need not be there yet.
    Path(PathBuf),
    /// Files whose names match a pattern.
    Pattern(String),
    /// All files of a folder.
    Folder(PathBuf),
}

/// What an input stands for.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
}

impl Input {
    /// Takes an argument.
    pub(in super::super) fn of(argument: &Path) -> Self {
        if argument.as_os_str() == "-" {
            return Self::Stdin;
        }
        let text = argument.to_str().filter(|text| text.contains(['*', '?', '[']));
        match text.filter(|_| fs::symlink_metadata(argument).is_err()) {
            Some(pattern) => Self::Pattern(pattern.to_owned()),
            None if argument.is_dir() => Self::Folder(argument.to_owned()),
            None => Self::Path(argument.to_owned()),
        }
    }

    /// Its name in messages and in the summary.
    pub(in super::super) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::Path(path) | Self::Folder(path) => path.display().to_string(),
            Self::Pattern(pattern) => pattern.clone(),
        }
    }

    /// Whether it stands for a file of this full name.
    pub(super) fn matches(&self, name: &Path) -> bool {
        match self {
            Self::Stdin => false,
            Self::Path(path) => absolute(path) == name.to_string_lossy(),
            Self::Pattern(pattern) => {
                let full = absolute(Path::new(pattern));
                glob::Pattern::new(&full).is_ok_and(|pattern| pattern.matches_path(name))
            }
            Self::Folder(folder) => {
                fs::canonicalize(folder).is_ok_and(|folder| name.parent() == Some(folder.as_path()))
            }
        }
    }

    /// What it stands for at the moment; of patterns and folders only regular files, and none that keeps rejected lines.
    pub(super) fn find(&self) -> io::Result<Vec<Found>> {
        let found = |path: PathBuf| {
            let metadata = fs::metadata(&path).ok().filter(Metadata::is_file)?;
            (!keeps_rejected(&path)).then_some(Found { path, metadata })
        };
        match self {
            Self::Stdin => Ok(Vec::new()),
            Self::Path(path) => {
                let metadata = if_there(fs::metadata(path))?;
                Ok(metadata.map(|metadata| Found { path: path.clone(), metadata }).into_iter().collect())
            }
            Self::Pattern(pattern) => {
                let paths = glob::glob(pattern).map_err(io::Error::other)?;
                Ok(paths.filter_map(Result::ok).filter_map(found).collect())
            }
            Self::Folder(folder) => {
                let entries = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
                let is_hidden = |path: &PathBuf| {
                    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
                };
                Ok(entries.filter(|path| !is_hidden(path)).filter_map(found).collect())
            }
        }
    }
}

/// Whether a file keeps lines that were rejected: it is never an input.
pub(in super::super) fn keeps_rejected(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Rotated::of(&name).stem.ends_with(REJECTED) || name.ends_with(REJECTED)
}

/// A folder, and what the names of a rotation's files in it have in common.
pub(super) type Family = (PathBuf, String);

/// The families of a path: that of its name, and where it is a link that of the name that it leads to.
pub(super) fn families(path: &Path) -> BTreeSet<Family> {
    let family = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder).ok()?;
        Some((folder, Rotated::of(&path.file_name()?.to_string_lossy()).stem))
    };
    let target = fs::canonicalize(path).ok();
    [Some(path), target.as_deref()].into_iter().flatten().filter_map(family).collect()
}

/// The regular files of a family, links left out.
pub(super) fn siblings((folder, stem): &Family) -> Vec<Found> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if Rotated::of(&entry.file_name().to_string_lossy()).stem != *stem || keeps_rejected(&path) {
            continue;
        }
        if let Some(metadata) = fs::symlink_metadata(&path).ok().filter(Metadata::is_file) {
            found.push(Found { path, metadata });
        }
    }
    found
}

/// Whether a rotation gives the name to new files, as opposed to a name that it gives to old ones.
pub(super) fn is_tip(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Rotated::of(&name).rank == i64::MAX || path.is_symlink()
}

/// A path from the root, with a link at its end left as it is.
pub(super) fn absolute(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    let full = folder.unwrap_or_default().join(path.file_name().unwrap_or_default());
    full.to_string_lossy().into_owned()
}
