//! The stream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use decnet_db::contract::NewLog;
use decnet_db::testing::intercept;
use serde_json::json;

use crate::calls::Calls;
use crate::client::{BOUND, Client, add_alice, tokens};
use crate::support::{Database, each_backend};

each_backend!(
    events_and_figures_come_as_they_are_stored,
    a_client_goes_on_where_it_was_cut_off,
    it_ends_with_the_service_and_with_the_session,
    a_quiet_stream_says_that_it_is_there,
    a_thousand_streams_read_as_much_as_one,
);

fn event(service: &str, line: &str) -> NewLog {
    NewLog::new("decky-01", service, "login_attempt", "203.0.113.7").raw_line(line)
}

async fn events_and_figures_come_as_they_are_stored(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    database.add_log(event("ssh", "before")).await.unwrap();
    let mut all = client.stream("/stream?interval_minutes=60", None).await;
    let mut ssh = client.stream("/stream?search=service:ssh", None).await;
    // The figures of the beginning.
    assert_eq!(all.next_of("stats").await.data["data"]["total_logs"], 1);
    assert_eq!(all.next_of("histogram").await.data["data"][0]["count"], 1);

    // By this program, by another one, and hostile.
    database.add_log(event("telnet", "a")).await.unwrap();
    let other = database.open_again().await;
    other.add_log(event("ssh", "b\u{0}\n\ndata: x\r<b>")).await.unwrap();
    other.close().await;
    assert_eq!(all.lines(2).await.0, ["a", "b\u{0}\n\ndata: x\r<b>"]);
    assert_eq!(ssh.lines(1).await.0, ["b\u{0}\n\ndata: x\r<b>"]);

    // The figures follow; those of a search count what it finds.
    all.figures("stats", |stats| stats["total_logs"] == 3).await;
    ssh.figures("histogram", |buckets| {
        let sum: u64 = buckets.as_array().unwrap().iter().filter_map(|bucket| bucket["count"].as_u64()).sum();
        assert!(sum <= 2, "{buckets}");
        sum == 2
    })
    .await;
}

async fn a_client_goes_on_where_it_was_cut_off(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let mut stream = client.stream("/stream", None).await;
    // Also one that was cut off before any event came.
    let beginning = stream.next_of("stats").await.id.unwrap();
    for line in ["a", "b"] {
        database.add_log(event("ssh", line)).await.unwrap();
    }
    let (lines, behind) = stream.lines(2).await;
    assert_eq!(lines, ["a", "b"]);
    drop(stream);
    database.add_log(event("ssh", "c")).await.unwrap();

    for (path, header, expected) in [
        ("/stream".to_owned(), Some(&*behind), &["c"][..]),
        (format!("/stream?lastEventId={behind}"), None, &["c"]),
        // The header is newer than what the page once asked for.
        (format!("/stream?lastEventId={beginning}"), Some(&behind), &["c"]),
        (format!("/stream?lastEventId={beginning}"), None, &["a", "b", "c"]),
        // As in DECNET: an event's id.
        ("/stream?lastEventId=0".to_owned(), None, &["a", "b", "c"]),
    ] {
        let mut stream = client.stream(&path, header).await;
        assert_eq!(stream.lines(expected.len()).await.0, expected, "{path} {header:?}");
    }
    let second = database.get_logs_after_id(0, 2, Default::default()).await.unwrap()[1].id;
    let mut stream = client.stream(&format!("/stream?lastEventId={second}"), None).await;
    assert_eq!(stream.lines(1).await.0, ["c"]);
}

async fn it_ends_with_the_service_and_with_the_session(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    let mut stays = Client::over(&database.repository);
    stays.router = client.router.clone();
    stays.sign_in().await;
    let mut ends = client.stream("/stream", None).await;
    let mut goes_on = stays.stream("/stream", None).await;
    client.post("/auth/logout", &json!({})).await;
    while ends.next().await.is_some() {}
    database.add_log(event("ssh", "a")).await.unwrap();
    assert_eq!(goes_on.lines(1).await.0, ["a"]);

    let begun = Instant::now();
    client.shutdown.cancel();
    while goes_on.next().await.is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    // A token that expires ends it too.
    let mut brief = Client::with(&database.repository, &tokens().life(Duration::from_secs(5)), BOUND);
    brief.sign_in().await;
    let mut stream = brief.stream("/stream", None).await;
    while stream.next().await.is_some() {}
}

async fn a_quiet_stream_says_that_it_is_there(database: Database) {
    add_alice(&*database, false).await;
    let mut client = Client::with(&database.repository, &tokens(), Duration::from_millis(20));
    client.sign_in().await;
    let mut stream = client.stream("/stream", None).await;
    let mut comments = 0;
    while comments < 3 {
        comments += usize::from(stream.next().await.unwrap().comment);
    }
}

async fn a_thousand_streams_read_as_much_as_one(database: Database) {
    let calls = Calls::default();
    let client = Client::signed_in(&intercept(Arc::clone(&database.repository), calls.clone())).await;
    let mut streams = Vec::new();
    for _ in 0..1_000 {
        streams.push(client.stream("/stream", None).await);
    }
    for stream in &mut streams {
        stream.next_of("stats").await;
    }
    calls.forget();
    let begun = Instant::now();
    // Long enough for figures to be computed more than once.
    for number in 0..5_u64 {
        database.add_log(event("ssh", &number.to_string())).await.unwrap();
        for stream in &mut streams {
            assert_eq!(stream.lines(1).await.0, [number.to_string()]);
            stream.figures("stats", |stats| stats["total_logs"] == number + 1).await;
        }
    }
    let seconds = begun.elapsed().as_secs() + 1;
    for figures in ["get_stats_summary", "get_log_histogram"] {
        assert!((1..=seconds + 1).contains(&calls.of(figures)), "{figures} in {seconds} s: {calls:?}");
    }
    // Events are read by one reader: when some were stored, and now and then.
    assert!(calls.of("get_logs_after_id") <= 2 * 5 + 2 * seconds, "in {seconds} s: {calls:?}");
    assert!(calls.all() < 10 * seconds + 20, "in {seconds} s: {calls:?}");
}
