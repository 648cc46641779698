use std::path::Path;

use super::*;
use crate::file::DatabaseFile;
use crate::session::{self, Role};

const SMALL: Limits = Limits { start: 50, insist: 150 };
const PAGE: u64 = 4096;
/// What the log never outgrows, unless a reader holds it.
const BOUND: i32 = 2 * SMALL.insist + SMALL.start;

fn open(path: &Path, role: Role) -> Connection {
    let connection = Connection::open(path).unwrap();
    session::configure(&connection, role, Duration::from_secs(30)).unwrap();
    connection
}

/// A writer that reports its commits, as the real one does.
struct World {
    path: std::path::PathBuf,
    writer: Connection,
    write_lock: Arc<Mutex<()>>,
    checkpointer: Checkpointer,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let file = DatabaseFile::prepare(path.to_str().unwrap(), true).unwrap();
        let connection = open(&path, Role::Writer);
        assert_eq!(session::write_ahead_log(&connection, Duration::from_secs(1)).unwrap(), "wal");
        connection.execute_batch("CREATE TABLE t (x); PRAGMA journal_size_limit = 0").unwrap();
        watch(&connection);
        let write_lock = Arc::default();
        let own = open(&path, Role::Checkpointer);
        let checkpointer =
            Checkpointer::start(own, Arc::clone(&write_lock), SMALL, Log::new(&file, true)).unwrap();
        Self { path, writer: connection, write_lock, checkpointer, _folder: folder }
    }

    fn write(&self, commits: usize) {
        for _ in 0..commits {
            let write_lock = self.write_lock.lock();
            self.writer.execute("INSERT INTO t VALUES (zeroblob(8000))", []).unwrap();
            drop(write_lock);
            self.checkpointer.committed(pages());
        }
    }

    /// Waits until the thread has nothing to do.
    fn settle(&self) {
        while self.checkpointer.shared.state.lock().wanted {
            thread::yield_now();
        }
    }

    fn log_size(&self) -> u64 {
        let mut name = self.path.clone().into_os_string();
        name.push("-wal");
        std::fs::metadata(name).unwrap().len()
    }
}

#[test]
fn a_busy_writer_does_not_let_the_log_grow() {
    let world = World::new();
    let mut longest = 0;
    for _ in 0..2_000 {
        world.write(1);
        longest = longest.max(pages());
    }
    // 2,000 commits of at least three pages each: without help the log would have 6,000 pages.
    assert!(longest < BOUND, "{longest} pages");
    assert!(world.log_size() < u64::try_from(BOUND).unwrap() * (PAGE + 24) + 32, "{}", world.log_size());
}

#[test]
fn a_long_reader_stops_neither_the_writer_nor_the_clean_up_afterwards() {
    let world = World::new();
    let reader = open(&world.path, Role::Reader);
    reader.execute_batch("BEGIN; SELECT COUNT(*) FROM t").unwrap();
    world.write(200);
    let held = pages();
    assert!(held > SMALL.insist, "{held}");
    world.settle();
    let before: i64 = reader.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(before, 0, "the reader keeps its snapshot");
    reader.execute_batch("COMMIT").unwrap();
    // Enough for the next attempt.
    world.write(60);
    world.settle();
    world.write(1);
    assert!(held > BOUND && pages() < BOUND, "{} pages after {held}", pages());
}

#[test]
fn a_reader_that_stays_is_not_waited_for_again_and_again() {
    let world = World::new();
    let reader = open(&world.path, Role::Reader);
    reader.execute_batch("BEGIN; SELECT COUNT(*) FROM t").unwrap();
    let mut mover = Mover::new(open(&world.path, Role::Checkpointer), Arc::default());
    for _ in 0..2 * SMALL.insist {
        world.writer.execute("INSERT INTO t VALUES (zeroblob(8000))", []).unwrap();
    }
    let began = Instant::now();
    mover.move_log(SMALL.insist).unwrap();
    assert!(began.elapsed() >= PATIENCE, "the first time it is waited for");
    let began = Instant::now();
    for _ in 0..10 {
        mover.move_log(SMALL.insist).unwrap();
    }
    assert!(began.elapsed() < 5 * PATIENCE, "{:?}", began.elapsed());
    reader.execute_batch("COMMIT").unwrap();
    mover.move_log(SMALL.insist).unwrap();
    world.write(1);
    assert!(pages() < SMALL.start, "{} pages: without readers it starts anew at once", pages());
}

#[test]
fn the_thread_ends_when_it_is_told_to() {
    let world = World::new();
    world.write(60);
    world.checkpointer.join();
    world.checkpointer.join();
}

#[test]
fn what_was_committed_is_synced_a_moment_later_and_then_no_more() {
    let world = World::new();
    let shared = &world.checkpointer.shared;
    for _ in 0..2 {
        world.write(3);
        let committed = Instant::now();
        while shared.unsynced.load(Ordering::Acquire) {
            assert!(committed.elapsed() < Duration::from_secs(20), "it is never synced");
            thread::yield_now();
        }
        assert!(shared.state.lock().sync_at.is_none(), "nothing is left to be synced");
    }
    assert!(shared.log.as_ref().unwrap().folder.lock().is_none(), "the folder was synced too");
}

#[test]
fn a_log_that_can_not_be_synced_is_an_error_and_is_tried_again() {
    let world = World::new();
    let (log, away) = (world.path.with_file_name("a.db-wal"), world.path.with_file_name("away"));
    std::fs::rename(&log, &away).unwrap();
    assert!(world.checkpointer.sync().is_err());
    world.write(1);
    let shared = &world.checkpointer.shared;
    let first = shared.state.lock().sync_at;
    while shared.state.lock().sync_at.is_none_or(|at| Some(at) <= first) {
        thread::yield_now();
    }
    std::fs::rename(&away, &log).unwrap();
    while shared.unsynced.load(Ordering::Acquire) {
        thread::yield_now();
    }
}

#[test]
fn a_log_in_doubt_is_written_once_more_before_anything_of_it_is_moved() {
    let world = World::new();
    world.write(3);
    let log = world.path.with_file_name("a.db-wal");
    let before = std::fs::read(&log).unwrap();
    world.checkpointer.doubt();
    while world.checkpointer.is_doubtful() {
        thread::yield_now();
    }
    assert!(std::fs::read(&log).unwrap() == before, "the log says the same");
    // While somebody writes it can't be written, and until then nothing is moved.
    world.writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    world.checkpointer.doubt();
    world.checkpointer.shared.state.lock().wanted = true;
    world.checkpointer.shared.woken.notify_one();
    world.settle();
    assert!(world.checkpointer.is_doubtful());
    world.writer.execute_batch("COMMIT").unwrap();
    while world.checkpointer.is_doubtful() {
        thread::yield_now();
    }
    world.write(1);
    let rows: i64 = world.writer.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 4);
}

/// A recorder of metrics, for one, is the program's own code.
#[test]
fn a_checkpoint_that_panics_does_not_hold_the_writer() {
    let checkpointer = Checkpointer::start_with(SMALL, None, |_| panic!("a test's panic")).unwrap();
    let (done, ends) = std::sync::mpsc::channel();
    let writer = thread::spawn(move || {
        for _ in 0..2 {
            checkpointer.committed(2 * SMALL.insist);
        }
        done.send(()).unwrap();
        checkpointer.join();
    });
    ends.recv_timeout(Duration::from_secs(20)).expect("the writer waits for ever");
    writer.join().unwrap();
}
