//! `logs`, `top`, `show`, `histogram` and `export`: the questions of every day.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::tool::{Run, Tool};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/sample.cowrie.json");

/// A folder with a database that has the sample.
fn with_sample() -> Tool {
    let tool = Tool::new();
    assert_eq!(tool.run(["ingest", "-q", SAMPLE]).code, 0);
    tool
}

/// A database with events that the members of each object change.
fn with_events(events: &[Value]) -> Tool {
    let tool = Tool::new();
    let line = |members: &Value| {
        let mut event = json!({
            "timestamp": "2026-01-02 03:04:05", "decky": "decky-01", "service": "ssh", "event_type": "login_attempt",
            "attacker_ip": "203.0.113.7", "fields": {}, "raw_line": "a line", "msg": null,
        });
        event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        format!("{event}\n")
    };
    fs::write(tool.path("events.json"), events.iter().map(line).collect::<String>()).unwrap();
    let run = tool.run(["ingest", "-q", "events.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    tool
}

/// The sample's lines, as they are.
fn lines() -> Vec<Value> {
    fs::read_to_string(SAMPLE).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn jsonl(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn nothing_found(run: &Run, hint: &str) {
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{run:?}");
    assert!(run.err.starts_with("decnet-db: no event fits\n") && run.err.contains(hint), "{run:?}");
}

#[test]
fn logs_shows_the_latest_events_the_newest_last() {
    let tool = with_sample();
    let text = tool.run(["logs", "-n", "3"]).ok();
    let shown: Vec<&str> = text.lines().collect();
    assert_eq!(shown.len(), 3, "{text}");
    assert!(shown.is_sorted_by_key(|line| &line[..19]), "{text}");
    assert!(
        shown[2].starts_with("2026-01-01 10:56:31  192.0.2.132      sgp-edge-2    ssh     client.version"),
        "{text}"
    );
    let newest = jsonl(&tool.run(["logs", "--json"]).ok());
    assert_eq!(newest.len(), 50);
    assert_eq!(newest[49]["event_type"], "client.version");
    let all = jsonl(&tool.run(["logs", "--json", "--limit", "4000"]).ok());
    assert_eq!(all.len(), lines().len());
    assert_eq!(all[350..], newest[..]);
}

#[test]
fn logs_takes_a_search_and_a_period() {
    let tool = with_sample();
    let wget = tool.run(["logs", "service:telnet", "wget"]).ok();
    assert!(
        wget.lines().count() > 0
            && wget.lines().all(|line| line.contains(" telnet ") && line.contains("wget"))
    );
    let early = tool.run(["logs", "--until", "2026-01-01T00:00:04Z", "--since", "2026-01-01"]).ok();
    assert_eq!(early.lines().count(), 3, "{early}");
    nothing_found(&tool.run(["logs", "--since", "-1h"]), "");
    nothing_found(&tool.run(["logs", "wget OR curl"]), r#"hint: "OR" is a word to look for"#);
    for (arguments, message) in [
        (["logs", "--since", "soon"], r#"decnet-db: since: "soon" is no time"#),
        (["logs", "--until", "1 month"], r#"decnet-db: until: "1 month" is no fixed length"#),
    ] {
        let run = tool.run(arguments);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.starts_with(message), "{run:?}");
    }
    let run = tool.run(["logs", "--since", "1h", "--until", "2h"]);
    assert!(run.code == 2 && run.err.contains("before the period begins"), "{run:?}");
}

#[test]
fn what_attackers_wrote_is_escaped() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\nnext";
    let tool = with_events(&[json!({
        "decky": evil, "service": evil, "event_type": evil, "msg": evil,
        "fields": {"username": evil, "session": evil},
    })]);
    for run in [
        tool.run(["logs"]),
        tool.run(["top", "usernames"]),
        tool.run(["top", "services"]),
        tool.run(["show", "attacker", "203.0.113.7"]),
        tool.run(["show", "session", evil]),
    ] {
        let text = run.ok();
        assert!(text.contains("\\u{1b}]0;owned\\u{7}"), "{text:?}");
        assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}') && !text.contains("\nnext"), "{text:?}");
    }
    let run = tool.run(["show", "session", "\u{1b}[2J"]);
    assert_eq!(run.code, 5);
    assert!(!run.err.contains('\u{1b}'), "{run:?}");
}

/// Whatever the command, on both outputs, with what attackers chose in every place that they can: columns, fields, names of
/// members, and what an operator pastes from them into a command line.
#[test]
fn no_command_lets_an_escape_sequence_through() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\u{8}\u{85}next";
    let tool = with_events(&[json!({
        "decky": evil, "service": evil, "event_type": evil, "msg": evil, "attacker_ip": evil, "raw_line": evil,
        "fields": {"username": evil, "password": evil, "input": evil, "session": evil, evil: evil},
    })]);
    fs::write(tool.path("evil.jsonl"), format!("{{\"no\": \"event {evil}\"}}\nplain {evil}\n")).unwrap();
    let mut ran = 0;
    for what in ["attackers", "services", "usernames", "passwords", "commands", "deckies", "events"] {
        clean(&tool.run(["top", what]));
        clean(&tool.run(["top", what, "--json"]));
        clean(&tool.run(["top", what, evil]));
        ran += 1;
    }
    assert_eq!(ran, 7);
    clean(&tool.run(["logs"]));
    clean(&tool.run(["logs", "--json"]));
    clean(&tool.run(["logs", evil]));
    clean(&tool.run(["logs", "--since", evil]));
    clean(&tool.run(["show", "attacker", evil]));
    clean(&tool.run(["show", "session", evil, "--json"]));
    clean(&tool.run(["histogram", evil]));
    clean(&tool.run(["export"]));
    clean(&tool.run(["call", "get_logs", "{}"]));
    clean(&tool.run(["call", evil, evil]));
    clean(&tool.run(["call", "get_logs", &format!("search={evil}")]));
    clean(&tool.run(["methods", evil]));
    clean(&tool.run(["ingest", "evil.jsonl"]));
    clean(&tool.run(["ingest", evil]));
    clean(&tool.run(["status"]));
    clean(&tool.run(["check"]));
    clean(&tool.run(["prune", "--older-than", evil]));
    clean(&tool.run(["--url", evil, "status"]));
    clean(&tool.run([evil]));
}

#[track_caller]
fn clean(run: &Run) {
    for text in [&run.out, &run.err] {
        let raw = text.chars().find(|character| {
            !matches!(character, '\n' | '\t') && (character.is_control() || *character == '\u{202e}')
        });
        assert_eq!(raw, None, "{text:?}");
    }
}

#[test]
fn top_counts_every_event() {
    let tool = with_sample();
    for (what, member) in
        [("usernames", "username"), ("passwords", "password"), ("commands", "input"), ("attackers", "src_ip")]
    {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for line in lines() {
            if let Some(value) = line[member].as_str() {
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
        let mut expected: Vec<_> = counts.iter().collect();
        expected.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let top = tool.run(["top", what, "--json", "-n", "5"]).json();
        let shown: Vec<(String, u64)> = top["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| (value["value"].as_str().unwrap().to_owned(), value["count"].as_u64().unwrap()))
            .collect();
        let first: Vec<(String, u64)> =
            expected.iter().take(5).map(|(value, count)| ((*value).clone(), **count)).collect();
        assert_eq!(shown, first, "{what}");
        assert_eq!(top["distinct"], counts.len(), "{what}");
        assert_eq!(top["events"], counts.values().sum::<u64>(), "{what}");
    }
    let text = tool.run(["top", "services", "wget"]).ok();
    assert!(text.starts_with("EVENTS   SHARE  SERVICE\n"), "{text}");
    nothing_found(&tool.run(["top", "countries"]), "DECNET's profiler");
}

#[test]
fn top_countries_are_those_of_the_profiles() {
    let tool = with_events(&[
        json!({}),
        json!({"attacker_ip": "198.51.100.1"}),
        json!({"attacker_ip": "192.0.2.1"}),
        json!({}),
    ]);
    for (ip, country) in [("203.0.113.7", "NL"), ("198.51.100.1", "SG")] {
        let data = json!({"data": {
            "ip": ip, "country_code": country, "first_seen": "2026-01-02T00:00:00Z", "last_seen": "2026-01-02T00:00:00Z",
        }});
        tool.run(["call", "upsert_attacker", &data.to_string()]).ok();
    }
    let top = tool.run(["top", "countries", "--json"]).json();
    let expected = json!({
        "values": [{"value": "NL", "count": 2}, {"value": "SG", "count": 1}], "distinct": 2, "events": 3,
    });
    assert_eq!(top, expected);
}

#[test]
fn show_tells_a_session_in_the_order_of_time() {
    let tool = with_sample();
    let text = tool.run(["show", "session", "f893a2eefb32"]).ok();
    assert!(text.starts_with("session       f893a2eefb32\nattacker      198.51.100.53\n"), "{text}");
    assert!(text.contains("\nevents        5, from 2026-01-01T00:00:00.040000Z to "), "{text}");
    let events: Vec<&str> = text.lines().filter(|line| line.starts_with("2026-")).collect();
    assert!(
        events.len() == 5 && events[0].contains("client.version") && events[4].contains("session.closed"),
        "{text}"
    );
    let json = tool.run(["show", "session", "f893a2eefb32", "--json", "-n", "2"]).json();
    assert_eq!((&json["total"], &json["member"]), (&json!(5), &json!("session")));
    assert_eq!(json["first"], "2026-01-01T00:00:00.040000Z");
    assert_eq!(json["events"].as_array().unwrap().len(), 2);
    let text = tool.run(["show", "session", "f893a2eefb32", "-n", "2"]).ok();
    assert!(text.contains("\n… 3 earlier events; --limit 5 shows all\n"), "{text}");
    let run = tool.run(["show", "session", "no such"]);
    assert_eq!((run.code, run.out.as_str()), (5, ""));
    assert!(run.err.starts_with("decnet-db: no event has the session \"no such\"\nhint: "), "{run:?}");
}

#[test]
fn show_tells_everything_of_an_attacker() {
    let tool = with_sample();
    let ip = "198.51.100.53";
    let data = json!({"data": {
        "ip": ip, "country_code": "NL", "asn": 64500, "as_name": "EXAMPLE", "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:00:00Z",
    }});
    let uuid = tool.run(["call", "upsert_attacker", &data.to_string()]).json();
    let bounty = json!({"bounty_data": {
        "decky": "sgp-edge-2", "service": "ssh", "attacker_ip": ip, "bounty_type": "artifact", "payload": {"sha256": "00ff"},
    }});
    tool.run(["call", "add_bounty", &bounty.to_string()]).ok();
    let text = tool.run(["show", "attacker", ip]).ok();
    for part in [
        "country       NL\n",
        "network       AS64500 EXAMPLE\n",
        "events        8, from ",
        "artifact",
        "00ff",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = tool.run(["show", "attacker", ip, "--json"]).json();
    assert_eq!(json["profile"]["uuid"], uuid);
    assert_eq!((json["total"].as_u64(), json["bounties"].as_array().unwrap().len()), (Some(8), 1));
    assert_eq!(tool.run(["show", "attacker", "192.0.2.250"]).code, 5);
}

#[test]
fn histogram_draws_all_events() {
    let tool = with_sample();
    let text = tool.run(["histogram", "--by", "hour"]).ok();
    assert!(text.ends_with("\n400 events, each column one hour\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let buckets = tool.run(["histogram", "--by", "day", "service:ssh", "--json"]).json();
    let contract = tool
        .run(["call", "get_log_histogram", r#"{"search": "service:ssh", "interval_minutes": 1440}"#])
        .json();
    assert_eq!(buckets, contract);
    let run = tool.run(["histogram", "--by", "minute"]);
    assert!(run.code == 0 && run.err.contains("events before 2026-01-01T"), "{run:?}");
    nothing_found(&tool.run(["histogram", "no such word"]), "");
}

#[test]
fn what_is_exported_is_read_again() {
    let tool = with_sample();
    let all = tool.run(["export"]).ok();
    assert_eq!(all.lines().count(), 400);
    fs::write(tool.path("export.json"), &all).unwrap();
    let run = tool.run(["ingest", "-q", "--url", "sqlite:///other.db", "export.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(tool.run(["export", "--url", "sqlite:///other.db"]).ok(), all);
    assert_eq!(tool.run(["export", "event:login.failed"]).ok().lines().count(), {
        lines().iter().filter(|line| line["eventid"] == "cowrie.login.failed").count()
    });
    nothing_found(&tool.run(["export", "no such word"]), "");
}

#[test]
fn in_csv_no_cell_is_a_formula() {
    let tool = with_events(&[
        json!({"raw_line": "=cmd|' /C calc'!A0", "msg": "a,\"b\"\nc", "fields": {"username": "=1"}}),
        json!({"raw_line": "@x", "decky": "-decky", "msg": ""}),
    ]);
    let run = tool.run(["export", "--format", "csv"]);
    assert_eq!(run.err, "decnet-db: 3 cells that a spreadsheet would run got a ' before them\n");
    let rows: Vec<Vec<String>> = csv::Reader::from_reader(run.out.as_bytes())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(rows[0][6..9], ["'=cmd|' /C calc'!A0", r#"{"username":"=1"}"#, "a,\"b\"\nc"]);
    assert_eq!((rows[1][2].as_str(), rows[1][6].as_str()), ("'-decky", "'@x"));
    assert!(run.out.starts_with("id,timestamp,decky,"), "{}", run.out);
}
