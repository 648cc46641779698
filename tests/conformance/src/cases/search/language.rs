//! The search language: it never fails, and agrees with a plain filter over the rows in memory.

use decnet_db_core::contract::limits::MOST_ROWS;
use decnet_db_core::contract::{Log, LogFilter, LogQuery, NewLog};
use decnet_db_core::driver::Capability;
use decnet_db_core::time::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{model, strategies};
use crate::database::Database;

/// Runs a property over random values, each time in the same database, emptied.
fn property<S: Strategy>(strategy: S, cases: u32, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    if let Err(failure) = runner.run(&strategy, check) {
        panic!("{failure}");
    }
}

/// Waits for a future in the middle of a property, which is not async.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

async fn refill(db: &Database, rows: &[NewLog]) -> Vec<Log> {
    db.purge_logs_and_bounties().await.expect("the purge");
    db.add_logs(rows.to_vec()).await.expect("any row can be stored");
    db.get_logs_after_id(-1, MOST_ROWS, LogFilter::all()).await.expect("all rows")
}

pub(crate) async fn random_searches_agree_with_the_model(db: Database) {
    let nul = db.has(Capability::NulInText);
    let rows = prop::collection::vec(strategies::row(nul), 0..24);
    property((rows, prop::collection::vec(strategies::search(nul), 12)), 48, |(rows, searches)| {
        wait(async {
            let stored = refill(&db, &rows).await;
            prop_assert_eq!(stored.len(), rows.len());
            for search in searches {
                let expected: Vec<_> =
                    stored.iter().filter(|log| model::matches(log, &search)).map(|log| log.id).collect();
                let found = db.get_logs_after_id(0, 1_000, LogFilter::all().search(&*search)).await;
                let found = found.map_err(|error| TestCaseError::fail(format!("{search:?}: {error}")))?;
                let found: Vec<_> = found.iter().map(|log| log.id).collect();
                prop_assert_eq!(&found, &expected, "{:?}", search);
                let total =
                    db.get_total_logs(LogFilter::all().search(&*search)).await.expect("the same filter");
                prop_assert_eq!(total, expected.len() as u64);
                let newest = db
                    .get_logs(LogQuery::new().search(&*search).limit(1_000))
                    .await
                    .expect("the same filter");
                let mut by_time: Vec<_> = stored.iter().filter(|log| expected.contains(&log.id)).collect();
                by_time.sort_by_key(|log| std::cmp::Reverse((log.timestamp, log.id)));
                prop_assert!(newest.iter().eq(by_time));
            }
            Ok(())
        })
    });
}

pub(crate) async fn each_page_has_the_next_rows(db: Database) {
    let nul = db.has(Capability::NulInText);
    property((prop::collection::vec(strategies::row(nul), 0..40), 1..9_u64), 12, |(rows, size)| {
        wait(async {
            let mut stored = refill(&db, &rows).await;
            stored.sort_by_key(|log| std::cmp::Reverse((log.timestamp, log.id)));
            let mut paged = Vec::new();
            for page in 0.. {
                let query = LogQuery::new().limit(size).offset(page * size);
                let found = db.get_logs(query).await.expect("a page");
                if found.is_empty() {
                    break;
                }
                paged.extend(found);
            }
            prop_assert_eq!(&paged, &stored);
            let mut after = Vec::new();
            let mut last = 0;
            loop {
                let found = db.get_logs_after_id(last, size, LogFilter::all()).await.expect("a page");
                let Some(newest) = found.last() else { break };
                last = newest.id;
                after.extend(found);
            }
            stored.sort_by_key(|log| log.id);
            prop_assert_eq!(&after, &stored);
            Ok(())
        })
    });
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn ids(logs: &[Log]) -> Vec<String> {
    logs.iter().map(|log| log.raw_line.clone()).collect()
}

pub(crate) async fn time_bounds_are_inclusive_instants(db: Database) {
    for time in ["0001-01-01", "2026-01-01T00:00:00.000001Z", "2026-01-02", "9999-12-31T23:59:59.999999Z"] {
        db.add_log(NewLog::new("d", "s", "e", "i").timestamp(at(time)).raw_line(time)).await.unwrap();
    }
    let between = async |start: &str, end: &str| {
        ids(&db
            .get_logs_after_id(0, 50, LogFilter::all().start_time(at(start)).end_time(at(end)))
            .await
            .unwrap())
    };
    assert_eq!(between("0001-01-01", "9999-12-31T23:59:59.999999Z").await.len(), 4);
    assert_eq!(between("2026-01-01T00:00:00.000001Z", "2026-01-02").await.len(), 2);
    assert_eq!(between("2026-01-01T00:00:00.000002Z", "2026-01-01T23:59:59.999999Z").await.len(), 0);
    assert_eq!(between("2026-01-02T01:00:00+01:00", "2026-01-02").await, ["2026-01-02"]);
}

async fn found(db: &Database, search: &str) -> Vec<String> {
    ids(&db.get_logs_after_id(0, 1_000, LogFilter::all().search(search)).await.expect(search))
}

pub(crate) async fn search_is_literal_and_folds_ascii_case_only(db: Database) {
    for line in ["100%", "100x", "a_b", "aXb", r"back\slash", "ÉCOLE", "école", "Stra\u{df}e", "trail "] {
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line(line)).await.unwrap();
    }
    assert_eq!(found(&db, "0%").await, ["100%"]);
    assert_eq!(found(&db, "a_B").await, ["a_b"]);
    assert_eq!(found(&db, r"'\s'").await, [r"back\slash"]);
    assert_eq!(found(&db, "É").await, ["ÉCOLE"]);
    assert_eq!(found(&db, "éCOLE").await, ["école"]);
    assert_eq!(found(&db, "strasse").await, [""; 0]);
    assert_eq!(found(&db, "'trail '").await, ["trail "]);
    // Equality is exact.
    for decky in ["Decky", "decky", "decky ", "décky"] {
        db.add_log(NewLog::new(decky, "s", "e", "i").raw_line(decky)).await.unwrap();
    }
    assert_eq!(found(&db, "decky:decky").await, ["decky"]);
    assert_eq!(found(&db, "'decky:decky '").await, ["decky "]);
}

pub(crate) async fn a_member_is_matched_by_its_spelling(db: Database) {
    let fields = [
        r#"{"v":22}"#,
        r#"{"v":"22"}"#,
        r#"{"v":1.5}"#,
        r#"{"v":true}"#,
        r#"{"v":null}"#,
        r#"{"v":"null"}"#,
        r#"{"v":""}"#,
        r#"{"v":[22]}"#,
        r#"{"v":{"v":"22"}}"#,
        r#"{"w":{"v":"22"},"V":"22"}"#,
        r#"{"v":9223372036854775807}"#,
        r#"{"v":"é\n\"x\""}"#,
        r#"{"v-w":"x","_":"y"}"#,
    ];
    for text in fields {
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line(text).fields(text)).await.unwrap();
    }
    assert_eq!(found(&db, "v:22").await, [fields[0], fields[1]]);
    assert_eq!(found(&db, "v:1.5").await, [fields[2]]);
    assert_eq!(found(&db, "v:1.50").await, [""; 0]);
    assert_eq!(found(&db, "v:true").await, [fields[3]]);
    assert_eq!(found(&db, "v:TRUE").await, [""; 0]);
    assert_eq!(found(&db, "v:1").await, [""; 0]);
    assert_eq!(found(&db, "v:null").await, [fields[4], fields[5]]);
    assert_eq!(found(&db, "v:").await, [fields[6]]);
    assert_eq!(found(&db, "v:[22]").await, [""; 0]);
    assert_eq!(found(&db, "V:22").await, [fields[9]]);
    assert_eq!(found(&db, "v:9223372036854775807").await, [fields[10]]);
    assert_eq!(found(&db, "'v:é\n\"x\"'").await, [fields[11]]);
    assert_eq!(found(&db, "v-w:x _:y").await, [fields[12]]);
    assert_eq!(found(&db, "v:22 v:22").await.len(), 2);
}

pub(crate) async fn members_of_every_kind_of_fields_are_told_apart(db: Database) {
    for (fields, search, matches) in [
        (r#"{"port": "22"}"#, "port:22", true),
        (r#"{"port": 22}"#, "port:22", true),
        (r#"{"port": 22}"#, "port:2", false),
        (r#"{"port": 22}"#, "port:22.0", false),
        (r#"{"n": 1.5}"#, "n:1.5", true),
        (r#"{"n": 1.5}"#, "n:1.50", false),
        (r#"{"ok": true}"#, "ok:true", true),
        (r#"{"ok": false}"#, "ok:false", true),
        (r#"{"ok": null}"#, "ok:null", true),
        (r#"{"ok": true}"#, "ok:1", false),
        (r#"{"other": 1}"#, "ok:null", false),
        (r#"{"o": {"a":1}}"#, r#"o:{"a":1}"#, false),
        (r#"{"o": [1]}"#, "o:[1]", false),
        (r#"{"cmd": "ls"}"#, "cmd:LS", false),
        (r#"{"Cmd": "ls"}"#, "cmd:ls", false),
        (r#"{"cmd": "\u0041"}"#, "cmd:A", true),
        (r#"{"cmd": "a\u00e9\"\ud83d\ude00"}"#, "'cmd:aé\"😀'", true),
        (r#"{"a": {"cmd": "ls"}}"#, "cmd:ls", false),
        // A key does not end at its NUL.
        (r#"{"cmd\u0000": "ls"}"#, "cmd:ls", false),
        (r#"{"cmd\u0000": "x", "cmd": "ls"}"#, "cmd:ls", true),
        (r#"{"cmd\u0000": null, "cmd": 22}"#, "cmd:22", true),
        (r#"{"cmd\u0000": "x", "cmd": true}"#, "cmd:true", true),
        (r#"{"cmd\u0000": "ls", "cmd": ["ls"]}"#, "cmd:ls", false),
        (r#"{"x": "\u0000", "cmd": "null"}"#, "cmd:null", true),
        (r#"{"my-key_2": "x"}"#, "my-key_2:x", true),
        (r#"{"cmd": "ls "}"#, "cmd:ls", false),
        (r#"{"cmd": "ls "}"#, "'cmd:ls '", true),
        ("{cmd: 'ls'}", "cmd:ls", false),
        (r#"{"cmd": "ls",}"#, "cmd:ls", false),
        (r#"{"cmd": "ls", "n": 1.}"#, "cmd:ls", false),
        (r#"{"cmd": "ls", "n": -}"#, "cmd:ls", false),
        (r#"{"cmd": "ls", "n": 1e}"#, "cmd:ls", false),
        (r#"{"cmd": "ls", "x": "\x"}"#, "cmd:ls", false),
        (r#"{"cmd": "ls", "x": "1. \\ - 1e \\\\x \" -"}"#, "cmd:ls", true),
        (r#"{"cmd": "ls"} rest"#, "cmd:ls", false),
        (r#"["cmd"]"#, "cmd:ls", false),
        (r#""cmd""#, "cmd:cmd", false),
        ("", "cmd:ls", false),
        ("not json", "cmd:json", false),
        (&format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)), "cmd:ls", false),
    ] {
        let before = db.get_total_logs(LogFilter::all().search(search)).await.unwrap();
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line("x").fields(fields)).await.unwrap();
        let after = db.get_total_logs(LogFilter::all().search(search)).await.unwrap();
        assert_eq!(after - before, u64::from(matches), "{fields:.60} {search}");
    }
}

pub(crate) async fn a_needle_may_be_long_and_sit_anywhere(db: Database) {
    let long = format!("start {} end", "y".repeat(200_000));
    for line in [long.as_str(), "y", "a'b\"c", "Kelvin \u{212a}"] {
        db.add_log(NewLog::new("decky-07", "ssh", "e", "2001:db8::7").raw_line(line)).await.unwrap();
    }
    for (search, expected) in [
        ("Y".repeat(150_000), vec![long.as_str()]),
        ("Y".repeat(200_001), vec![]),
        ("'yy END'".to_owned(), vec![&long]),
        ("'START yy'".to_owned(), vec![&long]),
        (r#""'b\"""#.to_owned(), vec!["a'b\"c"]),
        // Only ASCII letters have two cases: the Kelvin sign is no k.
        ("\u{212a}".to_owned(), vec!["Kelvin \u{212a}"]),
        ("k kelvin".to_owned(), vec!["Kelvin \u{212a}"]),
        // Every column that is searched.
        ("ECKY-07 yyy".to_owned(), vec![&long]),
        ("SS yyy".to_owned(), vec![&long]),
        ("2001:DB8::7 yyy".to_owned(), vec![&long]),
    ] {
        let found = db.get_logs_after_id(0, 50, LogFilter::all().search(search.as_str())).await.unwrap();
        let lines: Vec<_> = found.iter().map(|log| log.raw_line.as_str()).collect();
        assert!(lines == expected, "{search:.30}: {} rows", lines.len());
    }
}

pub(crate) async fn fields_that_are_no_json_object_match_nothing(db: Database) {
    let broken = [
        "",
        "x",
        "{",
        r#"{"v":"x""#,
        r#"{'v':'x'}"#,
        r#"{v:"x"}"#,
        r#"{"v":"x",}"#,
        r#"["v","x"]"#,
        r#""v""#,
        "7",
    ];
    for text in broken {
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line("r").fields(text)).await.unwrap();
    }
    for search in ["v:x", "v:", "0:x", "v:null"] {
        assert_eq!(found(&db, search).await, [""; 0], "{search}");
    }
    for nan in
        [r#"{"v":NaN}"#, r#"{"v":Infinity}"#, r#"{"v":0x10}"#, r#"{"v":+1}"#, r#"{"v":.5}"#, "{\"v\":'x'}"]
    {
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line("r").fields(nan)).await.unwrap();
    }
    for search in
        ["v:NaN", "v:Infinity", "v:0x10", "v:16", "v:+1", "v:1", "v:.5", "v:0.5", "v:null", "v:9e999"]
    {
        assert_eq!(found(&db, search).await, [""; 0], "{search}");
    }
}

pub(crate) async fn bounties_are_searched_literally(db: Database) {
    use decnet_db_core::contract::{BountyFilter, BountyQuery, NewBounty};

    for payload in ["100%", "a_b", "axb", r"c\d", "It's"] {
        db.add_bounty(NewBounty::new("d", "s", "i", "artifact").payload(payload)).await.unwrap();
    }
    for (search, expected) in
        [("%", 1), ("_", 1), (r"\", 1), ("it's", 1), ("A", 2), ("", 5), ("d", 5), ("''", 0)]
    {
        let filter = BountyFilter::all().search(search);
        assert_eq!(db.get_total_bounties(filter.clone()).await.unwrap(), expected, "{search}");
        assert_eq!(
            db.get_bounties(BountyQuery::from(filter)).await.unwrap().len() as u64,
            expected,
            "{search}"
        );
    }
}
