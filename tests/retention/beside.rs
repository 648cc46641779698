//! Pruning beside others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use decnet_db::retention::{Policy, PruneOptions, prune};

use crate::support::{Database, each_backend};
use crate::world::{event, events, figures, fill, known, minute, source};

each_backend!(writers_lose_nothing, figures_stay_exact, two_at_once_share_the_work);

async fn writers_lose_nothing(db: Database) {
    fill(&*db, 4_000).await;
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut writers = Vec::new();
    for writer in 0..8u64 {
        // Half of them as another process would.
        let repository = if writer % 2 == 0 { Arc::clone(&db.repository) } else { db.open_again().await };
        let (stop, written) = (Arc::clone(&stop), Arc::clone(&written));
        writers.push(tokio::spawn(async move {
            let mut mine = 0;
            while !stop.load(Ordering::Relaxed) {
                let new = event(100_000 + writer, "198.51.100.7").raw_line(format!("{writer} {mine}"));
                repository.add_log(new).await.unwrap();
                mine += 1;
                written.fetch_add(1, Ordering::Relaxed);
            }
            mine
        }));
    }
    while written.load(Ordering::Relaxed) < 20 {
        tokio::task::yield_now().await;
    }
    let pruned = prune(&*db, &Policy::Since(minute(3_600)), PruneOptions::default()).await.unwrap();
    assert_eq!(pruned.events, 3_600);
    stop.store(true, Ordering::Relaxed);
    let mut expected = Vec::new();
    for (writer, task) in writers.into_iter().enumerate() {
        let mine: u64 = task.await.unwrap();
        expected.extend((0..mine).map(|number| format!("{writer} {number}")));
    }
    let mut found: Vec<String> =
        events(&*db).await.into_iter().skip(400).map(|event| event.raw_line).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(figures(&*db).await, figures(&*db.open_again().await).await);
}

async fn figures_stay_exact(db: Database) {
    fill(&*db, 3_000).await;
    known(&*db, &source(3)).await;
    let other = db.open_again().await;
    // Both have counted before.
    assert_eq!(figures(&*db).await.1, 3_000);
    assert_eq!(figures(&*other).await.1, 3_000);
    for (kept, policy) in [(2_500, Policy::Since(minute(500))), (700, Policy::newest(700).unwrap())] {
        prune(&*db, &policy, PruneOptions::default()).await.unwrap();
        let (stats, total, histogram) = figures(&*db).await;
        assert_eq!((stats.total_logs, total, stats.unique_attackers), (kept, kept, 10));
        assert_eq!(histogram.iter().map(|bucket| bucket.count).sum::<u64>(), kept);
        let seen = figures(&*other).await;
        assert_eq!(seen, (stats, total, histogram), "in a repository that was open before");
        assert_eq!(seen, figures(&*db.open_again().await).await, "as counted anew");
        let page =
            other.get_logs(decnet_db::contract::LogQuery::new().limit(5).offset(kept - 2)).await.unwrap();
        assert_eq!(page.len(), 2, "deep pages end where the events do");
    }
}

async fn two_at_once_share_the_work(db: Database) {
    fill(&*db, 3_000).await;
    let other = db.open_again().await;
    let policy = Policy::Since(minute(2_800));
    let (one, two) = tokio::join!(
        prune(&*db, &policy, PruneOptions::default()),
        prune(&*other, &policy, PruneOptions::default())
    );
    assert_eq!(one.unwrap().events + two.unwrap().events, 2_800);
    assert_eq!(events(&*db).await.len(), 200);
}
