//! Whether an event matches is the same wherever it is decided.

use std::collections::BTreeSet;

use decnet_db::contract::{LogFilter, LogQuery, NewLog};
use decnet_db::watch::Watch;

use crate::support::{Database, each_backend};
use crate::{next, watching};

each_backend!(a_stream_has_what_a_search_finds);

/// Of these every engine makes the same; which of a repeated member counts, and how a number is spelled, is an engine's own.
const FIELDS: [&str; 16] = [
    "{}",
    r#"{"port":22}"#,
    r#"{"port":"22"}"#,
    r#"{ "port" : 22 , "x" : [1] }"#,
    r#"{"x":{"port":22}}"#,
    r#"{"port":[22]}"#,
    r#"{"port":{"a":22}}"#,
    r#"{"port":null}"#,
    r#"{"port":true}"#,
    r#"{"port":"\u0032\u0032"}"#,
    r#"{"p\u006frt":22}"#,
    r#"{"port":"22 "}"#,
    r#"{"port":22"#,
    "port:22",
    "",
    "[22]",
];

const SEARCHES: [&str; 14] = [
    "",
    "root",
    "ROOT 203.0.113.7",
    "port:22",
    "port:null",
    "port:true",
    "port:'22 '",
    "service:ssh",
    "service:SSH",
    "decky:decky-01 É",
    "é",
    "100%",
    "_",
    "service:ssh port:22 root",
];

async fn a_stream_has_what_a_search_finds(database: Database) {
    let mut live = Vec::new();
    for search in SEARCHES {
        live.push(watching(&database.repository, Watch::new().search(search)).await);
    }
    let lines = ["Failed ROOT", "É 100% _", "e\u{301}", "nul\0root"];
    let mut stored = Vec::new();
    for (place, fields) in FIELDS.iter().enumerate() {
        let service = if place % 3 == 0 { "SSH" } else { "ssh" };
        let event = NewLog::new("decky-01", service, "connect", "203.0.113.7");
        stored.push(event.raw_line(lines[place % lines.len()]).fields(*fields));
    }
    database.add_logs(stored).await.unwrap();
    for (search, watcher) in SEARCHES.iter().zip(&mut live) {
        let mut filter = LogFilter::all();
        filter.search = Some((*search).into());
        let found = database.get_logs(LogQuery::from(filter).limit(100)).await.unwrap();
        let found: BTreeSet<i64> = found.iter().map(|event| event.id).collect();
        let mut behind = watching(&database.repository, Watch::new().search(*search).from_start()).await;
        for watcher in [watcher, &mut behind] {
            let mut came = BTreeSet::new();
            while came.len() < found.len() {
                assert!(came.insert(next(watcher).await.unwrap().id));
            }
            assert_eq!(came, found, "{search:?}");
        }
    }
}
