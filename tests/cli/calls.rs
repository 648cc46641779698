//! `call METHOD`.

use serde_json::json;

use crate::tool::Tool;

const LOG: &str = r#"{"log_data":{"decky":"d1","service":"ssh","event_type":"login","attacker_ip":"203.0.113.7",
    "fields":{},"raw_line":"x"}}"#;

#[test]
fn a_call_takes_json_and_prints_json_on_one_line() {
    let tool = Tool::with_schema();
    assert_eq!(tool.run(["call", "add_log", LOG]).ok(), "null\n");
    assert_eq!(tool.run_with(["call", "add_log", "-"], LOG.as_bytes()).ok(), "null\n");
    assert_eq!(tool.run(["call", "get_max_log_id"]).ok(), "2\n");
    assert_eq!(tool.run(["call", "get_total_logs", "{}", "--compact"]).ok(), "2\n");
    let logs = tool.run(["call", "get_logs", r#"{"search": "service:ssh", "limit": 1}"#]).ok();
    assert_eq!(logs.lines().count(), 1);
    let logs: serde_json::Value = serde_json::from_str(&logs).unwrap();
    assert_eq!((&logs[0]["id"], &logs[0]["decky"]), (&json!(2), &json!("d1")));
}

#[test]
fn what_columns_hold_as_text_is_decoded_when_asked_for() {
    let tool = Tool::with_schema();
    // The line looks like JSON too, but its column holds any text.
    let log = r#"log_data={"decky":"d1","service":"ssh","event_type":"login","attacker_ip":"203.0.113.7",
        "fields":"{\"n\":12345678901234567890,\"a\":[\"{}\"]}","raw_line":"{\"fields\":1}"}"#;
    tool.run(["call", "add_log", log]).ok();
    let plain = tool.run(["call", "get_logs"]).ok();
    assert!(plain.contains(r#""fields":"{\"n\":12345678901234567890,"#), "{plain}");
    let decoded = tool.run(["call", "get_logs", "--decode"]).ok();
    assert!(decoded.contains(r#""fields":{"n":12345678901234567890,"a":["{}"]}"#), "{decoded}");
    assert!(decoded.contains(r#""raw_line":"{\"fields\":1}""#), "{decoded}");
}

#[test]
fn an_unknown_method_is_found_out_without_a_database() {
    let tool = Tool::new();
    let run = tool.run(["call", "get_everything"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with("decnet-db: method: there is no method \"get_everything\""), "{}", run.err);
    assert!(!tool.path("decnet.db").exists());
}

#[test]
fn wrong_arguments_are_named_and_exit_with_2() {
    let tool = Tool::with_schema();
    let table: [(&str, &str, &str); 7] = [
        ("get_logs", r#"{"limits": 1}"#, "limits: get_logs has no such argument; it takes limit, offset"),
        ("get_logs", r#"{"limit": "ten"}"#, "limit: "),
        ("get_logs", r#"{"limit": -1}"#, "limit: "),
        ("get_state", "{}", "key: get_state needs this argument"),
        ("get_state", "[]", "arguments: get_state takes a JSON object"),
        ("get_state", "{key: 1}", "arguments: is not JSON: "),
        ("add_log", r#"{"log_data": {"decky": 1}}"#, "log_data.decky: "),
    ];
    for (method, arguments, message) in table {
        let run = tool.run(["call", method, arguments]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
        assert!(run.err.starts_with(&format!("decnet-db: {message}")), "{}", run.err);
        assert!(run.err.lines().count() <= 2, "{}", run.err);
    }
    let run = tool.run_with(["call", "get_state", "-"], b"{\"key\":\"\xff\"}");
    assert_eq!(
        (run.code, run.err.as_str()),
        (2, "decnet-db: arguments: standard input is not UTF-8 from byte 8 on\n")
    );
}

#[test]
fn json_puts_the_error_on_standard_output_too() {
    let tool = Tool::with_schema();
    let run = tool.run(["call", "--json", "get_state"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.out,
        "{\"error\":{\"kind\":\"invalid_input\",\"message\":\"key: get_state needs this argument\"}}\n"
    );
    assert!(run.err.starts_with("decnet-db: key: get_state needs this argument\nhint: "), "{}", run.err);
}

#[test]
fn a_method_is_found_by_other_spellings_and_guessed() {
    let tool = Tool::with_schema();
    for name in ["get-max-log-id", "getMaxLogId", "getmaxlogid", "GET_MAX_LOG_ID"] {
        assert_eq!(tool.run(["call", name]).ok(), "0\n", "{name}");
    }
    let run = tool.run(["call", "get_log"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.ends_with("\nhint: did you mean get_logs?\n"), "{run:?}");
}

#[test]
fn arguments_are_taken_as_names_and_values() {
    let tool = Tool::with_schema();
    tool.run(["call", "set_state", "key=a", r#"value={"b":[1,2.5]}"#]).ok();
    assert_eq!(tool.run(["call", "get_state", "key=a"]).ok(), "{\"b\":[1,2.5]}\n");
    // What the method takes as text is text, whatever it looks like.
    tool.run(["call", "set_state", "key=1", "value=it=is text"]).ok();
    assert_eq!(tool.run(["call", "get_state", "key=1"]).ok(), "\"it=is text\"\n");
    assert_eq!(tool.run(["call", "get_logs", "limit=5", "search=service:ssh root"]).ok(), "[]\n");
    for (arguments, message) in [
        (["call", "get_logs", "limit=x", "offset=0"], "decnet-db: limit: "),
        (["call", "get_logs", "limit=1", "limit=2"], "decnet-db: limit: is given twice"),
        (["call", "get_logs", "limit=1", "{}"], "decnet-db: arguments: \"{}\" is not NAME=VALUE"),
    ] {
        let run = tool.run(arguments);
        assert!(run.code == 2 && run.err.starts_with(message), "{run:?}");
    }
}

#[test]
fn a_call_that_deletes_much_needs_a_word_of_consent() {
    let tool = Tool::with_schema();
    tool.run(["call", "add_log", LOG]).ok();
    let run = tool.run(["call", "purge-logs-and-bounties"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.starts_with("decnet-db: --yes: needed where nobody can be asked: purge_logs_and_bounties "),
        "{run:?}"
    );
    assert_eq!(tool.run(["call", "get_total_logs"]).ok(), "1\n");
    assert!(tool.run(["call", "--yes", "purge_logs_and_bounties"]).ok().contains("\"logs\":1"));
    assert_eq!(tool.run(["call", "get_total_logs"]).ok(), "0\n");
}

#[test]
fn a_conflict_exits_with_5() {
    let tool = Tool::with_schema();
    let user = r#"{"user_data":{"uuid":"u-1","username":"eve","password_hash":"x"}}"#;
    tool.run(["call", "create_user", user]).ok();
    let run = tool.run(["call", "--json", "create_user", user]);
    assert_eq!(run.code, 5, "{run:?}");
    let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["error"]["kind"], "conflict");
}

#[test]
fn a_database_that_is_locked_is_unavailable_and_exits_with_4() {
    let tool = Tool::with_schema();
    let other = rusqlite::Connection::open(tool.path("decnet.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = tool.run(["--url", "sqlite:///decnet.db?timeout=0.05", "--json", "call", "add_log", LOG]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.out.starts_with("{\"error\":{\"kind\":\"unavailable\",\"message\":"), "{}", run.out);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(tool.run(["call", "get_max_log_id"]).ok(), "0\n");
}

#[test]
fn a_database_without_schema_is_a_configuration_error_that_names_init() {
    let tool = Tool::new();
    std::fs::write(tool.path("decnet.db"), "").unwrap();
    for arguments in [["call", "get_logs", "{}"], ["call", "add_log", LOG]] {
        let run = tool.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{run:?}");
        assert!(run.err.contains("`decnet-db init`"), "{}", run.err);
    }
}

#[test]
fn only_initialize_creates_a_database_file() {
    let tool = Tool::new();
    for (arguments, out) in
        [(["call", "get_max_log_id"], ""), (["status", "--json"], r#"{"error":{"kind":"configuration","#)]
    {
        let run = tool.run(arguments);
        assert!(run.code == 3 && run.out.starts_with(out) && run.out.is_empty() == out.is_empty(), "{run:?}");
        assert!(run.err.contains("decnet.db") && run.err.contains("hint: `decnet-db init`"), "{}", run.err);
        assert!(!tool.path("decnet.db").exists());
    }
    let run = tool.run(["call", "initialize"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(tool.path("decnet.db").exists());
    assert_eq!(tool.run(["call", "get_max_log_id"]).ok(), "0\n");
}

#[test]
fn a_database_in_memory_is_there_for_one_call() {
    let tool = Tool::new();
    let run = tool.run(["call", "--url", "sqlite:///:memory:", "initialize"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("\"revision\":\"4a914b1d62a0\""), "{}", run.out);
}
