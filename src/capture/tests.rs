//! Lines and what becomes of them.

use proptest::prelude::*;

use super::*;

fn parse(line: &str) -> NewLog {
    try_parse(line).unwrap_or_else(|rejection| panic!("{line}: {rejection}"))
}

fn try_parse(line: &str) -> Result<NewLog, Rejection> {
    Parser::new(None).parse(line.as_bytes()).map(|log| log.expect("not blank"))
}

fn reason(line: &str) -> String {
    try_parse(line).expect_err(line).reason
}

/// decky, service, event type, address, time, message, fields
fn parts(log: &NewLog) -> (&str, &str, &str, &str, String, Option<&str>, &str) {
    let time = log.timestamp.map(|time| time.to_string()).unwrap_or_default();
    (&log.decky, &log.service, &log.event_type, &log.attacker_ip, time, log.msg.as_deref(), log.fields.text())
}

#[test]
fn blank_lines_are_nothing() {
    for line in ["", " ", "\r", "\n", "\t \r\n", "\u{feff}", "\u{3000}"] {
        assert_eq!(Parser::new(None).parse(line.as_bytes()), Ok(None), "{line:?}");
    }
}

#[test]
fn decnet_records_are_taken_as_they_are() {
    let log = parse(
        r#"{"timestamp":"2026-01-02 03:04:05","decky":"d","service":"ssh","event_type":"x","attacker_ip":"192.0.2.1",
        "fields":{ "b":"1", "a":"é\u0000", "b":"2" },"msg":"","raw_line":"<1>\u0000","_trace":{"a":1},"id":7,"trace_id":"t",
        "span_id":null}"#,
    );
    let expected = (
        "d",
        "ssh",
        "x",
        "192.0.2.1",
        "2026-01-02T03:04:05Z".to_owned(),
        Some(""),
        "{\"b\":\"2\",\"a\":\"é\\u0000\"}",
    );
    assert_eq!(parts(&log), expected);
    assert_eq!((log.id, log.raw_line.as_str(), log.trace_id.as_deref()), (None, "<1>\0", Some("t")));

    // Document 30: no time is now, and fields may be a text.
    let log =
        parse(r#"{"decky":"d","service":"","event_type":"","attacker_ip":"","fields":"x","raw_line":""}"#);
    assert_eq!((log.timestamp, log.fields.text(), log.msg), (None, "x", None));
}

#[test]
fn records_that_lack_something_are_rejected() {
    let whole = [
        ("decky", "\"d\""),
        ("service", "\"s\""),
        ("event_type", "\"e\""),
        ("attacker_ip", "\"a\""),
        ("fields", "{}"),
        ("raw_line", "\"r\""),
        ("timestamp", "\"2026-01-02\""),
    ];
    let with = |name: &str, value: &str| {
        let members: Vec<_> = whole
            .iter()
            .map(|(key, own)| format!("\"{key}\":{}", if *key == name { value } else { own }))
            .collect();
        let line = format!("{{{}}}", members.join(","));
        Parser::new(Some(Format::Decnet)).parse(line.as_bytes())
    };
    assert!(with("", "").is_ok());
    for (name, _) in &whole[..6] {
        assert_eq!(with(name, "null").unwrap_err().reason, format!("{name}: is missing"));
    }
    for (name, _) in whole.iter().filter(|(name, _)| *name != "fields") {
        assert_eq!(with(name, "1").unwrap_err().reason, format!("{name}: must be a text"));
    }
    for (name, value, expected) in [
        ("fields", "[]", "fields: must be a map"),
        ("fields", "{\"a\":123456789012345678901}", "fields: the integer 123456789012345678901 does not fit"),
        ("timestamp", "\"yesterday\"", "timestamp: \"yesterday\" is not a time"),
        ("timestamp", "\"0000-12-31\"", "timestamp: "),
        ("timestamp", "\"9999-12-31T23:59:59-01:00\"", "timestamp: "),
        ("timestamp", "\"10000-01-01\"", "timestamp: "),
    ] {
        let reason = with(name, value).unwrap_err().reason;
        assert!(reason.starts_with(expected), "{name} {value}: {reason}");
    }
    let long = format!("\"{}\"", "é".repeat(256));
    for name in ["decky", "service", "event_type", "attacker_ip"] {
        let reason = with(name, &long).unwrap_err().reason;
        assert_eq!(reason, format!("{name}: 256 characters, at most 255 are stored"));
    }
    assert!(with("decky", &format!("\"{}\"", "é".repeat(255))).is_ok());
    assert!(with("raw_line", &long).is_ok());
}

#[test]
fn what_is_no_event_is_told_apart() {
    for (line, expected) in [
        ("hello", "neither a JSON object nor an RFC 5424 line"),
        ("[1]", "neither a JSON object nor an RFC 5424 line"),
        ("{}", "a JSON object with neither \"decky\" (a DECNET record) nor \"eventid\" (Cowrie's log)"),
        ("{\"decky\":", "not JSON: EOF while parsing a value at column 9"),
        ("{\"decky\":\"a\u{1}\"}", "not JSON: control character"),
        ("{\"decky\":NaN}", "not JSON: expected value at column"),
        ("{\"decky\":1}x", "not JSON: trailing characters at column 12"),
        ("<134>2 2026-01-01 h a p m -", "not an RFC 5424 line, which begins as"),
    ] {
        let reason = reason(line);
        assert!(reason.starts_with(expected), "{line}: {reason}");
    }
    for format in [Format::Decnet, Format::Cowrie] {
        let reason = Parser::new(Some(format)).parse(b"[1]").unwrap_err().reason;
        assert_eq!(reason, "not a JSON object");
    }
    let reason = Parser::new(Some(Format::Rfc5424)).parse(b"{}").unwrap_err().reason;
    assert!(reason.starts_with("not an RFC 5424 line"), "{reason}");
}

#[test]
fn json_of_128_levels_is_taken_and_deeper_is_rejected() {
    let line = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        format!(r#"{{"eventid":"e","sensor":"s","timestamp":"2026-01-01","x":{open}{close}}}"#)
    };
    assert_eq!(parse(&line(128)).fields.text().len(), r#"{"x":}"#.len() + 254);
    for levels in [129, 1_000_000] {
        assert_eq!(reason(&line(levels)), "JSON is nested deeper than 128 levels");
    }
    assert_eq!(reason(&"{\"a\":".repeat(200)), "JSON is nested deeper than 128 levels");
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let mut parser = Parser::new(None);
    let log = parser.parse(b"<1>1 2026-01-01 h a p m - \xff\0\xfe").unwrap().unwrap();
    assert_eq!(log.msg.as_deref(), Some("\u{fffd}\0\u{fffd}"));
    assert_eq!(log.raw_line, "<1>1 2026-01-01 h a p m - \u{fffd}\0\u{fffd}");
    let log = parse(
        r#"{"eventid":"e","sensor":"s","timestamp":"2026-01-01","message":"\udc80","x":"\ud800","y":"\ud83e\udd80"}"#,
    );
    assert_eq!((log.msg.as_deref(), log.fields.text()), (Some("\u{fffd}"), r#"{"x":"�","y":"🦀"}"#));
}

#[test]
fn syslog_lines_are_taken_apart() {
    let log = parse(
        "<134>1 2026-01-01T00:15:00.123456789+02:00 decky-05 mysql 99 query [x@1 src_ip=\"no\"][relay@55555 q=\"a\\\"b\\\\c\\]d\\e\" \
         src_ip=\"192.0.2.1\" q=\"\"]   said  it \r",
    );
    let expected = (
        "decky-05",
        "mysql",
        "query",
        "192.0.2.1",
        "2025-12-31T22:15:00.123456Z".to_owned(),
        Some("said  it"),
        r#"{"q":"","src_ip":"192.0.2.1"}"#,
    );
    assert_eq!(parts(&log), expected);
    assert!(log.raw_line.starts_with("<134>1 ") && log.raw_line.ends_with("it \r"));

    let fields = |data: &str| parse(&format!("<1>1 2026-01-01 h a p m {data}")).fields.into_text();
    assert_eq!(fields(r#"[relay@55555 a="x\"y\\z\]\n]" b="é"]"#), r#"{"a":"x\"y\\z]\\n]","b":"é"}"#);
    assert_eq!(fields("[relay@55555]"), "{}");
    assert_eq!(fields("-"), "{}");
    assert_eq!(parse("<1>1 2026-01-01 h a p m -").msg.as_deref(), Some(""));
    assert_eq!(parse("<1>1 2026-01-01 h a p m - -x").msg.as_deref(), Some("-x"));
    // A port that came with the address is the last field.
    let log = parse(r#"<1>1 2026-01-01 h a p m [relay@55555 remote_addr="[2001:db8::1]:8" x="1"]"#);
    assert_eq!(log.attacker_ip, "2001:db8::1");
    assert_eq!(log.fields.text(), r#"{"remote_addr":"[2001:db8::1]:8","x":"1","remote_port":"8"}"#);
}

#[test]
fn lines_of_another_shape_are_no_capture_lines() {
    for line in [
        "<134>1",
        "<134>1 2026-01-01 h a p m",
        "<134>1 2026-01-01 h a p m ",
        "<134>1 2026-01-01  h a p m -",
        "<>1 2026-01-01 h a p m -",
        "<1345>1 2026-01-01 h a p m -",
        "<x>1 2026-01-01 h a p m -",
        "<134> 1 2026-01-01 h a p m -",
        "<134>1 2026-01-01 h a p m -x",
        "<134>1 2026-01-01 h a p m x",
        "<134>1 2026-01-01 h a p m [",
        "<134>1 2026-01-01 h a p m []",
        "<134>1 2026-01-01 h a p m [a b]",
        "<134>1 2026-01-01 h a p m [a b=c]",
        "<134>1 2026-01-01 h a p m [a b=\"c]",
        "<134>1 2026-01-01 h a p m [a b=\"c\\",
        "<134>1 2026-01-01 h a p m [a b=\"c\"d=\"e\"]",
    ] {
        assert!(reason(line).starts_with("not an RFC 5424 line"), "{line}: {}", reason(line));
    }
    for time in ["-", "Jan", "2026-02-30", "0000-01-01", "10000-01-01T00:00:00Z"] {
        let reason = reason(&format!("<1>1 {time} h a p m -"));
        assert!(reason.starts_with("timestamp: "), "{reason}");
    }
}

#[test]
fn wrapped_lines_and_commands_are_recognised() {
    let outer = "<30>1 2026-01-01T00:00:09Z 4be1 dockerd 77 - -";
    let inner = r#"2026-01-01T00:00:01.5Z d ssh - connect [relay@55555 src="192.0.2.1"] hi"#;
    let log = parse(&format!("{outer} {inner}"));
    let fields = r#"{"src":"192.0.2.1"}"#;
    let expected =
        ("d", "ssh", "connect", "192.0.2.1", "2026-01-01T00:00:09Z".to_owned(), Some("hi"), fields);
    assert_eq!(parts(&log), expected);

    let log = parse(&format!("{outer} 2026-01-01T00:00:01Z d bash 1 - - CMD uid=0 src=192.0.2.2 cmd=ls"));
    assert_eq!(
        (log.decky.as_str(), log.event_type.as_str(), log.attacker_ip.as_str()),
        ("d", "command", "192.0.2.2")
    );
    assert_eq!(log.msg.as_deref(), Some("CMD uid=0 src=192.0.2.2 cmd=ls"));

    let event = |line: &str| {
        let log = parse(line);
        (log.decky, log.event_type)
    };
    let own = |event: &str| ("h".to_owned(), event.to_owned());
    assert_eq!(event("<1>1 2026-01-01 h a p - - CMD ls"), own("command"));
    assert_eq!(event("<1>1 2026-01-01 h a p - - CMDls"), own("-"));
    assert_eq!(event("<1>1 2026-01-01 h a p x - CMD ls"), own("x"));
    // Not wrapped: an id or structured data outside, no time, not enough parts, a message that only begins with a time.
    for line in [
        format!("<1>1 2026-01-01 h a p x - {inner}"),
        format!("<1>1 2026-01-01 h a p - [y@1] {inner}"),
        "<1>1 2026-01-01 h a p - - 20260101T00 d ssh - connect -".to_owned(),
        "<1>1 2026-01-01 h a p - - 2026-13-01T00:00:00Z d ssh - connect -".to_owned(),
        "<1>1 2026-01-01 h a p - - 2026-01-01T00:00:00Z d ssh - connect".to_owned(),
        "<1>1 2026-01-01 h a p - - 2026-01-01T00:00:00Z a host was seen here".to_owned(),
    ] {
        assert_eq!(parse(&line).decky, "h", "{line}");
    }
}

const CONNECT: &str = r#"{"eventid":"cowrie.session.connect","src_ip":"192.0.2.1","timestamp":"2018-06-15T00:04:39.596202Z","message":"New","protocol":"telnet","session":"a1","sensor":"s1","dst_port": 2223}"#;

#[test]
fn cowrie_lines_are_mapped() {
    let log = parse(CONNECT);
    let expected = (
        "s1",
        "telnet",
        "session.connect",
        "192.0.2.1",
        "2018-06-15T00:04:39.596202Z".to_owned(),
        Some("New"),
        r#"{"protocol":"telnet","session":"a1","dst_port":2223}"#,
    );
    assert_eq!(parts(&log), expected);
    assert_eq!(log.raw_line, CONNECT);

    let log = parse(
        r#"{"z": [1, 123456789012345678901234567890, "a b"], "eventid": "x.y", "u":18446744073709551615, "sensor": "s", "z2": "\u00e9", "timestamp": "2018-06-15", "message": ["a", 1], "f": 1.50}"#,
    );
    let fields =
        r#"{"z":[1,123456789012345678901234567890,"a b"],"u":18446744073709551615,"z2":"é","f":1.5}"#;
    let expected =
        ("s", "ssh", "x.y", "Unknown", "2018-06-15T00:00:00Z".to_owned(), Some(r#"["a",1]"#), fields);
    assert_eq!(parts(&log), expected);

    for (line, expected) in [
        (r#"{"eventid":"e","timestamp":"2018-06-15"}"#, "sensor: is missing"),
        (r#"{"eventid":"e","sensor":"s"}"#, "timestamp: is missing"),
        (r#"{"eventid":1,"sensor":"s","timestamp":"2018-06-15"}"#, "eventid: must be a text"),
        (r#"{"eventid":"e","sensor":"s","timestamp":"2018-06-15","src_ip":7}"#, "src_ip: must be a text"),
        (
            r#"{"eventid":"e","sensor":"s","timestamp":"2018-06-15","protocol":[]}"#,
            "protocol: must be a text",
        ),
        (r#"{"eventid":"e","sensor":"s","timestamp":1529020800}"#, "timestamp: must be a text"),
    ] {
        assert_eq!(reason(line), expected);
    }
    let long = format!(r#"{{"eventid":"{}","sensor":"s","timestamp":"2018-06-15"}}"#, "e".repeat(256));
    assert_eq!(reason(&long), "event_type: 256 characters, at most 255 are stored");
}

#[test]
fn a_session_keeps_its_protocol_across_lines_and_runs() {
    let line = |event: &str, sensor: &str, session: &str| {
        format!(
            r#"{{"eventid":"cowrie.{event}","timestamp":"2018-06-15","session":"{session}","sensor":"{sensor}"}}"#
        )
    };
    let service = |parser: &mut Parser, line: &str| parser.parse(line.as_bytes()).unwrap().unwrap().service;
    let mut parser = Parser::new(None);
    assert_eq!(parser.open_sessions().as_str(), "[]");
    assert_eq!(service(&mut parser, CONNECT), "telnet");
    assert_eq!(service(&mut parser, &line("login.failed", "s1", "a1")), "telnet");
    assert_eq!(service(&mut parser, &line("login.failed", "s1", "a2")), "ssh");
    assert_eq!(service(&mut parser, &line("login.failed", "s2", "a1")), "ssh");

    let saved = parser.open_sessions();
    assert_eq!(saved.as_str(), r#"[["s1","a1","telnet"]]"#);
    let mut next = Parser::new(Some(Format::Cowrie));
    next.resume_sessions(&saved);
    assert_eq!(service(&mut next, &line("session.closed", "s1", "a1")), "telnet");
    assert_eq!(next.open_sessions().as_str(), "[]");
    assert_eq!(service(&mut next, &line("login.failed", "s1", "a1")), "ssh");
}

#[test]
fn long_lines_take_linear_time() {
    let mut parser = Parser::new(None);
    for unit in
        ["from ", "from=", "src=", "=", "1.", "1.1.1.1.", "client: a:", "a", "\\", "[", "\"", "{", "é"]
    {
        let message = unit.repeat((512 << 10) / unit.len());
        let syslog = format!("<1>1 2026-01-01 h a p m - {message}");
        assert_eq!(parser.parse(syslog.as_bytes()).unwrap().unwrap().raw_line.len(), syslog.len());
        for line in [format!("<1>1 2026-01-01 h a p m [{message}"), format!("{{\"decky\":\"{message}")] {
            assert!(parser.parse(line.as_bytes()).is_err());
        }
    }
    let many: String = (0..50_000).map(|number| format!(" a{}=\"\"", number % 1000)).collect();
    let log = parse(&format!("<1>1 2026-01-01 h a p m [relay@55555{many}]"));
    assert_eq!(log.fields.text().matches(':').count(), 1000);
    let many: String = (0..50_000).map(|number| format!("\"a{}\":1,", number % 1000)).collect();
    let log = parse(&format!(
        "{{{many}\"eventid\":\"e\",\"sensor\":\"s\",\"timestamp\":\"2026-01-01\",\"b\":{}}}",
        "1".repeat(100)
    ));
    assert_eq!(log.fields.text().matches(':').count(), 1001);
}

/// Bytes that have a chance to get somewhere.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "<134>1 ",
        "2026-01-01T00:00:00Z ",
        "- ",
        "[relay@55555 ",
        "src=\"",
        "\"",
        "]",
        "\\",
        "[",
        "{",
        "}",
        ":",
        ",",
        "\"decky\"",
        "\"eventid\"",
        "\"sensor\":\"s\"",
        "\"timestamp\":\"2026-01-01\"",
        "null",
        "\\ud800",
        "1e999",
        "from ",
        "1.2.3.4",
        "::1",
        "CMD ",
        "é",
        "\0",
        " ",
        "a ",
    ]);
    let piece = prop_oneof![
        4 => pieces.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_panic_and_reasons_are_one_line(line in bytes()) {
        for format in [None, Some(Format::Decnet), Some(Format::Rfc5424), Some(Format::Cowrie)] {
            if let Err(rejection) = Parser::new(format).parse(&line) {
                prop_assert!(!rejection.reason.is_empty());
                prop_assert!(!rejection.reason.contains(|c: char| c.is_control()), "{:?}", rejection.reason);
            }
        }
    }

    #[test]
    fn fields_are_json_and_survive(name in "[a-z]{1,8}", value in any::<String>()) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
        let line = format!("<1>1 2026-01-01 h a p m [relay@55555 x{name}=\"{escaped}\"]");
        if !line.contains('\n') {
            let log = parse(&line);
            let fields: serde_json::Value = serde_json::from_str(log.fields.text()).unwrap();
            prop_assert_eq!(fields, serde_json::json!({format!("x{name}"): value}));
        }
    }
}
