//! Many who ask the same at the same moment.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use decnet_db::Result;
use decnet_db::contract::NewLog;
use decnet_db::testing::{Interceptor, intercept};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::calls::Calls;
use crate::client::{Client, add_alice, tokens};
use crate::support::{Database, each_backend};

each_backend!(
    a_hundred_at_once_are_answered_by_a_few_reads,
    what_was_stored_before_one_asked_is_in_the_answer,
    whose_request_is_dropped_holds_up_no_others,
    an_answer_is_for_all_who_ask_until_it_is_too_old,
);

/// Says when the histogram is read, and lets it be read when it may.
#[derive(Clone)]
struct Gate {
    begun: mpsc::UnboundedSender<()>,
    open: Arc<Semaphore>,
}

#[async_trait]
impl Interceptor for Gate {
    async fn before(&self, method: &'static str) -> Result<()> {
        if method == "get_log_histogram" {
            self.begun.send(()).unwrap();
            self.open.acquire().await.unwrap().forget();
        }
        Ok(())
    }
}

struct Gated {
    client: Client,
    calls: Calls,
    open: Arc<Semaphore>,
}

impl Gated {
    /// The service, and what says that it has begun to read the histogram.
    async fn over(database: &Database) -> (Self, mpsc::UnboundedReceiver<()>) {
        let (calls, open) = (Calls::default(), Arc::new(Semaphore::new(0)));
        let (sender, begun) = mpsc::unbounded_channel();
        let counted = intercept(Arc::clone(&database.repository), calls.clone());
        let gated = intercept(counted, Gate { begun: sender, open: Arc::clone(&open) });
        (Self { client: Client::signed_in(&gated).await, calls, open }, begun)
    }

    /// How many events the histogram has.
    async fn counted(&self) -> u64 {
        let buckets = self.client.json("/logs/histogram").await;
        buckets.as_array().unwrap().iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum()
    }
}

async fn a_hundred_at_once_are_answered_by_a_few_reads(database: Database) {
    database.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
    let (gated, mut begun) = Gated::over(&database).await;
    let gated = Arc::new(gated);
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let gated = Arc::clone(&gated);
        tasks.spawn(async move { gated.counted().await });
    }
    begun.recv().await.unwrap();
    // Nearly all wait for an answer once all have asked whether they are signed in.
    while gated.calls.of("is_token_revoked") < 100 {
        tokio::task::yield_now().await;
    }
    gated.open.add_permits(200);
    while let Some(found) = tasks.join_next().await {
        assert_eq!(found.unwrap(), 1);
    }
    let reads = gated.calls.of("get_log_histogram");
    assert!((1..10).contains(&reads), "{reads}");
    // Other questions have other answers.
    let (all, none) =
        tokio::join!(gated.client.json("/logs/histogram"), gated.client.json("/logs/histogram?search=x"));
    assert_eq!((all.as_array().unwrap().len(), none.as_array().unwrap().len()), (1, 0));
}

async fn what_was_stored_before_one_asked_is_in_the_answer(database: Database) {
    let (gated, mut begun) = Gated::over(&database).await;
    let store = || database.add_log(NewLog::new("d", "s", "e", "i"));
    store().await.unwrap();
    let first = gated.counted();
    tokio::pin!(first);
    // It is being read.
    tokio::select! {
        _ = &mut first => panic!("nobody has let it be read"),
        begun = begun.recv() => begun.unwrap(),
    }
    store().await.unwrap();
    gated.open.add_permits(2);
    let (_, second) = tokio::join!(first, gated.counted());
    assert_eq!(second, 2);
    assert_eq!(gated.calls.of("get_log_histogram"), 2);
}

async fn whose_request_is_dropped_holds_up_no_others(database: Database) {
    database.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
    let (gated, mut begun) = Gated::over(&database).await;
    {
        let (first, waits) = (gated.counted(), gated.counted());
        tokio::pin!(first, waits);
        tokio::select! {
            _ = &mut first => panic!("nobody has let it be read"),
            _ = &mut waits => panic!("nobody has let it be read"),
            begun = begun.recv() => begun.unwrap(),
        }
    }
    gated.open.add_permits(1);
    assert_eq!(gated.counted().await, 1);
}

async fn an_answer_is_for_all_who_ask_until_it_is_too_old(database: Database) {
    add_alice(&*database, false).await;
    let totals = async |age: Duration| {
        let set = |state: decnet_dashboard::State| state.answer_age(age);
        let mut client = Client::of(&database.repository, &tokens(), set);
        client.sign_in().await;
        let mut totals = Vec::new();
        for path in ["/logs?limit=1", "/logs?limit=1", "/logs?limit=2"] {
            totals.push(client.json(path).await["total"].as_u64().unwrap());
            database.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
        }
        totals
    };
    assert_eq!(totals(Duration::from_secs(3_600)).await, [0, 0, 2]);
    assert_eq!(totals(Duration::ZERO).await, [3, 4, 5]);
}
