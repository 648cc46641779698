use std::sync::mpsc;

use super::*;

fn crew(processors: usize, most: usize) -> Crew {
    let mut crew = Crew::new(most);
    let shared = Arc::get_mut(&mut crew.shared).unwrap();
    shared.processors = processors;
    crew
}

/// A job that runs until the sender is used or dropped, which is running when this returns.
async fn endless(crew: &Arc<Crew>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (end, ended) = mpsc::channel();
    let (begin, begun) = oneshot::channel();
    let work = move || {
        let _ = begin.send(());
        let _ = ended.recv();
        Ok(())
    };
    let crew = crew.clone();
    let job = tokio::spawn(async move { crew.run(true, work).await });
    begun.await.unwrap();
    (end, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn short_jobs_do_not_wait_behind_long_ones() {
    let crew = Arc::new(crew(2, 10));
    let mut long = Vec::new();
    for _ in 0..5 {
        // Each begins although those before it never end by themselves.
        long.push(endless(&crew).await);
    }
    assert_eq!(crew.run(true, || Ok(7)).await.unwrap(), 7);
    for (end, job) in long {
        drop(end);
        job.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_more_threads_than_allowed() {
    let crew = Arc::new(crew(4, 2));
    let (first, second) = (endless(&crew).await, endless(&crew).await);
    let waiting = tokio::spawn({
        let crew = crew.clone();
        async move { crew.run(false, || Ok(())).await }
    });
    while crew.shared.waiting.load(Ordering::Acquire) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(crew.shared.state.lock().threads.len(), 2);
    drop(first.0);
    waiting.await.unwrap().unwrap();
    drop(second.0);
    assert_eq!(crew.shared.state.lock().threads.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_many_callers_are_answered() {
    for processors in [1, 2, 8] {
        let crew = Arc::new(crew(processors, 60));
        let callers = (0..64_u64).map(|caller| {
            let crew = crew.clone();
            tokio::spawn(async move {
                for call in 0..200 {
                    let quiet = call % 3 > 0;
                    assert_eq!(crew.run(quiet, move || Ok(caller * call)).await.unwrap(), caller * call);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let state = crew.shared.state.lock();
        assert!(state.jobs.is_empty() && !state.threads.iter().any(|it| matches!(it, Thread::Running(_))));
    }
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_thread_lives_on() {
    let crew = crew(2, 1);
    for quiet in [true, false] {
        let error = crew.run::<()>(quiet, || panic!("a test's panic")).await.unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
        assert_eq!(crew.run(quiet, || Ok(1)).await.unwrap(), 1);
    }
    assert_eq!(crew.shared.state.lock().threads.len(), 1);
}

#[tokio::test]
async fn a_job_whose_caller_is_gone_runs_all_the_same() {
    let crew = crew(2, 4);
    let (ran, runs) = oneshot::channel();
    let job = crew.run(false, move || {
        let _ = ran.send(());
        Ok(())
    });
    let mut job = Box::pin(job);
    let first = std::future::poll_fn(|context| std::task::Poll::Ready(job.as_mut().poll(context))).await;
    drop(job);
    runs.await.unwrap();
    // Whether it was answered in the first poll or not, nobody is counted as waiting.
    drop(first);
    assert_eq!(crew.shared.callers.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_threads_end_with_the_crew() {
    let crew = crew(2, 4);
    crew.run(true, || Ok(())).await.unwrap();
    let shared = Arc::downgrade(&crew.shared);
    drop(crew);
    while shared.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}
