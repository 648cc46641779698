//! The thread that reads and parses, while the database commits what it read before.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use decnet_db::capture::{Parser, Rejection};
use decnet_db::contract::NewLog;
use decnet_db::json::Json;
use tokio::sync::mpsc::Sender;

use super::lines::Next;
use super::position::Position;
use super::source::{self, LONGEST_LINE, Source};

/// A batch is committed at this size, in bytes of its lines, however few they are.
const BATCH_BYTES: usize = 4 << 20;

/// How often a file that has ended is looked at again.
const POLL: Duration = Duration::from_millis(250);

/// An input as the command line names it.
#[derive(Clone)]
pub(super) struct Input {
    /// `None` is standard input.
    pub(super) path: Option<PathBuf>,
    /// How far it was read by earlier runs.
    pub(super) position: Option<Position>,
}

/// Lines of one input, in their order.
pub(super) struct Batch {
    pub(super) input: usize,
    pub(super) items: Vec<Item>,
    /// The lines that may have to be kept, as they came.
    pub(super) lines: Vec<u8>,
    /// The position behind the last line, blank ones included.
    pub(super) end: Position,
    /// The first bytes of the input.
    pub(super) head: Vec<u8>,
    /// The Cowrie sessions that are open behind it.
    pub(super) sessions: Json,
    /// How many lines it has, blank ones included.
    pub(super) count: u64,
}

/// A line that is not blank.
pub(super) struct Item {
    /// Its number in the input, from 1.
    pub(super) number: u64,
    /// The position behind it.
    pub(super) end: u64,
    /// Where it stands in [`Batch::lines`].
    pub(super) line: Range<usize>,
    pub(super) parsed: Result<NewLog, Rejection>,
}

/// What the reader has to say.
pub(super) enum Message {
    Batch(Box<Batch>),
    /// An input was opened again from the start, and why.
    Restarted(usize, &'static str),
    /// The input can't be read on.
    Failed(usize, io::Error),
    /// The input was read to its end, but for so many bytes of an unfinished line.
    Ended(usize, u64),
}

/// How to read.
pub(super) struct Reader {
    pub(super) inputs: Vec<Input>,
    pub(super) parser: Parser,
    pub(super) batch_rows: usize,
    pub(super) out: Sender<Message>,
    pub(super) stop: Arc<AtomicBool>,
    /// Bytes read so far, compressed ones where they are.
    pub(super) progress: Arc<AtomicU64>,
}

/// Why reading ended for the moment.
#[derive(PartialEq)]
enum Pause {
    Full,
    Waiting,
    End,
    Stopped,
}

/// An input that is being read, with the lines that were not sent yet.
struct Tail {
    index: usize,
    source: Source,
    batch: Batch,
    changed: Option<SystemTime>,
    /// Its name belongs to another file already; it is read to its end once more, for what was on its way.
    renamed: bool,
}

impl Reader {
    /// Reads each input to its end, one after the other.
    pub(super) fn read_once(mut self) {
        for index in 0..self.inputs.len() {
            if !self.read_one(index) {
                return;
            }
        }
    }

    /// `false` when the run is over.
    fn read_one(&mut self, index: usize) -> bool {
        let Some(mut tail) = self.open(index) else { return !self.out.is_closed() };
        loop {
            let pause = match tail.pump(&mut self.parser, self.batch_rows, &self.stop) {
                Ok(pause) => pause,
                Err(error) => return self.send(&mut tail) && self.say(Message::Failed(index, error)),
            };
            match pause {
                Pause::Full if !self.send(&mut tail) => return false,
                Pause::Full => {}
                // A slow stream is not kept waiting for a batch to fill, unless the database is busy anyway.
                Pause::Waiting if self.out.capacity() > 0 && !self.send(&mut tail) => return false,
                Pause::Waiting => {}
                Pause::Stopped => {
                    self.send(&mut tail);
                    return false;
                }
                Pause::End => {
                    if tail.source.ends {
                        tail.take_rest(&mut self.parser);
                    }
                    let unfinished = tail.source.lines.unfinished();
                    return self.send(&mut tail) && self.say(Message::Ended(index, unfinished));
                }
            }
        }
    }

    /// Reads all inputs on, until the run is to stop.
    pub(super) fn follow(mut self) {
        let mut tails: Vec<Tail> = (0..self.inputs.len()).filter_map(|index| self.open(index)).collect();
        while !tails.is_empty() && !self.stop.load(Ordering::Relaxed) {
            let mut idle = true;
            let mut lost = Vec::new();
            for (place, tail) in tails.iter_mut().enumerate() {
                match self.follow_one(tail) {
                    Ok(Some(progress)) => idle &= !progress,
                    Ok(None) => return,
                    Err(error) => {
                        if !self.send(tail) || !self.say(Message::Failed(tail.index, error)) {
                            return;
                        }
                        lost.push(place);
                    }
                }
            }
            for place in lost.into_iter().rev() {
                tails.remove(place);
            }
            if idle {
                self.pause();
            }
        }
    }

    /// Whether anything happened; `None` when the run is over.
    fn follow_one(&mut self, tail: &mut Tail) -> io::Result<Option<bool>> {
        let path = self.inputs[tail.index].path.clone();
        if let Some(path) = &path
            && tail.was_replaced(path)?
            && !self.reopen(tail, Some("was truncated"))?
        {
            return Ok(None);
        }
        let pause = tail.pump(&mut self.parser, self.batch_rows, &self.stop)?;
        let progress = tail.batch.count > 0;
        if !self.send(tail) {
            return Ok(None);
        }
        if pause == Pause::End
            && let Some(path) = &path
            && tail.was_renamed(path)?
        {
            if !progress && tail.renamed {
                // Nobody writes to the old file any more: what has no line break now never will.
                tail.take_rest(&mut self.parser);
                return Ok((self.send(tail) && self.reopen(tail, None)?).then_some(true));
            }
            tail.renamed = true;
        }
        Ok(Some(progress && pause != Pause::Stopped))
    }

    /// Goes on with the content that the name has now, and tells why where it is no ordinary rotation.
    fn reopen(&mut self, tail: &mut Tail, reason: Option<&'static str>) -> io::Result<bool> {
        let Some(path) = &self.inputs[tail.index].path else { return Ok(true) };
        let Some(source) = if_there(source::open(path, None, &self.progress))? else { return Ok(true) };
        *tail = Tail::new(tail.index, source);
        Ok(reason.is_none_or(|reason| self.say(Message::Restarted(tail.index, reason))))
    }

    fn open(&mut self, index: usize) -> Option<Tail> {
        let input = &self.inputs[index];
        let opened = match &input.path {
            Some(path) => source::open(path, input.position.as_ref(), &self.progress),
            None => Ok(source::standard_input(&self.progress)),
        };
        match opened {
            Ok(source) => {
                if let Some(sessions) =
                    input.position.as_ref().and_then(|position| position.sessions.as_ref())
                {
                    self.parser.resume_sessions(sessions);
                }
                if let Some(reason) = source.restarted {
                    self.say(Message::Restarted(index, reason));
                }
                Some(Tail::new(index, source))
            }
            Err(error) => {
                self.say(Message::Failed(index, error));
                None
            }
        }
    }

    /// Sends what was read; `false` when nobody wants it any more.
    fn send(&self, tail: &mut Tail) -> bool {
        if tail.batch.count == 0 {
            return true;
        }
        let mut batch = std::mem::replace(&mut tail.batch, Batch::new(tail.index));
        let lines = &tail.source.lines;
        batch.head = lines.head().to_vec();
        batch.sessions = self.parser.open_sessions();
        batch.end = Position::new(lines.position(), tail.source.number, &batch.head, &batch.sessions);
        self.say(Message::Batch(Box::new(batch)))
    }

    fn say(&self, message: Message) -> bool {
        self.out.blocking_send(message).is_ok()
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

impl Batch {
    fn new(input: usize) -> Self {
        Self {
            input,
            items: Vec::new(),
            lines: Vec::new(),
            end: Position { position: 0, lines: 0, head: None, sessions: None },
            head: Vec::new(),
            sessions: Json::null(),
            count: 0,
        }
    }
}

impl Tail {
    fn new(index: usize, source: Source) -> Self {
        Self { index, source, batch: Batch::new(index), changed: None, renamed: false }
    }

    /// Fills the batch.
    fn pump(&mut self, parser: &mut Parser, rows: usize, stop: &AtomicBool) -> io::Result<Pause> {
        loop {
            if self.batch.items.len() >= rows || self.batch.lines.len() >= BATCH_BYTES {
                return Ok(Pause::Full);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(Pause::Stopped);
            }
            match self.source.lines.next()? {
                Next::Waiting => return Ok(Pause::Waiting),
                Next::End => return Ok(Pause::End),
                next => take(&mut self.batch, &mut self.source.number, parser, &next),
            }
            if let Some(item) = self.batch.items.last_mut().filter(|item| item.end == 0) {
                item.end = self.source.lines.position();
            }
        }
    }

    /// Takes the last line although it has no line break.
    fn take_rest(&mut self, parser: &mut Parser) {
        let next = self.source.lines.rest();
        if !matches!(next, Next::End) {
            take(&mut self.batch, &mut self.source.number, parser, &next);
        }
        if let Some(item) = self.batch.items.last_mut().filter(|item| item.end == 0) {
            item.end = self.source.lines.position();
        }
    }

    /// Whether the file has other content than what was read of it: it was truncated, and maybe written again.
    fn was_replaced(&mut self, path: &PathBuf) -> io::Result<bool> {
        let Some(file) = &self.source.file else { return Ok(false) };
        let metadata = file.metadata()?;
        let lines = &self.source.lines;
        if metadata.len() < lines.position() + lines.unfinished() {
            return Ok(!self.was_renamed(path)?);
        }
        let changed = metadata.modified().ok();
        if changed.is_some() && changed == self.changed {
            return Ok(false);
        }
        self.changed = changed;
        if self.was_renamed(path)? {
            return Ok(false);
        }
        let Some(named) = if_there(File::open(path))? else { return Ok(false) };
        let mut head = Vec::new();
        named.take(lines.head().len() as u64).read_to_end(&mut head)?;
        Ok(head != lines.head())
    }

    /// Whether the name belongs to another file. While it belongs to none, there is nothing to go on with.
    fn was_renamed(&self, path: &PathBuf) -> io::Result<bool> {
        let Some(file) = &self.source.file else { return Ok(false) };
        let Some(named) = if_there(std::fs::metadata(path))? else { return Ok(false) };
        Ok(source::identity(&named) != source::identity(&file.metadata()?))
    }
}

/// What a name leads to, if there is anything: between the two steps of a rotation there is not.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Parses a line into the batch.
fn take(batch: &mut Batch, number: &mut u64, parser: &mut Parser, next: &Next<'_>) {
    *number += 1;
    batch.count += 1;
    let (line, parsed) = match next {
        Next::Line(line) => match parser.parse(line) {
            Ok(None) => return,
            Ok(Some(log)) => (*line, Ok(log)),
            Err(rejection) => (*line, Err(rejection)),
        },
        Next::TooLong(beginning, length) => {
            let reason = format!(
                "{length} bytes, more than the {} MiB that a line may have; only its first {} bytes are kept",
                LONGEST_LINE >> 20,
                beginning.len()
            );
            (*beginning, Err(Rejection::new(reason)))
        }
        Next::Waiting | Next::End => return,
    };
    let start = batch.lines.len();
    batch.lines.extend_from_slice(line);
    batch.items.push(Item { number: *number, end: 0, line: start..batch.lines.len(), parsed });
}
