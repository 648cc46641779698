//! The reader threads: each job runs once and its caller is answered, and at the end no thread is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::{future, thread};

use crate::reader_threads::ReaderThreads;

const CALLERS: usize = 3;

/// Callers of whom the first goes away sooner or later.
pub fn reader_threads() {
    let threads = Arc::new(ReaderThreads::new(2));
    let runs: Arc<[AtomicUsize]> = (0..2 * CALLERS).map(|_| AtomicUsize::new(0)).collect();
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (threads, runs) = (Arc::clone(&threads), Arc::clone(&runs));
            future::spawn_local(async move {
                for job in [2 * caller, 2 * caller + 1] {
                    let runs = Arc::clone(&runs);
                    let work = move |_| {
                        thread::yield_now();
                        runs[job].fetch_add(1, Ordering::Relaxed);
                        Ok(job)
                    };
                    assert_eq!(threads.run(job % 2 == 0, work).await.unwrap(), job);
                }
            })
        })
        .collect();
    tasks[0].abort();
    let ended = future::block_on(async {
        let mut ended = Vec::new();
        for task in tasks {
            ended.push(task.await.is_ok());
        }
        threads.close();
        threads.ended().await;
        ended
    });
    assert!(threads.have_ended());
    assert_eq!(threads.callers(), 0);
    assert!(ended[1..].iter().all(|ended| *ended));
    for (job, runs) in runs.iter().enumerate() {
        let runs = runs.load(Ordering::Relaxed);
        assert!(if ended[job / 2] { runs == 1 } else { runs <= 1 }, "job {job} ran {runs} times");
    }
}
