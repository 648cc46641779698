//! Many watchers read the database once.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use decnet_db::testing::{Interceptor, intercept};
use decnet_db::watch::Watch;
use decnet_db::{Error, Result};
use std::sync::Mutex;

use crate::support::{Database, each_backend};
use crate::{event, events, lines, numbers, watching};

each_backend!(a_thousand_watchers_read_the_database_as_often_as_one, each_of_many_filters_finds_its_own);

/// Counts what reads and was carried out.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<BTreeMap<&'static str, u64>>>);

#[async_trait]
impl Interceptor for Counting {
    async fn after(&self, method: &'static str, _failed: Option<&Error>) -> Result<()> {
        if method != "add_logs" {
            *self.0.lock().unwrap().entry(method).or_default() += 1;
        }
        Ok(())
    }
}

async fn a_thousand_watchers_read_the_database_as_often_as_one(database: Database) {
    let counting = Counting::default();
    let repository = intercept(Arc::clone(&database.repository), counting.clone());
    let mut watchers = Vec::new();
    for place in 0..1_000 {
        let what = Watch::new().search(["", "service:ssh", "login", "7"][place % 4]);
        watchers.push(watching(&repository, what).await);
    }
    counting.0.lock().unwrap().clear();
    const BATCHES: usize = 20;
    let begun = std::time::Instant::now();
    let writing = async {
        for batch in 0..BATCHES {
            repository.add_logs(events(batch * 50..(batch + 1) * 50)).await.unwrap();
        }
    };
    let mut tasks = Vec::new();
    for (place, mut watcher) in watchers.into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            let count = if place % 4 == 2 { 0 } else { 1_000 };
            let found = lines(&mut watcher, count).await;
            (found, watcher)
        }));
    }
    writing.await;
    let mut watchers = Vec::new();
    for (place, task) in tasks.into_iter().enumerate() {
        let (found, watcher) = task.await.unwrap();
        assert!(place % 4 == 2 || found == numbers(0..1_000));
        watchers.push(watcher);
    }
    let ticks = begun.elapsed().as_millis() as u64 / 10 + 1;
    let counts = counting.0.lock().unwrap().clone();
    // A round each 10 ms at most, with one read of what is new, and with looks for what comes late.
    let reads: u64 = counts.values().sum();
    assert!(reads <= 3 * ticks && reads > 0, "{counts:?} in {ticks} ticks");
    drop(watchers);
}

async fn each_of_many_filters_finds_its_own(database: Database) {
    let repository = Arc::clone(&database.repository);
    let mut watchers = Vec::new();
    for number in 400..440 {
        watchers.push((number, watching(&repository, Watch::new().search(number.to_string())).await));
    }
    let mut everything = watching(&repository, Watch::new()).await;
    // The last one tells that nothing else came before it.
    let last = (400..440).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    repository.add_logs(events(0..1_000)).await.unwrap();
    repository.add_logs(vec![event(last.clone())]).await.unwrap();
    for (number, watcher) in &mut watchers {
        assert_eq!(lines(watcher, 2).await, [number.to_string(), last.clone()]);
    }
    assert_eq!(lines(&mut everything, 1_001).await.len(), 1_001);
}
