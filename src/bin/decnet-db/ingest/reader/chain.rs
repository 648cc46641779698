//! Files of one rotation: which of them go on with what was read, and in what order.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::super::digest::{Mark, Marks};
use super::super::identity::{FileState, Rotated};
use super::super::record::Record;
use super::super::records::Records;
use super::super::source;
use super::entry::{Entry, Status};
use super::{Commit, Input, LOOK, LOOKS, Message, Place, Reader, Source};

/// Compressed files up to this size are unpacked at each look while they grow.
const UNPACKED_AT_ONCE: u64 = 1 << 20;

impl Reader {
    /// Finds out what was read of a file, and opens it there; `false` when nothing is to be read of it, or the run is over.
    pub(super) fn place(&mut self, place: usize) -> io::Result<bool> {
        let file = match self.entries[place].hold() {
            Ok(file) => file,
            // It was renamed or removed since it was seen; the next look will tell.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.settings.follow => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        if self.is_growing(place, &file)? {
            return Ok(false);
        }
        let path = self.entries[place].path.clone().unwrap_or_default();
        self.entries[place].undecided = !source::has_line(&file)?;
        let mut found = self.records.place(&path, &file)?;
        if self.settings.again && self.entries[place].named {
            self.forget_record(place, &mut found);
        }
        if !self.entries[place].named && !self.belongs(place, &found) {
            (self.entries[place].status, self.entries[place].file) = (Status::Ignored, None);
            return Ok(false);
        }
        let (record, at) = match found {
            Place::Continues(record) => {
                let known = &self.records.list[record].record;
                let at = if known.marks.last().is_some() {
                    known.end()
                } else {
                    Mark { position: known.position, ..Mark::START }
                };
                self.entries[place].marks = known.marks.clone();
                if self.entries[place].marks.last().is_none() && at.position > 0 {
                    self.entries[place].marks.push(at);
                }
                (Some(record), at)
            }
            Place::Contained(_, end) => {
                (self.entries[place].status, self.entries[place].file) = (Status::Read, None);
                self.already(place, end.lines);
                return Ok(false);
            }
            Place::Shares(_, mark) => {
                let name = self.entries[place].name();
                let text = format!(
                    "warning: {name} begins as a file that was read; it is read from line {} on, where that can't be told any more",
                    mark.lines + 1
                );
                if !self.say(Message::Warning(text)) {
                    return Ok(false);
                }
                (None, mark)
            }
            Place::Legacy(legacy, mark) => {
                self.entries[place].legacy = Some(legacy);
                (None, mark)
            }
            Place::New => (self.entries[place].record, Mark::START),
        };
        let entry = &mut self.entries[place];
        if record.is_none() && at.lines > 0 {
            entry.marks = Marks::default();
            entry.marks.push(at);
        }
        if matches!(found, Place::New) {
            entry.marks = Marks::default();
            if let Some(record) = record {
                self.records.list[record].record.position = 0;
            }
        }
        let entry = &mut self.entries[place];
        entry.source = Some(Source::open(&file, at, &self.progress)?);
        (entry.record, entry.status) = (record, Status::Reading);
        Ok(self.already(place, at.lines))
    }

    /// Whether a file is compressed data that somebody is still writing. It is left alone until its end is there, or nothing
    /// more has come for some time; the original is there until then.
    fn is_growing(&mut self, place: usize, file: &Arc<File>) -> io::Result<bool> {
        let state = FileState::of(&file.metadata()?);
        let patience = if self.settings.follow { self.settings.keep } else { LOOK * LOOKS };
        if self.last_pass || !source::is_packed(file)? || !state.is_younger_than(patience) {
            return Ok(false);
        }
        let entry = &mut self.entries[place];
        let (before, since) = entry.growing.unwrap_or((FileState::default(), Instant::now()));
        if before != state {
            entry.growing = Some((state, Instant::now()));
            // Who is still writing it goes on: to unpack all of it at each look would take long.
            if before != FileState::default() && state.size > UNPACKED_AT_ONCE {
                return Ok(true);
            }
        } else if since.elapsed() > patience {
            return Ok(false);
        }
        Ok(!source::is_whole(file))
    }

    /// Counts lines that were read before; `false` when the run is over.
    fn already(&mut self, place: usize, lines: u64) -> bool {
        let entry = &mut self.entries[place];
        // Looked at again, a file counts once.
        let new = lines.saturating_sub(entry.already);
        if !self.begun && new > 0 {
            entry.already = lines;
            let input = entry.input;
            return self.say(Message::Already(input, i64::try_from(new).unwrap_or(i64::MAX)));
        }
        true
    }

    /// Takes a file for one of which nothing was read, once.
    fn forget_record(&mut self, place: usize, found: &mut Place) {
        let (Place::Continues(record) | Place::Contained(record, _) | Place::Shares(record, _)) = *found
        else {
            if matches!(found, Place::Legacy(..)) {
                *found = Place::New;
            }
            return;
        };
        if self.said.insert(format!("again {record}")) {
            let known = &mut self.records.list[record].record;
            (known.position, known.lines, known.marks) = (0, 0, Marks::default());
            self.entries[place].record = Some(record);
            *found = Place::New;
        }
    }

    /// Whether a file that nobody named is one that follows what is read.
    fn belongs(&self, place: usize, found: &Place) -> bool {
        let lineage = self.lineage(place);
        match *found {
            Place::Continues(record) => {
                let used = self.entries.iter().any(|entry| entry.record == Some(record));
                used || self.records.list[record].record.name == lineage
            }
            Place::Contained(..) => true,
            // It was made while the run goes on; but maybe of a file that was there before, and not wanted.
            _ => {
                let ours = self.opening(place);
                let ignored = (0..self.entries.len())
                    .filter(|other| *other != place && self.entries[*other].status == Status::Ignored);
                ours.is_none() || !ignored.map(|other| self.opening(other)).any(|other| other == ours)
            }
        }
    }

    /// What the first lines of a file hash to.
    fn opening(&self, place: usize) -> Option<Mark> {
        let entry = &self.entries[place];
        let file = match &entry.file {
            Some(file) => std::sync::Arc::clone(file),
            None => std::sync::Arc::new(super::super::identity::open(entry.path.as_ref()?).ok()?),
        };
        let mut source = Source::open(&file, Mark::START, &std::sync::Arc::default()).ok()?;
        while source.at.lines < 32 && source.pass().ok()? {}
        (source.at.lines > 0).then_some(source.at)
    }

    /// The name that the files of a rotation are known by: that of the command line.
    pub(super) fn lineage(&self, place: usize) -> String {
        let entry = &self.entries[place];
        match &self.settings.inputs[entry.input] {
            Input::Path(path) => absolute(path),
            _ => entry.path.as_deref().map(absolute).unwrap_or_default(),
        }
    }

    /// Decides before the first line which of the files that nobody named go on with what was read; `false` when the run is
    /// over.
    pub(super) fn begin_chains(&mut self) -> bool {
        for index in 0..self.settings.inputs.len() {
            if let Input::Path(path) = self.settings.inputs[index].clone()
                && !self.records.as_decnet
                && !self.settings.again
            {
                let mut looks = 1;
                loop {
                    let (lost, moved) = self.begin_chain(index, &path);
                    if lost.is_none() && !moved {
                        break;
                    }
                    // What was not looked for long enough is left to the next run.
                    if self.stop.load(Ordering::Relaxed) {
                        return false;
                    }
                    if looks == LOOKS {
                        if let Some((latest, named)) = lost
                            && !self.lost_end(index, &path, latest, named)
                        {
                            return false;
                        }
                        break;
                    }
                    looks += 1;
                    std::thread::sleep(LOOK);
                    self.scan();
                }
            }
        }
        true
    }

    /// Decides for one input; which record's end is not found, and the file that has its name now; and whether a file was renamed
    /// meanwhile, so that it has to be looked for again.
    fn begin_chain(&mut self, index: usize, path: &Path) -> (Option<(usize, Option<usize>)>, bool) {
        let name = absolute(path);
        let of_input = |entry: &Entry| entry.input == index && !entry.is_stream;
        let latest = self.records.latest_of(&name);
        let named = (0..self.entries.len())
            .find(|place| of_input(&self.entries[*place]) && self.entries[*place].named);
        let now = named.map(|place| {
            let file = self.entries[place].hold()?;
            self.records.place(path, &file)
        });
        let mut moved = matches!(&now, Some(Err(error)) if error.kind() == io::ErrorKind::NotFound);
        let goes_on = |found: &Place, record: usize| matches!(found, Place::Continues(known) | Place::Contained(known, _) if *known == record);
        let is_ours = |records: &Records, found: &Place| match found {
            Place::Continues(record) | Place::Contained(record, _) => {
                records.list[*record].record.name == name
            }
            _ => false,
        };
        let rotated = latest.filter(|_| match &now {
            Some(Ok(found)) => !is_ours(&self.records, found),
            Some(Err(_)) => false,
            None => true,
        });
        // What was written since the first of the files was read is a part of the rotation. A later bound would leave out files
        // that an earlier run did not see, or not read to their ends.
        let ours = self.records.list.iter().map(|known| &known.record).filter(|record| record.name == name);
        let oldest = ours.map(|record| record.written).min();
        // Of what is complete nothing can be missing.
        let is_complete = |record: &Record| record.over || record.position == 0;
        let mut found_end = rotated.is_some_and(|latest| is_complete(&self.records.list[latest].record));
        for place in 0..self.entries.len() {
            let entry = &self.entries[place];
            if entry.status != Status::Ignored {
                // Another input may be what this one was.
                if let Some(latest) = rotated
                    && Some(place) != named
                    && !entry.is_stream
                    && let Ok(file) = self.entries[place].hold()
                    && let Ok(found) = self.records.place(path, &file)
                {
                    found_end |= goes_on(&found, latest);
                }
                continue;
            }
            if !of_input(entry) {
                continue;
            }
            let seen = entry.seen;
            let mut records = self.records.of_file(seen.id).peekable();
            let is_known = records.peek().is_some();
            // A run may have ended before the end of the file.
            let is_read = |record: &Record| record.file == Some(seen) && record.position == seen.size;
            let mut follows =
                records.any(|(_, record)| record.name == name && !record.over && !is_read(record));
            let may_follow = oldest.is_some_and(|oldest| seen.modified >= oldest);
            let may_follow = may_follow && entry.there && (rotated.is_some() || !is_known);
            match may_follow.then(|| self.entries[place].hold()) {
                Some(Ok(file)) => match self.records.place(entry_path(&self.entries[place]), &file) {
                    Ok(found @ (Place::Continues(_) | Place::Contained(..))) => {
                        found_end |= rotated.is_some_and(|latest| goes_on(&found, latest));
                        follows |= is_ours(&self.records, &found);
                    }
                    Ok(_) | Err(_) => follows = true,
                },
                Some(Err(error)) => moved |= error.kind() == io::ErrorKind::NotFound,
                None => {}
            }
            let entry = &mut self.entries[place];
            if follows {
                entry.status = Status::Unplaced;
                entry.find_age();
            } else {
                entry.file = None;
            }
        }
        (rotated.filter(|_| !found_end && is_tip(path)).map(|latest| (latest, named)), moved)
    }

    /// Says that the rest of the file that had a name is not found.
    fn lost_end(&mut self, index: usize, path: &Path, latest: usize, named: Option<usize>) -> bool {
        let known = &mut self.records.list[latest];
        known.record.over = true;
        let record = &known.record;
        let bytes = record.file.map_or(0, |file| file.size.saturating_sub(record.position));
        let shorter = named.is_some_and(|place| self.entries[place].seen.size < record.position);
        let reason = match named {
            None => "is not there any more",
            Some(_) if shorter => "is shorter than what was read of it: reading it from its start",
            Some(_) => "was replaced since it was read: reading it from its start",
        };
        let text = format!(
            "{} {reason}; what was written to the former one behind byte {} is not found",
            path.display(),
            record.position
        );
        let commit = Commit { key: known.key.clone(), record: known.record.clone(), legacy: None };
        self.say(Message::NotFound(index, text, bytes)) && self.say(Message::Known(Box::new(commit)))
    }

    /// Looks for the file that goes on where a record ends, other than the one that did.
    fn find_end(&mut self, place: usize, record: usize) -> bool {
        let mut found_end = false;
        for other in 0..self.entries.len() {
            let entry = &mut self.entries[other];
            let unwanted = matches!(entry.status, Status::Ignored | Status::Failed);
            if self.records.as_decnet || other == place || entry.is_stream || unwanted {
                continue;
            }
            let Ok(file) = entry.hold() else { continue };
            let path = entry_path(&self.entries[other]).to_owned();
            match self.records.place(&path, &file) {
                Ok(Place::Continues(known)) if known == record => {
                    found_end = true;
                    if self.entries[other].status == Status::Read {
                        self.entries[other].forget();
                    }
                }
                Ok(Place::Contained(known, _)) if known == record => found_end = true,
                _ => {}
            }
        }
        found_end
    }

    /// A file has other content than what was read of it: it was emptied, maybe after it was copied; `false` when the run is
    /// over.
    pub(super) fn replaced(&mut self, place: usize) -> bool {
        let entry = &self.entries[place];
        let (record, input, name, known_size) = (entry.record, entry.input, entry.name(), entry.size);
        let mut found_end = false;
        for look in 0..LOOKS {
            if look > 0 {
                std::thread::sleep(LOOK);
            }
            self.scan();
            found_end = record.is_none_or(|record| self.find_end(place, record));
            if found_end || self.records.as_decnet || self.stop.load(Ordering::Relaxed) {
                break;
            }
        }
        // What was not looked for long enough is left to the next run.
        if !found_end && !self.records.as_decnet && self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let position = record.map_or(0, |record| self.records.list[record].record.position);
        let lost = known_size.saturating_sub(position);
        let entry = &mut self.entries[place];
        let already = std::mem::take(&mut entry.already);
        entry.forget();
        entry.size = 0;
        if let Some(state) = entry.file.as_ref().and_then(|file| file.metadata().ok()) {
            entry.seen = FileState::of(&state);
        }
        entry.find_age();
        let taken_back = i64::try_from(already).unwrap_or(0);
        if taken_back > 0 && !found_end && !self.say(Message::Already(input, -taken_back)) {
            return false;
        }
        match (found_end, lost) {
            (true, _) => true,
            (false, 0) => {
                self.say(Message::Warning(format!("{name} was truncated: reading it from its start")))
            }
            (false, lost) => {
                let text = format!(
                    "{name} was truncated: reading it from its start; {lost} bytes behind byte {position} are not found"
                );
                self.say(Message::NotFound(input, text, lost))
            }
        }
    }

    /// Lets go of files that nobody writes to any more, because another one has their name; `false` when the run is over.
    pub(super) fn close_old(&mut self) -> bool {
        for place in 0..self.entries.len() {
            let entry = &self.entries[place];
            if entry.is_stream
                || entry.status != Status::Reading
                || entry.quiet.elapsed() < self.settings.keep
            {
                continue;
            }
            let stem = Self::stem(entry);
            let follows = |other: &Entry| {
                let later = other.age > entry.age && Self::stem(other) == stem;
                other.input == entry.input
                    && other.record.is_some()
                    && (later || (other.named && !entry.named))
            };
            let has_successor =
                self.entries.iter().enumerate().any(|(other, found)| other != place && follows(found));
            if entry.there && !has_successor {
                continue;
            }
            // What other files of the same content gave meanwhile is not read again.
            let read = entry.record.map(|record| self.records.list[record].record.position);
            let turned = entry.undecided
                && entry.file.as_ref().is_some_and(|file| source::is_packed(file).unwrap_or(false));
            if turned || read.is_some_and(|read| read != entry.at().position) {
                self.entries[place].forget();
                continue;
            }
            // What has no line break now never will.
            let entry = &mut self.entries[place];
            let took = entry.take_rest(&mut self.parser);
            if took.is_err() || !self.send(place) || !self.remember(place, false) {
                return false;
            }
            let entry = &mut self.entries[place];
            if let Some(state) = entry.file.as_ref().and_then(|file| file.metadata().ok()) {
                entry.seen = FileState::of(&state);
            }
            (entry.status, entry.source, entry.file) = (Status::Read, None, None);
        }
        true
    }
}

/// Whether a rotation gives the name to new files, as opposed to a name that it gives to old ones.
fn is_tip(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Rotated::of(&name).rank == i64::MAX || path.is_symlink()
}

fn entry_path(entry: &Entry) -> &Path {
    entry.path.as_deref().unwrap_or(Path::new(""))
}

/// A path from the root, with a link at its end left as it is.
pub(super) fn absolute(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    let full = folder.unwrap_or_default().join(path.file_name().unwrap_or_default());
    full.to_string_lossy().into_owned()
}
