//! The search language.

use std::cell::OnceCell;

use decnet_db::ErrorKind;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::limits::{LONGEST_SEARCH, MOST_WORDS};
use decnet_db::contract::search::Search;
use decnet_db::contract::{Log, LogFilter, LogQuery, NewLog};
use decnet_db::time::Timestamp;

use crate::model::matches;
use crate::world::World;

/// More than fill two segments of 1,024, so that filters of n-grams are asked too.
const EVENTS: i64 = 2_500;

/// A search: it finds what a plain filter in memory finds, total, page and histogram agree, also when they are asked again;
/// or it is refused as too long.
pub fn search(bytes: &[u8]) {
    thread_local! {
        static EVENTS: OnceCell<(World, Vec<Log>)> = const { OnceCell::new() };
    }
    let text = String::from_utf8_lossy(bytes);
    EVENTS.with(|events| {
        let (world, logs) = events.get_or_init(fill);
        world.block_on(finds(world, logs, &text));
    });
}

async fn finds(world: &World, logs: &[Log], text: &str) {
    let filter = || {
        let mut filter = LogFilter::all();
        filter.search = Some(text.into());
        filter
    };
    let parsed = Search::parse(text);
    let total = world.repository.get_total_logs(filter()).await;
    if parsed.terms().len() > MOST_WORDS || text.len() > LONGEST_SEARCH {
        assert_eq!(total.expect_err("too long").kind(), ErrorKind::InvalidInput);
        return;
    }
    let total = total.expect("a total");
    let expected: Vec<i64> = logs.iter().filter(|log| matches(log, text)).map(|log| log.id).collect();
    assert_eq!(total, expected.len() as u64, "the total");
    let found = world.repository.get_logs(LogQuery::new().search(text).limit(100_000)).await.expect("a page");
    let mut found: Vec<i64> = found.into_iter().map(|log| log.id).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "the page");
    for _ in 0..2 {
        let buckets = world.repository.get_log_histogram(filter(), 15).await.expect("a histogram");
        assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), total, "the histogram");
        assert_eq!(world.repository.get_total_logs(filter()).await.expect("a total"), total, "again");
    }
}

/// Events with words that searches may have: quotes, wildcards, members of each kind, text that is no ASCII. No name stands
/// twice in an object: which one counts is not promised, and engines differ.
fn fill() -> (World, Vec<Log>) {
    const LINES: [&str; 12] = [
        "Failed password for root",
        "it's 100% a_b\\c \"quoted\"",
        "GET http://x/%2e HTTP/1.1",
        "É é ß İ ı",
        "a\0b",
        "",
        "needle Needle NEEDLE",
        "\u{202e}\u{1f980}",
        "key:value decky:d",
        "2001:db8::1",
        "\t\r\n",
        "'",
    ];
    const FIELDS: [&str; 10] = [
        "{}",
        r#"{"user":"root","n":1,"t":true,"z":null,"f":1.50}"#,
        r#"{"user":"\u0072oot","other":"last"}"#,
        r#"{"user":["root"],"o":{"user":"root"}}"#,
        "no JSON",
        r#"["user","root"]"#,
        r#"{"us\u0000er":"a\u0000b","empty":""}"#,
        r#"{"user":"ROOT","é":"é"}"#,
        r#"{"with-dash":"d","_":"0","n":-0.0,"big":123456789012345678901234567890}"#,
        r#"{"user":"it's \"x\" \\ %"}"#,
    ];
    let url = DatabaseUrl::sqlite(":memory:").expect("a URL");
    let world = World::open(&Config::new(url));
    let event = |number: i64| {
        let at = |length: usize, step: i64| usize::try_from(number * step).expect("positive") % length;
        let time = Timestamp::from_microseconds(1_700_000_000_000_000 + number * 61_000_000).expect("a time");
        let decky = ["d", "decky-01", "D", "it's"][at(4, 3)];
        let service = ["ssh", "http", "SSH", ""][at(4, 1)];
        let source = ["203.0.113.7", "2001:db8::1", "Unknown", "198.51.100.77"][at(4, 7)];
        let line = format!("{} {number}", LINES[at(12, 5)]);
        let fields = FIELDS[at(10, 1)].to_owned();
        NewLog::new(decky, service, ["login", "connect"][at(2, 1)], source)
            .timestamp(time)
            .raw_line(line)
            .fields(fields)
    };
    let logs = world.block_on(async {
        world.repository.add_logs((0..EVENTS).map(event).collect()).await.expect("events are stored");
        let mut logs =
            world.repository.get_logs(LogQuery::new().limit(100_000)).await.expect("they are read");
        logs.sort_unstable_by_key(|log| log.id);
        logs
    });
    (world, logs)
}
