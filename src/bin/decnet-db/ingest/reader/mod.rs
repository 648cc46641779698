//! The thread that reads and parses, while the database commits what it read before.

mod batch;
mod chain;
mod entry;
mod former;
mod inputs;
mod notes;
mod scan;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use decnet_db::capture::Parser;
use tokio::sync::mpsc::Sender;

pub(super) use self::batch::{Batch, Commit, Item};
pub(super) use self::inputs::{Input, keeps_rejected};

use self::entry::{Entry, Pause, Status};
use self::inputs::Family;
use super::identity::FileId;
use super::records::{Place, Records};
use super::run::RunId;
use super::source::{self, Source};

/// How often a file that has ended is looked at again.
///
/// It is looked at, not waited for: a notification tells of names, not of what is still written to a file that has none, is not to be had
/// on network file systems and in many containers, and may be lost when there are many; so the looks would be needed beside it.
/// One costs a `stat` for each file, and reads each folder.
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
                // What somebody still writes, or is renaming, gets a moment.
                let moving = |entry: &Entry| entry.status == Status::Unplaced && entry.file.is_none();
                if self.entries.iter().any(|entry| entry.growing.is_some() || moving(entry)) {
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
            // It was empty when it was looked at, and is compressed data by now that somebody still writes.
            Err(_) if self.has_grown(place) => {
                self.entries[place].forget();
                Some(false)
            }
            Err(error) => self.failed(place, error).then_some(false),
        }
    }

    /// Whether a file is compressed data whose end is not there yet.
    fn has_grown(&mut self, place: usize) -> bool {
        let file = self.entries[place].file.clone();
        file.is_some_and(|file| self.is_growing(place, &file).unwrap_or(false))
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
