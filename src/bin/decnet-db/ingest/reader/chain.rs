//! Files of one rotation: which of them go on with what was read, and in what order.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::super::digest::{Mark, Marks};
use super::super::identity::FileState;
use super::super::source;
use super::entry::{Entry, Status};
use super::inputs::{absolute, is_tip};
use super::{Input, LOOK, LOOKS, Message, Place, Reader, Source};
use crate::files::open_to_read;

/// Compressed files up to this size are unpacked at each look while they grow.
const UNPACKED_AT_ONCE: u64 = 1 << 20;

impl Reader {
    /// Finds out what was read of a file, and opens it there; `false` when nothing is to be read of it, or the run is over.
    pub(super) fn place(&mut self, place: usize) -> io::Result<bool> {
        let file = match self.entries[place].hold() {
            Ok(file) => file,
            // It was renamed or removed since it was seen; the next look, if there is one, will tell.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && (self.settings.follow || !self.last_pass) =>
            {
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
                // A new file that has only what all files begin with is known again when it is renamed.
                let entry = &self.entries[place];
                let is_new = entry.named && is_tip(&path) && self.records.empty_of(entry.seen.id).is_none();
                if is_new
                    && !self.records.as_decnet
                    && !source::is_packed(&file)?
                    && !self.remember(place, false)
                {
                    return Ok(false);
                }
                self.entries[place].record = None;
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
    pub(super) fn is_growing(&mut self, place: usize, file: &Arc<File>) -> io::Result<bool> {
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
            None => std::sync::Arc::new(open_to_read(entry.path.as_ref()?).ok()?),
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
            let path = self.entries[other].path.clone().unwrap_or_default();
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
        if found_end {
            return true;
        }
        let text = format!("{name} was truncated: reading it from its start");
        let message = match lost {
            0 => Message::Warning(text),
            _ => {
                let text = format!("{text}; {lost} bytes behind byte {position} are not found");
                Message::NotFound(input, text, lost)
            }
        };
        self.say(message) && (self.records.as_decnet || record.is_none_or(|record| self.set_over(record)))
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
