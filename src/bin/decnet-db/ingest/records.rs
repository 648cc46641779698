//! All records of a database, and which of them a file's content belongs to.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use decnet_db::Repository;
use decnet_db::contract::StateEntry;
use decnet_db::json::Json;
use decnet_db::sql::{Record as _, Sql};
use decnet_db::{Error, Result};

use super::digest::Mark;
use super::identity::{FileId, FileState, same_rotation};
use super::legacy::{self, Legacy};
use super::record::{self, DECNET_KEY, PREFIX, Record};
use super::source::{self, Source};
use crate::files::open_to_read;

/// A record and the state that it is.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) key: String,
    /// As it is stored, which the next commit compares; `None` until the first one.
    pub(super) stored: Option<Json>,
    pub(super) record: Record,
}

/// All records of a database.
#[derive(Clone, Default)]
pub(super) struct Records {
    pub(super) list: Vec<Known>,
    pub(super) legacy: Arc<Vec<Legacy>>,
    /// The only record is DECNET's own.
    pub(super) as_decnet: bool,
    /// The open Cowrie sessions that were stored last.
    pub(super) sessions: Vec<Json>,
}

/// Where a file's content stands among what was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// Behind what a record says.
    Continues(usize),
    /// All of its lines, up to this one, are among those that were read: it is an older copy, or empty.
    Contained(usize, Mark),
    /// The lines up to the mark were read, of a file that had more than this one, and is not here to be compared.
    Shares(usize, Mark),
    /// Where version 0.1 left it.
    Legacy(usize, Mark),
    /// Nothing of it was read.
    New,
}

/// The states whose keys begin with a text, in the order of their keys.
async fn states_with_prefix(repository: &dyn Repository, prefix: &str) -> Result<Vec<(String, Json)>> {
    let engine = repository.engine();
    let mut sql = Sql::new(engine.dialect());
    sql.select(StateEntry::TABLE).push(" WHERE ").identifier("key").push(" LIKE ").bind(format!("{prefix}%"));
    sql.push(" ORDER BY ").identifier("key");
    let found: Vec<StateEntry> = engine.query(sql.finish()?).await?.records()?;
    // LIKE takes letters of either case, and % and _ of the prefix for any.
    let found = found.into_iter().filter(|entry| entry.key.starts_with(prefix));
    found
        .map(|StateEntry { key, value, .. }| {
            let value = Json::parse(value.into_text()).map_err(|error| {
                Error::configuration(format!("the state {key:?} holds text that is not JSON: {error}"))
            })?;
            Ok((key, value))
        })
        .collect()
}

/// The records of a database, each with its key and its state.
pub(crate) async fn stored(repository: &dyn Repository) -> Result<Vec<(String, Json, Record)>> {
    let states = states_with_prefix(repository, PREFIX).await?;
    let mut records = Vec::with_capacity(states.len());
    for (key, value) in states {
        if value.is_null() {
            continue;
        }
        let wrong = |why: String| {
            let reason =
                format!("the state {key:?} is no record of an input ({why}); delete it to start anew");
            Error::configuration(reason)
        };
        let record: Record = value.decode().map_err(|error| wrong(error.to_string()))?;
        if record.end().position != record.position {
            return Err(wrong("its position is no line's end".to_owned()));
        }
        records.push((key, value, record));
    }
    Ok(records)
}

impl Records {
    /// Reads them.
    pub(super) async fn load(repository: &dyn Repository) -> Result<Self> {
        let mut records = Self::default();
        for (key, value, record) in stored(repository).await? {
            records.list.push(Known { key, stored: Some(value), record });
        }
        let latest = records.list.iter().max_by(|a, b| a.record.time.cmp(&b.record.time));
        let latest = latest.and_then(|known| known.record.sessions.clone());
        let mut positions = Vec::new();
        for (key, value) in states_with_prefix(repository, legacy::PREFIX).await? {
            if key == legacy::SESSIONS_KEY {
                records.sessions.push(value);
            } else if let Some(position) = Legacy::of(key, value) {
                positions.push(position);
            }
        }
        records.legacy = Arc::new(positions);
        records.sessions.extend(latest);
        Ok(records)
    }

    /// Only DECNET's own position.
    pub(super) async fn load_decnets(repository: &dyn Repository, name: String) -> Result<Self> {
        let mut records = Self::load(repository).await?;
        records.legacy = Arc::default();
        let stored = repository.get_state(DECNET_KEY).await?.filter(|value| !value.is_null());
        let mut record = Record::new(name.clone(), name, FileState::default());
        record.file = None;
        if let Some(value) = &stored {
            let position =
                value.decode::<serde_json::Value>().ok().and_then(|value| value["position"].as_u64());
            record.position = position.ok_or_else(|| {
                let reason = format!("the state {DECNET_KEY:?} is no position; delete it to start anew");
                Error::configuration(reason)
            })?;
        }
        records.list = vec![Known { key: DECNET_KEY.to_owned(), stored, record }];
        records.as_decnet = true;
        Ok(records)
    }

    /// The record of the file that had a name last.
    pub(super) fn latest_of(&self, name: &str) -> Option<usize> {
        self.latest(|record| record.name == name)
    }

    /// The record that was written last of a file's rotation, whatever name it has.
    pub(super) fn latest_of_rotation(&self, name: &str) -> Option<usize> {
        let name = Path::new(name);
        self.latest(|record| same_rotation(Path::new(&record.name), name))
    }

    fn latest(&self, wanted: impl Fn(&Record) -> bool) -> Option<usize> {
        let wanted = self.list.iter().enumerate().filter(|(_, known)| wanted(&known.record));
        wanted.max_by(|(_, a), (_, b)| a.record.time.cmp(&b.record.time)).map(|(place, _)| place)
    }

    /// The record whose file this was when it was seen last.
    pub(super) fn of_file(&self, id: FileId) -> impl Iterator<Item = (usize, &Record)> {
        let is_of = move |known: &&Known| known.record.file.is_some_and(|file| file.id == id);
        self.list
            .iter()
            .enumerate()
            .filter(move |(_, known)| is_of(known))
            .map(|(place, known)| (place, &known.record))
    }

    /// A key for a file of which nothing was read. Empty files are told apart by their names: runs that have nothing else in
    /// common don't take the same key.
    pub(super) fn new_key(&self, first: &Mark, name: &str) -> String {
        let digest = if first.lines == 0 { first.digest.with(name.as_bytes()) } else { first.digest };
        (1..)
            .map(|number| record::key(digest, number))
            .find(|key| self.list.iter().all(|known| known.key != *key))
            .unwrap_or_default()
    }

    /// Finds the place of a file's content.
    pub(super) fn place(&self, path: &Path, file: &Arc<File>) -> io::Result<Place> {
        let state = FileState::of(&file.metadata()?);
        if self.as_decnet {
            let known = &self.list[0].record;
            let same = known.file.is_none_or(|seen| seen.id == state.id);
            let fits = same && (source::is_packed(file)? || state.size >= known.position);
            return Ok(if fits && source::still_has(file, &known.marks)? {
                Place::Continues(0)
            } else {
                Place::New
            });
        }
        let packed = source::is_packed(file)?;
        if let Some(place) = self.unchanged(state, packed, file)? {
            return Ok(Place::Continues(place));
        }
        // What was empty when it was seen last may be a copy by now, or compressed: its content is compared first.
        Ok(match self.compare(path, file)? {
            Place::New => self.empty_of(state.id).map_or(Place::New, Place::Continues),
            found => found,
        })
    }

    /// The record of a file of which nothing was read yet.
    pub(super) fn empty_of(&self, id: FileId) -> Option<usize> {
        self.of_file(id).find(|(_, record)| record.end() == Mark::START).map(|(place, _)| place)
    }

    /// The record of a file that is as it was seen last, or has only grown.
    fn unchanged(&self, state: FileState, packed: bool, file: &File) -> io::Result<Option<usize>> {
        let mut found: Option<(usize, u64)> = None;
        for (place, record) in self.of_file(state.id).filter(|(_, record)| record.end() != Mark::START) {
            let fits = match packed {
                true => record.file == Some(state),
                false => state.size >= record.position && source::still_has(file, &record.marks)?,
            };
            if fits && found.is_none_or(|(_, position)| record.position > position) {
                found = Some((place, record.position));
            }
        }
        Ok(found.map(|(place, _)| place))
    }

    /// Reads a file until it is clear which record it goes on with.
    fn compare(&self, path: &Path, file: &Arc<File>) -> io::Result<Place> {
        let mut source = Source::open(file, Mark::START, &Arc::default())?;
        let mut candidates: Option<Vec<Candidate<'_>>> = None;
        let mut cut = false;
        let end = loop {
            match source.pass() {
                Ok(true) => {}
                Ok(false) => break source.at,
                // What can be read of it decides; reading it will say what is wrong.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => return Err(error),
                Err(_) => {
                    cut = true;
                    break source.at;
                }
            }
            let list = candidates.get_or_insert_with(|| self.beginning_with(source.at));
            for candidate in &mut *list {
                candidate.meet(source.at);
            }
            if list.iter().all(|candidate| candidate.differs || candidate.is_whole()) {
                break source.at;
            }
        };
        let mut candidates = candidates.unwrap_or_default();
        // A last line without a line break, of which nothing follows where data is compressed.
        if source.ends && source.lines.unfinished() > 0 {
            let mut at = source.at;
            Source::passed(&mut at, &source.lines.rest());
            at.position = source.lines.position();
            candidates.iter_mut().for_each(|candidate| candidate.meet(at));
        }
        let whole = candidates.iter().filter(|candidate| candidate.is_whole());
        if let Some(candidate) = whole.max_by_key(|candidate| candidate.met.position) {
            return Ok(Place::Continues(candidate.place));
        }
        let partly = candidates.iter().filter(|candidate| !candidate.differs && candidate.met.lines > 0);
        if let Some(Candidate { place, met, .. }) = partly.max_by_key(|candidate| candidate.met.position) {
            // Compressed data without its end is a copy that is still being made.
            if cut || met.position >= end.position || self.is_beginning_of(file, *place)? {
                return Ok(Place::Contained(*place, end));
            }
            if met.position * 2 >= end.position {
                return Ok(Place::Shares(*place, *met));
            }
        }
        self.in_legacy(path, file)
    }

    fn beginning_with(&self, first: Mark) -> Vec<Candidate<'_>> {
        let begins = |known: &Known| {
            known.record.marks.first().is_some_and(|mark| mark.lines > 1 || alike(mark, &first))
        };
        let fitting = self.list.iter().enumerate().filter(|(_, known)| begins(known));
        fitting
            .map(|(place, known)| Candidate {
                place,
                record: &known.record,
                next: 0,
                met: Mark::START,
                differs: false,
            })
            .collect()
    }

    /// Whether all that a file has is what the file of a record begins with: a copy that is still being made.
    fn is_beginning_of(&self, file: &Arc<File>, place: usize) -> io::Result<bool> {
        let record = &self.list[place].record;
        let (Some(seen), Ok(whole)) = (record.file, open_to_read(Path::new(&record.path))) else {
            return Ok(false);
        };
        let state = FileState::of(&whole.metadata()?);
        let is_it = match source::is_packed(&whole) {
            Ok(true) => state == seen,
            Ok(false) => state.id == seen.id && source::still_has(&whole, &record.marks)?,
            Err(_) => false,
        };
        if !is_it {
            return Ok(false);
        }
        let nothing: Arc<AtomicU64> = Arc::default();
        let mut part = Source::open(file, Mark::START, &nothing)?;
        let mut whole = Source::open(&Arc::new(whole), Mark::START, &nothing)?;
        loop {
            match part.pass() {
                Ok(true) if whole.pass()? && whole.at == part.at => {}
                Ok(true) => return Ok(false),
                Ok(false) | Err(_) => return Ok(true),
            }
        }
    }

    /// The place that version 0.1 stored for a file of this name, or of one that a rotation gave it.
    fn in_legacy(&self, path: &Path, file: &Arc<File>) -> io::Result<Place> {
        let folder = std::fs::canonicalize(path).ok().and_then(|path| path.parent().map(Path::to_owned));
        let here = folder.zip(path.file_name()).map(|(folder, name)| folder.join(name));
        let mut fitting: Option<(bool, usize, Mark)> = None;
        for (place, legacy) in self.legacy.iter().enumerate() {
            let own = legacy.is_of(path);
            let beside = || {
                let other = Path::new(legacy.key.strip_prefix(legacy::PREFIX).unwrap_or(&legacy.key));
                here.as_deref().is_some_and(|here| same_rotation(other, here))
            };
            if !(own || beside()) || fitting.is_some_and(|(known, ..)| known && !own) {
                continue;
            }
            if let Some(mark) = self.at_legacy(file, legacy)? {
                fitting = Some((own, place, mark));
            }
        }
        Ok(fitting.map_or(Place::New, |(_, place, mark)| Place::Legacy(place, mark)))
    }

    fn at_legacy(&self, file: &Arc<File>, legacy: &Legacy) -> io::Result<Option<Mark>> {
        let mut head = Vec::new();
        let nothing: Arc<AtomicU64> = Arc::default();
        let reader = Source::open(file, Mark::START, &nothing)?;
        if reader.lines.into_input().take(legacy.covers()).read_to_end(&mut head).is_err()
            || !legacy.fits(&head)
        {
            return Ok(None);
        }
        let mut source = Source::open(file, Mark::START, &nothing)?;
        while source.at.position < legacy.position && source.pass().unwrap_or(false) {}
        if source.at.position < legacy.position && source.ends {
            Source::passed(&mut source.at, &source.lines.rest());
            source.at.position = source.lines.position();
        }
        Ok((source.at.position == legacy.position).then_some(source.at))
    }
}

/// Whether two line ends are the same one; the last line of compressed data may have had no line break.
fn alike(known: &Mark, found: &Mark) -> bool {
    let near = known.position == found.position || known.position + 1 == found.position;
    near && known.lines == found.lines && known.digest == found.digest
}

/// A record that a file may go on with.
struct Candidate<'a> {
    place: usize,
    record: &'a Record,
    /// Which mark comes next.
    next: usize,
    /// The last mark that the file has too.
    met: Mark,
    differs: bool,
}

impl Candidate<'_> {
    /// Compares a line's end with the marks.
    fn meet(&mut self, at: Mark) {
        while !self.differs
            && let Some(mark) = self.record.marks.get(self.next).filter(|mark| mark.lines <= at.lines)
        {
            if alike(mark, &at) {
                self.met = *mark;
                self.next += 1;
            } else {
                self.differs = true;
            }
        }
    }

    fn is_whole(&self) -> bool {
        !self.differs && self.met.position == self.record.position && self.met.lines > 0
    }
}
