//! The notes, and what is to fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When it had happened, since the recording began.
    pub at: Duration,
    /// What it was.
    pub what: What,
}

/// What happened to the folder's files. A file is a number, since names come and go.
#[derive(Debug, Clone)]
pub enum What {
    /// A file came into being.
    Create {
        /// Its number.
        file: u32,
        /// Its name in the folder.
        name: String,
    },
    /// Bytes were written.
    Write {
        /// The file.
        file: u32,
        /// Where.
        offset: u64,
        /// What.
        data: Vec<u8>,
    },
    /// A file got another length.
    Truncate {
        /// The file.
        file: u32,
        /// The length.
        length: u64,
    },
    /// A sync ended well: what was noted before the entry `from`, when it began, is on the disk.
    Sync {
        /// The file.
        file: u32,
        /// The entry.
        from: usize,
    },
    /// A sync failed: what was noted before the entry `from` may not be on the disk, and no later sync will put it there.
    SyncFailed {
        /// The file.
        file: u32,
        /// The entry.
        from: usize,
    },
    /// A sync of the folder ended well: the names are on the disk as they were at the entry `from`.
    SyncFolder {
        /// The entry.
        from: usize,
    },
    /// A name is gone.
    Unlink {
        /// The name.
        name: String,
    },
    /// A file has another name.
    Rename {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
    },
    /// What the program wanted to have noted: see [`mark`].
    Mark(u64),
}

/// A kind of operation that may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening.
    Open,
    /// Reading.
    Read,
    /// Writing to other files than the index of a write-ahead log.
    Write,
    /// Writing to the index of a write-ahead log: it is made longer by that, and mapped into memory.
    WriteIndex,
    /// Syncing a file or the folder.
    Sync,
    /// Changing the length.
    Truncate,
    /// Removing.
    Unlink,
}

/// What is to fail.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Operations of this kind,
    pub operation: Operation,
    /// after so many that go well,
    pub after: u64,
    /// so many of them,
    pub times: u64,
    /// with this error.
    pub errno: i32,
}

/// Whether there is anything to note: everything else passes without a lock.
static ACTIVE: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<Option<State>> = Mutex::new(None);
/// The file of each handle.
static HANDLES: [AtomicU32; 4096] = [const { AtomicU32::new(NONE) }; 4096];

const NONE: u32 = 0;
/// The folder itself.
pub(crate) const FOLDER: u32 = 1;
/// The index of a write-ahead log: it is mapped into memory, and made anew after a loss of power. It fails, and is not noted.
pub(crate) const INDEX: u32 = 2;
const FIRST: u32 = 3;

pub(crate) struct State {
    folder: PathBuf,
    began: Instant,
    entries: Vec<Entry>,
    names: BTreeMap<String, u32>,
    next: u32,
    sync_takes: Duration,
    fault: Option<Fault>,
    seen: u64,
    failed: u64,
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes from now on what happens to the files directly in the folder; those that are there count as being on the disk. Each
/// sync takes at least so long, as a disk's would.
///
/// # Errors
/// When a file can't be read.
pub fn record(folder: &Path, sync_takes: Duration) -> std::io::Result<()> {
    let mut state = State {
        folder: folder.to_path_buf(),
        began: Instant::now(),
        entries: Vec::new(),
        names: BTreeMap::new(),
        next: FIRST,
        sync_takes,
        fault: None,
        seen: 0,
        failed: 0,
    };
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str().filter(|name| !name.ends_with("-shm")) {
            let data = std::fs::read(entry.path())?;
            let file = state.create(name);
            state.note(What::Write { file, offset: 0, data });
            state.note(What::Sync { file, from: usize::MAX });
        }
    }
    state.note(What::SyncFolder { from: usize::MAX });
    *lock() = Some(state);
    ACTIVE.store(true, Ordering::SeqCst);
    Ok(())
}

/// Ends the recording. All handles must be closed by then.
pub fn stop() -> Vec<Entry> {
    ACTIVE.store(false, Ordering::SeqCst);
    for handle in &HANDLES {
        handle.store(NONE, Ordering::SeqCst);
    }
    lock().take().map_or_else(Vec::new, |state| state.entries)
}

/// Notes a number among the operations.
pub fn mark(number: u64) {
    if let Some(state) = &mut *lock() {
        state.note(What::Mark(number));
    }
}

/// Lets operations fail from now on.
pub fn fail(fault: Fault) {
    if let Some(state) = &mut *lock() {
        (state.fault, state.seen, state.failed) = (Some(fault), 0, 0);
    }
}

/// Lets nothing fail any more; says how many operations of the kind there were, and how many of them failed.
pub fn heal() -> (u64, u64) {
    lock().as_mut().map_or((0, 0), |state| {
        state.fault = None;
        (state.seen, state.failed)
    })
}

/// The file that a handle belongs to, if it is one of the folder's.
pub(crate) fn file_of(handle: i32) -> Option<u32> {
    if !ACTIVE.load(Ordering::Relaxed) {
        return None;
    }
    let file = HANDLES.get(usize::try_from(handle).ok()?)?.load(Ordering::Relaxed);
    (file != NONE).then_some(file)
}

/// The name that a path has in the folder, which is empty for the folder itself.
pub(crate) fn name_of(path: &[u8]) -> Option<String> {
    if !ACTIVE.load(Ordering::Relaxed) {
        return None;
    }
    let path = Path::new(std::str::from_utf8(path).ok()?);
    let guard = lock();
    let name = path.strip_prefix(&guard.as_ref()?.folder).ok()?.to_str()?;
    (!name.contains('/')).then(|| name.to_owned())
}

/// The handle is closed.
pub(crate) fn closed(handle: i32) {
    if file_of(handle).is_some()
        && let Some(place) = usize::try_from(handle).ok().and_then(|handle| HANDLES.get(handle))
    {
        place.store(NONE, Ordering::Relaxed);
    }
}

/// Runs `work` with the notes locked, so that they have the order in which things happen; gives the error that is to come
/// instead, if one is.
pub(crate) fn during<T>(operation: Operation, work: impl FnOnce(&mut State) -> T) -> Result<Option<T>, i32> {
    let mut guard = lock();
    let Some(state) = &mut *guard else { return Ok(None) };
    match state.fails(operation) {
        Some(errno) => Err(errno),
        None => Ok(Some(work(state))),
    }
}

/// Syncs a file: what it takes along is what was noted before it began.
pub(crate) fn sync(file: u32, work: impl FnOnce() -> i32) -> Result<i32, i32> {
    let (from, errno, takes) = {
        let mut guard = lock();
        let Some(state) = &mut *guard else { return Ok(work()) };
        (state.entries.len(), state.fails(Operation::Sync), state.sync_takes)
    };
    // A disk takes its time, and others write meanwhile.
    std::thread::sleep(takes);
    let done = errno.map_or_else(|| Ok(work()), Err);
    if let Some(state) = &mut *lock() {
        match (file, done.is_ok()) {
            (INDEX, _) | (FOLDER, false) => {}
            (FOLDER, true) => state.note(What::SyncFolder { from }),
            (file, true) => state.note(What::Sync { file, from }),
            (file, false) => state.note(What::SyncFailed { file, from }),
        }
    }
    done
}

impl State {
    fn fails(&mut self, operation: Operation) -> Option<i32> {
        let fault = self.fault.filter(|fault| fault.operation == operation)?;
        self.seen += 1;
        let fails = self.seen > fault.after && self.failed < fault.times;
        self.failed += u64::from(fails);
        fails.then_some(fault.errno)
    }

    pub(crate) fn note(&mut self, what: What) {
        self.entries.push(Entry { at: self.began.elapsed(), what });
    }

    fn create(&mut self, name: &str) -> u32 {
        let file = self.next;
        self.next += 1;
        self.names.insert(name.to_owned(), file);
        self.note(What::Create { file, name: name.to_owned() });
        file
    }

    /// A file was opened, and perhaps made or emptied by that.
    pub(crate) fn opened(&mut self, handle: i32, name: &str, emptied: bool) {
        let file = match self.names.get(name) {
            _ if name.is_empty() => FOLDER,
            _ if name.ends_with("-shm") => INDEX,
            Some(file) => *file,
            None => self.create(name),
        };
        if emptied && file >= FIRST {
            self.note(What::Truncate { file, length: 0 });
        }
        if let Some(place) = usize::try_from(handle).ok().and_then(|handle| HANDLES.get(handle)) {
            place.store(file, Ordering::Relaxed);
        }
    }

    pub(crate) fn wrote(&mut self, file: u32, offset: u64, data: &[u8]) {
        if file >= FIRST {
            self.note(What::Write { file, offset, data: data.to_vec() });
        }
    }

    pub(crate) fn truncated(&mut self, file: u32, length: u64) {
        if file >= FIRST {
            self.note(What::Truncate { file, length });
        }
    }

    pub(crate) fn unlinked(&mut self, name: &str) {
        if self.names.remove(name).is_some() {
            self.note(What::Unlink { name: name.to_owned() });
        }
    }

    pub(crate) fn renamed(&mut self, from: &str, to: &str) {
        if let Some(file) = self.names.remove(from) {
            self.names.insert(to.to_owned(), file);
            self.note(What::Rename { from: from.to_owned(), to: to.to_owned() });
        }
    }
}
