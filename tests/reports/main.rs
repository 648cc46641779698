//! The reports (`decnet_db::reports`) give the same answers on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(any(feature = "sqlite", feature = "mysql"))]

#[allow(dead_code, reason = "of what the integration tests share this target needs the databases")]
#[path = "../support/mod.rs"]
mod support;

use decnet_db::contract::{LogFilter, NewLog};
use decnet_db::reports::{Facet, TopValues, top_values};

use support::{Database, each_backend};

each_backend!(the_most_frequent_values_are_counted_exactly);

fn shown(top: &TopValues) -> Vec<(&str, u64)> {
    top.values.iter().map(|top| (top.value.as_str(), top.count)).collect()
}

async fn the_most_frequent_values_are_counted_exactly(database: Database) {
    let none = top_values(&*database, Facet::Attackers, LogFilter::all(), 10).await.unwrap();
    assert_eq!((none.values.len(), none.distinct, none.events), (0, 0, 0));
    // Case, accents, trailing blanks and NUL make another value; ties are in the order of bytes.
    let sources = ["é", "É", "e", "E", "e ", "e\0", "e", "Unknown", "e", ""];
    let fields = [
        r#"{"username":"root"}"#,
        r#"{"user":"r\u006fot"}"#,
        r#"{"username":12.50}"#,
        r#"{"username":1e2}"#,
        r#"{"username":null,"user":"root"}"#,
        r#"{"username":"root "}"#,
        r#"{"username":"ROOT","username":"second"}"#,
        r#"{"username":["root"]}"#,
        r#"{"username":"\ud800"}"#,
        "no JSON username",
    ];
    let events = sources.iter().zip(fields);
    let event = |(source, fields): (&&str, &str)| NewLog::new("d", "ssh", "e", *source).fields(fields);
    database.add_logs(events.map(event).collect()).await.unwrap();
    let all = top_values(&*database, Facet::Attackers, LogFilter::all(), 100).await.unwrap();
    assert_eq!(
        shown(&all),
        [("e", 3), ("", 1), ("E", 1), ("Unknown", 1), ("e\0", 1), ("e ", 1), ("É", 1), ("é", 1)]
    );
    assert_eq!((all.distinct, all.events), (8, 10));
    let two = top_values(&*database, Facet::Attackers, LogFilter::all(), 2).await.unwrap();
    assert_eq!((shown(&two), two.distinct, two.events), (vec![("e", 3), ("", 1)], 8, 10));
    let nothing = top_values(&*database, Facet::Attackers, LogFilter::all(), 0).await.unwrap();
    assert_eq!((nothing.values.len(), nothing.distinct, nothing.events), (0, 8, 10));
    let mut filter = LogFilter::all();
    filter.search = Some("attacker:e".into());
    let one = top_values(&*database, Facet::Services, filter, 10).await.unwrap();
    assert_eq!((shown(&one), one.distinct), (vec![("ssh", 3)], 1));
    let users = top_values(&*database, Facet::USERNAMES, LogFilter::all(), 10).await.unwrap();
    assert_eq!(shown(&users), [("root", 3), ("12.50", 1), ("1e2", 1), ("ROOT", 1), ("root ", 1)]);
    assert_eq!((users.distinct, users.events), (5, 7));
}
