//! What became of the files that earlier runs read: which of those that are there go on with them, and which are gone.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::super::digest::Mark;
use super::super::record::Record;
use super::super::source;
use super::entry::{Entry, Status};
use super::inputs::{absolute, is_tip};
use super::{Commit, Input, LOOK, LOOKS, Message, Place, Reader};

/// What a look at the files of one name has come to.
#[derive(Default)]
struct Look {
    /// The file that has the name now.
    named: Option<usize>,
    /// Records whose ends are not found.
    lost: BTreeSet<usize>,
    /// Records of renamed files that nobody writes to any more.
    settled: BTreeSet<usize>,
    /// Whether a file was renamed meanwhile, so that it has to be looked for again.
    moved: bool,
}

impl Reader {
    /// Decides before the first line which of the files that nobody named go on with what was read; `false` when the run is
    /// over.
    pub(super) fn begin_chains(&mut self) -> bool {
        if self.records.as_decnet || self.settings.again {
            return true;
        }
        for index in 0..self.settings.inputs.len() {
            for path in self.tips(index) {
                let mut looks = 1;
                let look = loop {
                    let look = self.look_for_former(index, &path);
                    if (look.lost.is_empty() && !look.moved) || looks == LOOKS {
                        break look;
                    }
                    // What was not looked for long enough is left to the next run.
                    if self.stop.load(Ordering::Relaxed) {
                        return false;
                    }
                    looks += 1;
                    std::thread::sleep(LOOK);
                    self.scan();
                };
                let latest = self.records.latest_of(&absolute(&path));
                for record in look.lost {
                    let named = look.named.filter(|_| Some(record) == latest);
                    if !self.lost_end(index, &path, record, named, Some(record) == latest) {
                        return false;
                    }
                }
                for record in look.settled {
                    if !self.set_over(record) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The names of an input whose files are rotated: its own, or those that match it and were read.
    fn tips(&self, index: usize) -> Vec<PathBuf> {
        let input = &self.settings.inputs[index];
        if let Input::Path(path) = input {
            return vec![path.clone()];
        }
        // Of a pattern also those that were first seen under the name of a rotated file.
        let names: BTreeSet<PathBuf> =
            self.records.list.iter().map(|known| PathBuf::from(&known.record.name)).collect();
        names.into_iter().filter(|name| input.matches(name)).collect()
    }

    /// Looks at all files for those that go on with what was read under a name.
    fn look_for_former(&mut self, index: usize, path: &Path) -> Look {
        let name = absolute(path);
        let is_path = matches!(self.settings.inputs[index], Input::Path(_));
        let of_input = |entry: &Entry| entry.input == index && !entry.is_stream;
        let has_name = |entry: &Entry| {
            entry.named && (is_path || entry.path.as_deref().map(absolute).as_ref() == Some(&name))
        };
        let named = (0..self.entries.len())
            .find(|place| of_input(&self.entries[*place]) && has_name(&self.entries[*place]));
        let now = named.map(|place| {
            let file = self.entries[place].hold()?;
            self.records.place(path, &file)
        });
        let mut look = Look { named, ..Look::default() };
        look.moved = matches!(&now, Some(Err(error)) if error.kind() == io::ErrorKind::NotFound);
        let ours = |record: &Record| record.name == name;
        let all = self.records.list.iter().enumerate().filter(|(_, known)| ours(&known.record));
        // Of what is over nothing can be missing; what was empty may have become any of the records after it. Those of a pattern have
        // the names under which something was read first.
        let latest = self.records.latest_of_rotation(&name);
        let may_miss = |place: usize, record: &Record| {
            !record.over && (Some(place) == latest || record.end() != Mark::START)
        };
        let mut open: BTreeSet<usize> = all
            .clone()
            .filter(|(place, known)| may_miss(*place, &known.record))
            .map(|(place, _)| place)
            .collect();
        // What was written since the first of the files was read is a part of the rotation. A later bound would leave out files
        // that an earlier run did not see, or not read to their ends.
        let oldest = all.map(|(_, known)| known.record.written).min();
        match &now {
            // A new file that has only the first lines of a former one is not that one.
            Some(Ok(Place::Contained(..))) if is_tip(path) => {}
            Some(Ok(Place::Continues(record) | Place::Contained(record, _))) => drop(open.remove(record)),
            Some(Err(_)) => open.clear(),
            _ => {}
        }
        if let Some(record) = named.and_then(|place| self.records.empty_of(self.entries[place].seen.id)) {
            open.remove(&record);
        }
        let rotated = !open.is_empty();
        let mut new = false;
        for place in 0..self.entries.len() {
            let entry = &self.entries[place];
            if Some(place) == named || entry.is_stream || !entry.there {
                continue;
            }
            let seen = entry.seen;
            let is_read =
                |record: &Record| record.file == Some(seen) && (record.over || record.position == seen.size);
            let known: Vec<(usize, bool, bool)> = self
                .records
                .of_file(seen.id)
                .map(|(place, record)| (place, is_read(record), ours(record)))
                .collect();
            let read = known.iter().any(|(_, read, _)| *read);
            for (record, read, _) in &known {
                let was_empty = self.records.list[*record].record.end() == Mark::START;
                if *read || was_empty {
                    let was_open = open.remove(record);
                    if was_open && *read && !seen.is_younger_than(self.settings.keep) {
                        look.settled.insert(*record);
                    }
                }
            }
            // Another input may be what this one was.
            let wanted = entry.status != Status::Ignored;
            if !wanted && entry.input != index {
                continue;
            }
            // A run may have ended before the end of the file.
            let mut follows = !read && known.iter().any(|(_, _, ours)| *ours);
            let may_follow = wanted || oldest.is_some_and(|oldest| seen.modified >= oldest);
            let may_follow = may_follow && !read && (rotated || (!wanted && known.is_empty()));
            match may_follow.then(|| self.entries[place].hold()) {
                Some(Ok(file)) => {
                    // Compressed since, and not seen yet: that may be what was empty.
                    new |= known.is_empty() && source::is_packed(&file).unwrap_or(true);
                    let path = self.entries[place].path.clone().unwrap_or_default();
                    match self.records.place(&path, &file) {
                        Ok(Place::Continues(record) | Place::Contained(record, _)) => {
                            open.remove(&record);
                            follows |= ours(&self.records.list[record].record);
                        }
                        Ok(_) | Err(_) => follows = true,
                    }
                }
                Some(Err(error)) => look.moved |= error.kind() == io::ErrorKind::NotFound,
                None => {}
            }
            if wanted {
                continue;
            }
            if !follows {
                self.entries[place].file = None;
            } else if self.has_moved(place) {
                look.moved = true;
            } else {
                self.entries[place].status = Status::Unplaced;
                self.entries[place].find_age();
            }
        }
        if new {
            // Of a file that was empty it can't be told what was written to it.
            open.retain(|record| self.records.list[*record].record.end() != Mark::START);
        }
        if is_tip(path) || !is_path {
            look.lost = open;
        }
        look
    }

    /// Says that the rest of a file that had a name is not found.
    fn lost_end(
        &mut self,
        index: usize,
        path: &Path,
        lost: usize,
        named: Option<usize>,
        is_latest: bool,
    ) -> bool {
        let record = &self.records.list[lost].record;
        let bytes = record.file.map_or(0, |file| file.size.saturating_sub(record.position));
        let (shown, former) = (path.display(), Path::new(&record.path));
        let behind = format!("behind byte {} is not found", record.position);
        let shorter = named.is_some_and(|place| self.entries[place].seen.size < record.position);
        let text = match named {
            None if is_latest => {
                format!("{shown} is not there any more; what was written to the former one {behind}")
            }
            None => format!("{} is not there any more; what was written to it {behind}", former.display()),
            Some(_) if shorter => format!(
                "{shown} is shorter than what was read of it: reading it from its start; what was written to the former one {behind}"
            ),
            Some(_) => format!(
                "{shown} was replaced since it was read: reading it from its start; what was written to the former one {behind}"
            ),
        };
        // It was read to its end under another name: that somebody still wrote to it is possible, but nothing speaks for it.
        let was_renamed = !path.is_symlink() && former.file_name() != path.file_name();
        let message = match bytes {
            0 if was_renamed || !is_tip(path) => {
                Message::Warning(format!("warning: {text}, if there was anything"))
            }
            _ => Message::NotFound(index, text, bytes),
        };
        self.say(message) && self.set_over(lost)
    }

    /// Notes that nothing more comes of a record.
    pub(super) fn set_over(&mut self, record: usize) -> bool {
        let known = &mut self.records.list[record];
        if known.record.over || known.record.reader.is_running_beside(&self.settings.this) {
            return true;
        }
        known.record.over = true;
        let commit = Commit { key: known.key.clone(), record: known.record.clone(), legacy: None };
        self.say(Message::Known(Box::new(commit)))
    }
}
