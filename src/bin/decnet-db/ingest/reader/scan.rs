//! Looking which files there are.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::identity::{FileState, Rotated};
use super::entry::{Entry, Status};
use super::inputs::{Input, absolute, families, keeps_rejected, siblings};
use super::{HELD, Message, Reader};

impl Reader {
    /// Looks at all inputs, and at the files that a rotation may have made of them. Files that were not known are opened.
    pub(super) fn scan(&mut self) {
        self.scanned = Some(Instant::now());
        for entry in self.entries.iter_mut().filter(|entry| !entry.is_stream) {
            (entry.there, entry.named) = (false, false);
        }
        for (index, input) in self.settings.inputs.clone().iter().enumerate() {
            let found = match input.find() {
                Ok(found) => found,
                Err(error) => {
                    self.once(Message::Warning(format!(
                        "warning: {}: can't be looked at: {error}",
                        input.name()
                    )));
                    continue;
                }
            };
            if let Input::Path(path) = input {
                if found.is_empty() && self.settings.follow {
                    self.once(Message::Hint(format!("{} is not there yet; it is waited for", input.name())));
                }
                self.watch(path, index);
            }
            for found in found {
                if keeps_rejected(&found.path) || self.settings.never.contains(&found.path) {
                    self.once(Message::Hint(format!(
                        "{} keeps rejected lines, and is no input; `decnet-db ingest - < FILE` reads it",
                        found.path.display()
                    )));
                } else if found.metadata.is_file() {
                    if !matches!(input, Input::Path(_)) {
                        self.watch(&found.path, index);
                    }
                    self.see(found.path, &found.metadata, index, true);
                } else if !found.metadata.is_dir() {
                    self.add_stream(Some(found.path), index);
                }
            }
        }
        if !self.begun {
            self.watch_former();
        }
        for (family, input) in self.families.clone() {
            for found in siblings(&family) {
                self.see(found.path, &found.metadata, input, false);
            }
        }
    }

    /// Remembers what the files are called that a rotation makes of this one.
    fn watch(&mut self, path: &Path, input: usize) {
        if self.records.as_decnet {
            return;
        }
        for family in families(path) {
            self.families.entry(family).or_insert(input);
        }
    }

    /// Remembers what the files are called that had the names of the inputs before: a link may have led elsewhere.
    fn watch_former(&mut self) {
        for (index, input) in self.settings.inputs.clone().iter().enumerate() {
            let Input::Path(path) = input else { continue };
            let name = absolute(path);
            let former =
                self.records.list.iter().filter(|known| known.record.name == name && !known.record.over);
            let former: BTreeSet<PathBuf> = former.map(|known| PathBuf::from(&known.record.path)).collect();
            for path in former {
                self.watch(&path, index);
            }
        }
    }

    /// Takes note of a file. What is to be read is opened at once, so that nobody can take it away.
    fn see(&mut self, path: PathBuf, metadata: &Metadata, input: usize, named: bool) {
        let state = FileState::of(metadata);
        if let Some(place) = self.by_id.get(&state.id).copied() {
            let entry = &mut self.entries[place];
            // One file has one entry, whatever number of names; one of the command line is better known.
            if !entry.named && (named || !entry.there) {
                entry.path = Some(path);
            }
            entry.there = true;
            let wanted = named && !entry.named && entry.status == Status::Ignored;
            let changed = entry.seen != state && matches!(entry.status, Status::Read | Status::Failed);
            if wanted || changed {
                entry.file = None;
                if self.settings.follow && self.has_moved(place) {
                    return;
                }
                let entry = &mut self.entries[place];
                (entry.quiet, entry.seen) = (Instant::now(), state);
                entry.forget();
                self.hold_few(place);
            }
            self.entries[place].named |= named;
            return;
        }
        let place = self.entries.len();
        let mut entry = Entry::new(Some(path), input, state);
        entry.named = named;
        let wanted = named || self.begun;
        if !wanted {
            entry.status = Status::Ignored;
        }
        self.entries.push(entry);
        if wanted {
            if self.settings.follow && self.has_moved(place) {
                self.entries.pop();
                return;
            }
            self.entries[place].find_age();
            self.hold_few(place);
        }
        self.by_id.insert(state.id, place);
    }

    /// Whether a file was renamed, or packed and removed, since its folder was listed: the next look sees what it is now. What
    /// could not be opened was not seen, and nothing can be said of it.
    pub(super) fn has_moved(&mut self, place: usize) -> bool {
        self.entries[place].hold().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Closes a file again when too many are open.
    fn hold_few(&mut self, place: usize) {
        if self.entries.iter().filter(|entry| entry.file.is_some()).count() > HELD {
            self.entries[place].file = None;
        }
    }

    /// Adds what is read as a stream, unless it is being read.
    pub(super) fn add_stream(&mut self, path: Option<PathBuf>, input: usize) {
        if self.entries.iter().any(|entry| entry.is_stream && entry.path == path) {
            return;
        }
        let mut entry = Entry::new(path, input, FileState::default());
        (entry.is_stream, entry.named) = (true, true);
        self.entries.push(entry);
    }

    /// Forgets files that are gone, so that a later one with the same number is not taken for them.
    pub(super) fn remove_gone(&mut self) {
        let gone = |entry: &Entry| {
            !entry.is_stream && !entry.there && entry.file.is_none() && entry.status != Status::Reading
        };
        for place in 0..self.entries.len() {
            let entry = &self.entries[place];
            if gone(entry) && entry.status == Status::Unplaced {
                let (input, name, size) = (entry.input, entry.name(), entry.seen.size);
                self.later.push(Message::NotFound(
                    input,
                    format!("{name} was removed before it was read"),
                    size,
                ));
            }
        }
        self.entries.retain(|entry| !gone(entry));
        self.by_id = (0..)
            .zip(&self.entries)
            .filter(|(_, entry)| !entry.is_stream)
            .map(|(place, entry)| (entry.seen.id, place))
            .collect();
    }

    /// Says something as soon as possible, and only once.
    pub(super) fn once(&mut self, message: Message) {
        let (Message::Warning(text) | Message::Hint(text)) = &message else { return };
        if self.said.insert(text.clone()) {
            self.later.push(message);
        }
    }

    /// Says what came up meanwhile; `false` when the run is over.
    pub(super) fn say_later(&mut self) -> bool {
        while !self.later.is_empty() {
            let message = self.later.remove(0);
            if !self.say(message) {
                return false;
            }
        }
        true
    }

    /// What all names of a file have in common.
    pub(super) fn stem(entry: &Entry) -> String {
        let path =
            entry.path.as_ref().map(|path| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()));
        let name = path.as_ref().and_then(|path| path.file_name());
        name.map(|name| Rotated::of(&name.to_string_lossy()).stem).unwrap_or_default()
    }
}
