use std::sync::mpsc;

use super::*;

fn threads(processors: usize, most: usize) -> ReaderThreads {
    let mut threads = ReaderThreads::new(most);
    let shared = Arc::get_mut(&mut threads.shared).unwrap();
    shared.processors = processors;
    threads
}

/// A job that runs until the sender is used or dropped, which is running when this returns.
async fn endless(threads: &Arc<ReaderThreads>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (end, ended) = mpsc::channel();
    let (begin, begun) = oneshot::channel();
    let work = move |_| {
        let _ = begin.send(());
        let _ = ended.recv();
        Ok(())
    };
    let threads = threads.clone();
    let job = tokio::spawn(async move { threads.run(true, work).await });
    begun.await.unwrap();
    (end, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn short_jobs_do_not_wait_behind_long_ones() {
    let threads = Arc::new(threads(2, 10));
    let mut long = Vec::new();
    for _ in 0..5 {
        // Each begins although those before it never end by themselves.
        long.push(endless(&threads).await);
    }
    assert_eq!(threads.run(true, |_| Ok(7)).await.unwrap(), 7);
    for (end, job) in long {
        drop(end);
        job.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_more_threads_than_allowed() {
    let threads = Arc::new(threads(4, 2));
    let (first, second) = (endless(&threads).await, endless(&threads).await);
    let waiting = tokio::spawn({
        let threads = threads.clone();
        async move { threads.run(false, |_| Ok(())).await }
    });
    while threads.shared.waiting.load(Ordering::Acquire) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(threads.shared.state.lock().threads.len(), 2);
    drop(first.0);
    waiting.await.unwrap().unwrap();
    drop(second.0);
    assert_eq!(threads.shared.state.lock().threads.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_many_callers_are_answered() {
    for processors in [1, 2, 8] {
        let threads = Arc::new(threads(processors, 60));
        let callers = (0..64_u64).map(|caller| {
            let threads = threads.clone();
            tokio::spawn(async move {
                for call in 0..200 {
                    let quiet = call % 3 > 0;
                    assert_eq!(threads.run(quiet, move |_| Ok(caller * call)).await.unwrap(), caller * call);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let state = threads.shared.state.lock();
        assert!(state.jobs.is_empty() && !state.threads.iter().any(|it| matches!(it, Thread::Running(_))));
    }
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_thread_lives_on() {
    let threads = threads(2, 1);
    for quiet in [true, false] {
        let error = threads.run::<()>(quiet, |_| panic!("a test's panic")).await.unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
        assert_eq!(threads.run(quiet, |_| Ok(1)).await.unwrap(), 1);
    }
    assert_eq!(threads.shared.state.lock().threads.len(), 1);
}

#[tokio::test]
async fn a_job_whose_caller_is_gone_runs_all_the_same() {
    let threads = threads(2, 4);
    let (ran, runs) = oneshot::channel();
    let job = threads.run(false, move |_| {
        let _ = ran.send(());
        Ok(())
    });
    let mut job = Box::pin(job);
    let first = std::future::poll_fn(|context| std::task::Poll::Ready(job.as_mut().poll(context))).await;
    drop(job);
    runs.await.unwrap();
    // Whether it was answered in the first poll or not, nobody is counted as waiting.
    drop(first);
    assert_eq!(threads.shared.callers.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_threads_end_with_the_pool() {
    let threads = threads(2, 4);
    threads.run(true, |_| Ok(())).await.unwrap();
    let shared = Arc::downgrade(&threads.shared);
    drop(threads);
    while shared.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

/// Whoever looked after a job for a moment that another thread then took has not been idle for long.
#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_watched_for_a_moment_stays() {
    let threads = Arc::new(threads(1, 3));
    for _ in 0..20 {
        let (end, job) = endless(&threads).await;
        let next = tokio::spawn({
            let threads = threads.clone();
            async move { threads.run(false, |_| Ok(())).await }
        });
        while !next.is_finished() && !threads.shared.state.lock().watched {
            tokio::task::yield_now().await;
        }
        drop(end);
        job.await.unwrap().unwrap();
        next.await.unwrap().unwrap();
        while threads.shared.state.lock().watched {
            tokio::task::yield_now().await;
        }
        // A thread on its way out would have said so in the same breath.
        assert!(!threads.shared.state.lock().threads.contains(&Thread::Gone));
    }
}

#[tokio::test]
async fn who_closes_can_wait_for_the_end() {
    let threads = Arc::new(threads(2, 4));
    let (end, job) = endless(&threads).await;
    threads.close();
    assert!(!threads.have_ended());
    let ended = threads.ended();
    drop(end);
    ended.await;
    assert!(threads.have_ended());
    job.await.unwrap().unwrap();
}
