//! The thread that reads and parses, while the database commits what it read before.

mod batch;
mod chain;
mod entry;
mod former;
mod inputs;
mod scan;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use decnet_db::capture::Parser;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

pub(super) use self::batch::{Batch, Commit, Item};
pub(super) use self::inputs::{Input, keeps_rejected};

use self::entry::{Entry, Pause, Status};
use self::inputs::Family;
use super::digest::Mark;
use super::identity::FileId;
use super::record::Record;
use super::records::{Known, Place, Records};
use super::run::RunId;
use super::source::{self, Source};

/// How often a file that has ended is looked at again.
const POLL: Duration = Duration::from_millis(250);

/// How many times files that were emptied while they were read are begun anew, unless they are followed.
const PASSES: u32 = 10;

/// How many times, and how long after each other, the end of a file is looked for that is not found: its copy may just be
/// made or compressed.
const LOOKS: u32 = 6;
const LOOK: Duration = Duration::from_millis(150);

/// How many files are held open at most, beside those that are read.
const HELD: usize = 256;

/// What the reader has to say.
pub(super) enum Message {
    Batch(Box<Batch>),
    /// A record changed although no line was read.
    Known(Box<Commit>),
    /// Lines that earlier runs read; fewer when a file turns out to be another one.
    Already(usize, i64),
    /// Something that must not go unnoticed.
    Warning(String),
    /// What may help.
    Hint(String),
    /// The input can't be read on.
    Failed(String, io::Error),
    /// A file was read to its end, but for so many bytes of an unfinished line.
    Ended(usize, String, u64),
    /// What was written to a file behind what was read of it is not found any more: so many bytes at least.
    NotFound(usize, String, u64),
    /// Another run reads the file.
    Busy(String),
    /// Everything that is there was looked at once.
    Ready,
}

/// How to read.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) inputs: Vec<Input>,
    pub(super) batch_rows: usize,
    pub(super) follow: bool,
    /// Forget what was read of the inputs.
    pub(super) again: bool,
    /// How long a file is held after it was renamed.
    pub(super) keep: Duration,
    pub(super) this: RunId,
    /// Files that are never inputs: those of `--rejected`.
    pub(super) never: Vec<std::path::PathBuf>,
}

/// The reader.
pub(super) struct Reader {
    settings: Settings,
    records: Records,
    parser: Parser,
    out: Sender<Message>,
    stop: Arc<AtomicBool>,
    /// Bytes read so far, compressed ones where they are.
    progress: Arc<AtomicU64>,
    entries: Vec<Entry>,
    by_id: HashMap<FileId, usize>,
    /// The names that rotations may give, and the input that they belong to.
    families: BTreeMap<Family, usize>,
    /// What was said once about an input or a file.
    said: BTreeSet<String>,
    /// What is to be said when the reader may wait.
    later: Vec<Message>,
    scanned: Option<Instant>,
    /// Inputs whose files were looked at once.
    begun: bool,
    /// What is there now is read as it is.
    last_pass: bool,
}

impl Reader {
    pub(super) fn new(
        settings: Settings,
        records: Records,
        mut parser: Parser,
        out: Sender<Message>,
        stop: Arc<AtomicBool>,
        progress: Arc<AtomicU64>,
    ) -> Self {
        for sessions in &records.sessions {
            parser.resume_sessions(sessions);
        }
        let (entries, by_id) = (Vec::new(), HashMap::new());
        let (families, said) = (BTreeMap::new(), BTreeSet::new());
        Self {
            settings,
            records,
            parser,
            out,
            stop,
            progress,
            entries,
            by_id,
            families,
            said,
            later: Vec::new(),
            scanned: None,
            begun: false,
            last_pass: false,
        }
    }

    /// Reads until everything is read, or the run is to stop.
    pub(super) fn run(mut self) {
        for (input, what) in self.settings.inputs.clone().into_iter().enumerate() {
            if what == Input::Stdin {
                self.add_stream(None, input);
            }
        }
        let mut passes = 0;
        while self.pass() && !self.stop.load(Ordering::Relaxed) {
            passes += 1;
            let more = self.entries.iter().any(|entry| entry.status == Status::Unplaced);
            if !self.settings.follow {
                if !more || passes == PASSES {
                    break;
                }
                self.last_pass = passes + 1 == PASSES;
                if self.entries.iter().any(|entry| entry.growing.is_some()) {
                    std::thread::sleep(LOOK);
                }
            }
        }
        self.say_later();
        if self.settings.follow {
            for place in 0..self.entries.len() {
                let (input, name, bytes) =
                    (self.entries[place].input, self.entries[place].name(), self.entries[place].unfinished());
                if bytes > 0 && !self.say(Message::Ended(input, name, bytes)) {
                    return;
                }
            }
        }
    }

    /// Looks at everything once, and reads what there is; `false` when the run is over.
    fn pass(&mut self) -> bool {
        self.scan();
        if !self.say_later() || (!self.begun && !self.begin_chains()) {
            return false;
        }
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|place| (self.entries[*place].is_stream, self.entries[*place].age));
        let mut idle = true;
        for place in order {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            match self.read(place) {
                Some(progress) => idle &= !progress,
                None => return false,
            }
        }
        if !self.begun {
            self.begun = true;
            if !self.say(Message::Ready) {
                return false;
            }
        }
        if self.settings.follow {
            if !self.close_old() {
                return false;
            }
            self.remove_gone();
            let streams_only = self.settings.inputs.iter().all(|input| *input == Input::Stdin);
            if streams_only && self.entries.iter().all(|entry| entry.status == Status::Read) {
                return false;
            }
            if idle {
                self.pause();
            }
        }
        true
    }

    /// Reads a file or stream on; whether anything was read, `None` when the run is over.
    fn read(&mut self, place: usize) -> Option<bool> {
        let result = match self.entries[place].status {
            Status::Read | Status::Ignored | Status::Failed => return Some(false),
            Status::Unplaced | Status::Reading if self.entries[place].is_stream => self.read_stream(place),
            Status::Unplaced => match self.place(place) {
                Ok(true) => self.read_file(place),
                Ok(false) => return if self.out.is_closed() { None } else { Some(false) },
                Err(error) => Err(error),
            },
            Status::Reading => self.read_file(place),
        };
        match result {
            Ok(progress) => progress,
            Err(error) => self.failed(place, error).then_some(false),
        }
    }

    /// Sends what was read, and says why no more can be.
    fn failed(&mut self, place: usize, error: io::Error) -> bool {
        let sent = self.send(place);
        self.entries[place].status = Status::Failed;
        let name = self.entries[place].name();
        sent && self.say(Message::Failed(name, error))
    }

    fn read_stream(&mut self, place: usize) -> io::Result<Option<bool>> {
        if self.entries[place].source.is_none() {
            let path = self.entries[place].path.clone();
            self.entries[place].source = Some(Source::stream(path, &self.progress));
            self.entries[place].status = Status::Reading;
        }
        let mut progress = false;
        loop {
            let rows = self.settings.batch_rows;
            let pause = self.entries[place].pump(&mut self.parser, rows, &self.stop)?;
            progress |= self.entries[place].batch.count > 0;
            match pause {
                Pause::Full if !self.send(place) => return Ok(None),
                Pause::Full => {}
                // A slow stream is not kept waiting for a batch to fill, unless the database is busy anyway.
                Pause::Waiting if self.out.capacity() > 0 && !self.send(place) => return Ok(None),
                Pause::Waiting if self.settings.follow => return Ok(Some(progress)),
                Pause::Waiting => {}
                Pause::Stopped => {
                    self.send(place);
                    return Ok(None);
                }
                Pause::End => {
                    self.entries[place].take_rest(&mut self.parser)?;
                    if !self.send(place) || !self.ended(place) {
                        return Ok(None);
                    }
                    let entry = &mut self.entries[place];
                    entry.forget();
                    // A pipe may get another writer.
                    entry.status = if self.settings.follow && entry.path.is_some() {
                        Status::Unplaced
                    } else {
                        Status::Read
                    };
                    return Ok(Some(progress));
                }
            }
        }
    }

    fn read_file(&mut self, place: usize) -> io::Result<Option<bool>> {
        let file = self.entries[place].hold()?;
        // What other files of the same content gave meanwhile is not read again.
        let entry = &self.entries[place];
        if let Some(record) = entry.record
            && self.records.list[record].record.position != entry.at().position
        {
            if self.records.as_decnet && !entry.named {
                self.entries[place].status = Status::Ignored;
                return Ok(Some(false));
            }
            self.entries[place].forget();
            return Ok(Some(true));
        }
        let size = file.metadata()?.len();
        let grown = size != self.entries[place].seen.size;
        if grown {
            self.entries[place].quiet = Instant::now();
        }
        self.entries[place].seen = super::identity::FileState::of(&file.metadata()?);
        let mut progress = false;
        loop {
            let rows = self.settings.batch_rows;
            let pause = self.entries[place].pump(&mut self.parser, rows, &self.stop)?;
            if pause == Pause::End && self.entries[place].source.as_ref().is_some_and(|source| source.ends) {
                self.entries[place].take_rest(&mut self.parser)?;
            }
            // The file may have been emptied, and written anew, at any time until now.
            let packed = self.entries[place].source.as_ref().is_some_and(|source| source.ends);
            let length = file.metadata()?.len();
            let read = self.entries[place].at().position + self.entries[place].unfinished();
            if !packed && (length < read || !source::still_has(&file, &self.entries[place].marks)?) {
                return Ok(self.replaced(place).then_some(true));
            }
            if !packed {
                self.entries[place].size = length;
            }
            // What was empty when its place was looked for may have become a copy, or compressed data.
            if self.entries[place].undecided
                && (self.entries[place].batch.count > 0 || source::is_packed(&file)?)
            {
                self.entries[place].forget();
                return Ok(Some(true));
            }
            progress |= self.entries[place].batch.count > 0;
            if !self.send(place) {
                return Ok(None);
            }
            match pause {
                Pause::Stopped => return Ok(None),
                Pause::End => return Ok(self.at_end(place, packed).then_some(progress)),
                Pause::Full
                    if self.settings.follow && self.entries[place].at().position >= size && !packed =>
                {
                    return Ok(Some(true));
                }
                Pause::Full | Pause::Waiting => {}
            }
        }
    }

    /// A file was read to its end as it is now; `false` when the run is over.
    fn at_end(&mut self, place: usize, packed: bool) -> bool {
        if packed {
            let rubbish = self.entries[place]
                .source
                .as_ref()
                .map_or(0, |source| source.rubbish.load(Ordering::Relaxed));
            let name = self.entries[place].name();
            if rubbish > 0
                && !self.say(Message::Warning(format!(
                    "warning: {name}: {rubbish} bytes behind the end of the compressed data are ignored"
                )))
            {
                return false;
            }
        }
        if !self.remember(place, packed) {
            return false;
        }
        if packed || !self.settings.follow {
            if !self.ended(place) {
                return false;
            }
            let entry = &mut self.entries[place];
            (entry.status, entry.source, entry.file) = (Status::Read, None, None);
        }
        true
    }

    fn ended(&mut self, place: usize) -> bool {
        let entry = &self.entries[place];
        let message = Message::Ended(entry.input, entry.name(), entry.unfinished());
        self.say(message)
    }

    /// Notes where the file was seen last, when its record says something else: the next run then knows it without reading it.
    fn remember(&mut self, place: usize, packed: bool) -> bool {
        if self.records.as_decnet {
            return true;
        }
        let takes_over = self.entries[place].legacy.take().filter(|_| self.entries[place].record.is_none());
        if let Some(legacy) = takes_over {
            let Some(record) = self.record_of(place) else { return false };
            let (end, marks) = (self.entries[place].at(), self.entries[place].marks.clone());
            let known = &mut self.records.list[record];
            (known.record.position, known.record.lines, known.record.marks) =
                (end.position, end.lines, marks);
            let legacy = self.records.legacy.get(legacy);
            known.record.sessions = legacy.and_then(|legacy| legacy.sessions.clone());
            let legacy = legacy.map(|legacy| (legacy.key.clone(), legacy.value.clone()));
            let commit = Commit { key: known.key.clone(), record: known.record.clone(), legacy };
            return self.say(Message::Known(Box::new(commit)));
        }
        let is_new = self.entries[place].record.is_none();
        if is_new && (packed || self.entries[place].at() != Mark::START) {
            return true;
        }
        // An empty file has a record too: it may be renamed before the first line is written to it.
        let record = match self.entries[place].record {
            Some(record) => record,
            None => match self.record_of(place) {
                Some(record) => record,
                None => return false,
            },
        };
        // Whoever reads the file knows where it is.
        if self.records.list[record].record.reader.is_running_beside(&self.settings.this) {
            return true;
        }
        if is_new {
            self.records.list[record].record.written = self.written(place, record);
        }
        let entry = &self.entries[place];
        let (seen, path) = (entry.seen, full_path(entry));
        // Nobody writes any more to what was renamed some time ago.
        let is_old = entry.path.as_deref().is_some_and(|path| !inputs::is_tip(path));
        let over = packed || (is_old && !is_new && !seen.is_younger_than(self.settings.keep));
        let known = &mut self.records.list[record];
        let changed = known.record.file.map(|file| file.id) != Some(seen.id)
            || known.record.path != path
            || is_new
            || (packed && known.record.file != Some(seen))
            || (over && !known.record.over);
        if !changed {
            return true;
        }
        known.record.file = Some(seen);
        known.record.path = path;
        known.record.over |= over;
        let commit = Commit { key: known.key.clone(), record: known.record.clone(), legacy: None };
        self.say(Message::Known(Box::new(commit)))
    }

    /// Sends what was read; `false` when nobody wants it any more.
    fn send(&mut self, place: usize) -> bool {
        let entry = &mut self.entries[place];
        if entry.batch.count == 0 {
            return true;
        }
        let mut batch = std::mem::replace(&mut entry.batch, Batch::new(entry.input));
        batch.name = entry.name();
        batch.sessions = self.parser.open_sessions();
        if !entry.is_stream {
            entry.marks.thin();
            // The key of a record with lines is made of the first one: of runs that take the same lines for new ones has one it.
            let was_empty = |record: usize| self.records.list[record].record.end() == Mark::START;
            if entry.record.is_some_and(was_empty) && !self.records.as_decnet && !self.settings.again {
                if !self.is_free(place) {
                    return false;
                }
                self.entries[place].record = None;
            }
            let Some(record) = self.record_of(place) else { return false };
            let written = self.written(place, record);
            let entry = &mut self.entries[place];
            let known = &mut self.records.list[record];
            let end = entry.at();
            // Late lines of an old file say nothing about the ones after it.
            if known.record.written == 0 {
                known.record.written = written;
            }
            known.record.marks = entry.marks.clone();
            (known.record.position, known.record.lines) = (end.position, end.lines);
            (known.record.file, known.record.path) = (Some(entry.seen), full_path(entry));
            known.record.over = false;
            known.record.sessions = Some(batch.sessions.clone()).filter(|sessions| sessions.as_str() != "[]");
            let legacy = entry.legacy.take().and_then(|legacy| self.records.legacy.get(legacy));
            let legacy = legacy.map(|legacy| (legacy.key.clone(), legacy.value.clone()));
            batch.commit =
                Some(Box::new(Commit { key: known.key.clone(), record: known.record.clone(), legacy }));
        }
        self.say(Message::Batch(Box::new(batch)))
    }

    /// When the file was written to that the first lines were read from. Compressing takes its time: a compressed file was written
    /// when the one was that it follows. What waits to be read after this one may be older: late lines come to old files.
    fn written(&self, place: usize, record: usize) -> i64 {
        let entry = &self.entries[place];
        let waits = |other: &&Entry| {
            other.input == entry.input
                && !other.is_stream
                && other.record.is_none()
                && matches!(other.status, Status::Unplaced | Status::Reading)
        };
        let waiting = self.entries.iter().filter(waits).map(|other| other.seen.modified);
        let modified = waiting.fold(entry.seen.modified, i64::min);
        if !entry.source.as_ref().is_some_and(|source| source.ends) {
            return modified;
        }
        let name = &self.records.list[record].record.name;
        let others = self.records.list.iter().map(|known| &known.record).filter(|known| known.name == *name);
        let before = others.map(|known| known.written).max().unwrap_or(0);
        if before > 0 { before.min(modified) } else { modified }
    }

    /// The record of a file, made where there is none yet. Another run may read the file.
    fn record_of(&mut self, place: usize) -> Option<usize> {
        let entry = &self.entries[place];
        let record = if let Some(record) = entry.record {
            if !self.is_free(place) {
                return None;
            }
            record
        } else if self.records.as_decnet {
            0
        } else {
            let first = entry.marks.first().copied().unwrap_or(Mark::START);
            let record = Record::new(self.lineage(place), full_path(entry), entry.seen);
            match self.spent(&record).filter(|_| first == Mark::START) {
                Some(spent) => {
                    self.records.list[spent].record = record;
                    spent
                }
                None => {
                    let key = self.records.new_key(&first, &record.name);
                    self.records.list.push(Known { key, stored: None, record });
                    self.records.list.len() - 1
                }
            }
        };
        self.entries[place].record = Some(record);
        Some(record)
    }

    /// Whether no other run reads a file; says so if one does.
    fn is_free(&mut self, place: usize) -> bool {
        let Some(record) = self.entries[place].record else { return true };
        let reader = &self.records.list[record].record.reader;
        if !reader.is_running_beside(&self.settings.this) {
            return true;
        }
        let text = format!("{} is read by {reader}, which has not ended", self.entries[place].name());
        self.say(Message::Busy(text));
        false
    }

    /// A record of a file of that name that was empty, and that another record has taken the place of.
    fn spent(&self, new: &Record) -> Option<usize> {
        let latest = self.records.latest_of(&new.name);
        (0..self.records.list.len()).find(|place| {
            let record = &self.records.list[*place].record;
            record.name == new.name
                && record.end() == Mark::START
                && Some(*place) != latest
                && !record.reader.is_running_beside(&self.settings.this)
                && self.entries.iter().all(|entry| entry.record != Some(*place))
        })
    }

    /// Sends a message. While the database is busy, files that appear are opened, so that nobody can take them away.
    fn say(&mut self, message: Message) -> bool {
        let mut message = message;
        let mut waited = 0_u32;
        loop {
            match self.out.try_send(message) {
                Ok(()) => return true,
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(back)) => message = back,
            }
            if self.stop.load(Ordering::Relaxed) && waited > 100 {
                return false;
            }
            waited += 1;
            std::thread::sleep(Duration::from_millis(if waited < 100 { 1 } else { 20 }));
            if self.settings.follow && self.scanned.is_none_or(|at| at.elapsed() >= POLL) {
                self.scan();
            }
        }
    }

    /// Waits a moment, in steps that let it end soon.
    fn pause(&self) {
        for _ in 0..10 {
            if self.stop.load(Ordering::Relaxed) || self.out.is_closed() {
                return;
            }
            std::thread::sleep(POLL / 10);
        }
    }
}

/// Where an entry's name leads to.
fn full_path(entry: &Entry) -> String {
    let Some(path) = &entry.path else { return String::new() };
    std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).to_string_lossy().into_owned()
}
