//! Reader threads: the threads that run the reads.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use decnet_db_core::{Error, Result};
use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::spin::{self, Caller};

/// A job that has run for longer is not one that others wait for: short reads don't wait behind long ones.
const SHORT: Duration = Duration::from_millis(4);
/// How long a thread that has nothing to do stays.
const IDLE: Duration = Duration::from_secs(60);

/// Runs short reads on as many threads as there are processors, and long ones on further threads.
///
/// Tokio's threads for what blocks would take all reads at once, 60 and more of them on two processors, and each would
/// take as long as all together; and they sleep between any two calls of a lone caller.
pub(crate) struct ReaderThreads {
    shared: Arc<Shared>,
}

/// What a thread runs, given the time: it calls its second argument when the work is done, before the caller is answered.
type Work = Box<dyn FnOnce(Instant, &dyn Fn()) + Send>;

struct Job {
    work: Work,
    /// Whether its caller was alone.
    alone: bool,
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    /// Told when a thread ends.
    ended: Notify,
    /// Jobs that wait, for those who look without the lock.
    waiting: AtomicUsize,
    /// Callers that wait for an answer.
    callers: AtomicUsize,
    processors: usize,
    most: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// One for as many as there ever were at once.
    threads: Vec<Thread>,
    /// Those that are free and sleep; those that are free and don't are on their way to the next job.
    sleeping: usize,
    /// Whether one of those will look when the running jobs have become long ones.
    watched: bool,
    closed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Thread {
    Gone,
    Free,
    Running(Instant),
}

impl ReaderThreads {
    /// Starts no thread yet; there will be `most` at most.
    pub(crate) fn new(most: usize) -> Self {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                arrived: Condvar::new(),
                ended: Notify::new(),
                waiting: AtomicUsize::new(0),
                callers: AtomicUsize::new(0),
                processors,
                most: most.max(1),
            }),
        }
    }

    /// Runs the work, which may block, and gets the time when it begins. `quiet` tells that nobody writes at the moment.
    ///
    /// # Errors
    /// What the work returns, or `Unavailable` when the system gives no thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        quiet: bool,
        work: impl FnOnce(Instant) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = &self.shared;
        let (reply, mut answer) = oneshot::channel();
        let work: Work = Box::new(move |now, done| {
            let result = work(now);
            done();
            // A caller that is gone needs no answer.
            let _ = reply.send(result);
        });
        let _caller = Caller::count(&shared.callers);
        let alone = quiet && shared.processors > 1 && shared.callers.load(Ordering::Relaxed) == 1;
        shared.offer(Job { work, alone })?;
        if alone {
            let asked = Instant::now();
            // Other tasks get their turn, and with the first of them that reads this ends.
            while shared.callers.load(Ordering::Relaxed) == 1 && asked.elapsed() < spin::AWAKE {
                spin::pause();
                tokio::task::yield_now().await;
                match answer.try_recv() {
                    Ok(result) => return result,
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Closed) => return Err(panicked()),
                }
            }
        }
        answer.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// How many callers wait for an answer.
    pub(crate) fn callers(&self) -> usize {
        self.shared.callers.load(Ordering::Relaxed)
    }

    /// Whether no thread runs.
    pub(crate) fn have_ended(&self) -> bool {
        self.shared.state.lock().threads.iter().all(|thread| *thread == Thread::Gone)
    }

    /// Waits until no thread runs.
    pub(crate) async fn ended(&self) {
        loop {
            let mut ended = pin!(self.shared.ended.notified());
            ended.as_mut().enable();
            if self.have_ended() {
                return;
            }
            ended.await;
        }
    }

    /// Lets the threads end once no job waits.
    pub(crate) fn close(&self) {
        self.shared.state.lock().closed = true;
        self.shared.arrived.notify_all();
    }
}

impl Drop for ReaderThreads {
    fn drop(&mut self) {
        self.close();
    }
}

impl State {
    /// The jobs that keep a processor busy: those that run and have not become long ones.
    fn short(&self, now: Instant) -> impl Iterator<Item = Instant> {
        self.threads.iter().filter_map(move |thread| match thread {
            Thread::Running(since) if now.duration_since(*since) < SHORT => Some(*since),
            _ => None,
        })
    }

    /// Threads that will look for a job without being called.
    fn coming(&self) -> usize {
        let free = self.threads.iter().filter(|thread| **thread == Thread::Free).count();
        free.saturating_sub(self.sleeping)
    }

    /// How long the first job must wait for a processor, if nothing ends before; none when there is one.
    fn wait(&self, processors: usize, now: Instant) -> Option<Duration> {
        if self.short(now).count() < processors {
            return None;
        }
        self.short(now).min().map(|since| (since + SHORT).duration_since(now))
    }
}

impl Shared {
    fn offer(self: &Arc<Self>, job: Job) -> Result<()> {
        let mut state = self.state.lock();
        state.jobs.push_back(job);
        self.waiting.store(state.jobs.len(), Ordering::Release);
        let called = self.call(&mut state);
        if called.is_err() && state.threads.iter().all(|thread| *thread == Thread::Gone) {
            // Those before it have been refused likewise, or a thread has taken them.
            state.jobs.pop_back();
            self.waiting.store(state.jobs.len(), Ordering::Release);
            return called;
        }
        // The threads that there are come to it.
        Ok(())
    }

    /// Sees to it that a thread comes for the first job, or looks after it in time.
    fn call(self: &Arc<Self>, state: &mut State) -> Result<()> {
        if state.jobs.len() <= state.coming()
            || (state.watched && state.wait(self.processors, Instant::now()).is_some())
        {
            return Ok(());
        }
        if state.sleeping > 0 {
            self.arrived.notify_one();
            return Ok(());
        }
        let gone = state.threads.iter().position(|thread| *thread == Thread::Gone);
        let place = gone.unwrap_or(state.threads.len());
        if place >= self.most {
            return Ok(());
        }
        let shared = self.clone();
        thread::Builder::new()
            .name("decnet-sqlite-reader".to_owned())
            .spawn(move || shared.serve(place))
            .map_err(none)?;
        if gone.is_none() {
            state.threads.push(Thread::Free);
        }
        state.threads[place] = Thread::Free;
        Ok(())
    }

    /// A thread's life.
    fn serve(self: Arc<Self>, place: usize) {
        let mut ended = Instant::now();
        let mut state = self.state.lock();
        while !(state.closed && state.jobs.is_empty()) {
            let now = Instant::now();
            let wait = if state.jobs.is_empty() { Some(IDLE) } else { state.wait(self.processors, now) };
            let Some(wait) = wait else {
                let Some(job) = state.jobs.pop_front() else { continue };
                self.waiting.store(state.jobs.len(), Ordering::Release);
                state.threads[place] = Thread::Running(now);
                // Without another thread the other jobs wait for this one.
                let _ = self.call(&mut state);
                drop(state);
                // Whoever reads seldom is not worth staying awake for.
                let stays = job.alone && now.duration_since(ended) < spin::AWAKE;
                self.run(job.work, now, place);
                ended = Instant::now();
                while stays && self.waiting.load(Ordering::Acquire) == 0 && ended.elapsed() < spin::AWAKE {
                    spin::pause();
                }
                state = self.state.lock();
                continue;
            };
            let watches = !state.jobs.is_empty() && !state.watched;
            state.watched |= watches;
            state.sleeping += 1;
            let timed_out = self.arrived.wait_for(&mut state, if watches { wait } else { IDLE }).timed_out();
            state.sleeping -= 1;
            state.watched &= !watches;
            // Whoever watched has waited for a moment only.
            if timed_out && !watches && state.jobs.is_empty() {
                break;
            }
        }
        state.threads[place] = Thread::Gone;
        drop(state);
        self.ended.notify_waiters();
    }

    /// Runs the work. When it is done and before its caller knows, the thread is free again: the caller's next job is for it.
    fn run(&self, work: Work, now: Instant, place: usize) {
        let done = Cell::new(false);
        let free = || {
            self.state.lock().threads[place] = Thread::Free;
            done.set(true);
        };
        // The caller learns of a panic by getting no answer.
        let _ = catch_unwind(AssertUnwindSafe(|| work(now, &free)));
        if !done.get() {
            free();
        }
    }
}

fn panicked() -> Error {
    Error::backend("a call failed: its thread panicked", anyhow::anyhow!("a panic was caught"))
}

/// Runs what blocks on a thread of its own. Tokio's threads for that end the caller when the system gives none.
///
/// # Errors
/// What the work returns, or `Unavailable` when the system gives no thread.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (reply, answer) = oneshot::channel();
    let work = move || {
        // A caller that is gone needs no answer.
        let _ = reply.send(work());
    };
    thread::Builder::new().name("decnet-sqlite-call".to_owned()).spawn(work).map_err(none)?;
    answer.await.unwrap_or_else(|_| Err(panicked()))
}

/// Whether the system gives so many threads at the moment, for libraries that panic when it does not.
///
/// # Errors
/// `Unavailable`.
pub(crate) fn are_there(count: usize) -> Result<()> {
    // All of them are there at the same time: each waits until the last one was asked for.
    let hold = Mutex::new(());
    thread::scope(|scope| {
        let _held = hold.lock();
        for _ in 0..count {
            thread::Builder::new().spawn_scoped(scope, || drop(hold.lock())).map_err(none)?;
        }
        Ok(())
    })
}

/// The system gives no thread.
pub(crate) fn none(error: io::Error) -> Error {
    Error::unavailable("the system gives no thread for the database: raise the limit of processes", error)
}

#[cfg(test)]
mod tests;
