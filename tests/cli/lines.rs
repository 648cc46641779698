//! `call --lines`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::tool::Tool;

const LINES: [&str; 2] = ["call", "--lines"];

/// The answers, as JSON.
fn answers(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn requests_are_answered_in_order_each_with_its_id() {
    let tool = Tool::with_schema();
    let input = r#"{"id":1,"method":"get_max_log_id"}
{"id":"b","method":"add_log","args":{"log_data":{"decky":"d","service":"s","event_type":"e","attacker_ip":"a","fields":{},"raw_line":""}}}

{"id":{"z":1, "a":12345678901234567890123456789},"method":"get_max_log_id","args":{}}
{"method":"get_state","args":{"key":"none"},"id":null}
"#;
    let expected = r#"{"id":1,"ok":0}
{"id":"b","ok":null}
{"id":{"z":1, "a":12345678901234567890123456789},"ok":1}
{"id":null,"ok":null}
"#;
    assert_eq!(tool.run_with(LINES, input.as_bytes()).ok(), expected);
}

#[test]
fn an_error_is_an_answer_and_ends_nothing() {
    let tool = Tool::with_schema();
    let user = r#"{"user_data":{"uuid":"u","username":"eve","password_hash":"x"}}"#;
    let mut input =
        b"{\"id\":1,\"method\":\"no_such\"}\nnonsense\n{\"id\":2,\"method\":\"get_state\",\"args\":{"
            .to_vec();
    input.extend_from_slice(b"\n\xff\xfe\n");
    input.extend_from_slice(format!("{{\"id\":3,\"method\":\"create_user\",\"args\":{user}}}\n").as_bytes());
    input.extend_from_slice(format!("{{\"id\":4,\"method\":\"create_user\",\"args\":{user}}}\n").as_bytes());
    input.extend_from_slice(b"{\"id\":5,\"method\":\"get_state\",\"args\":{\"kez\":1}}\n");
    input.extend_from_slice(b"{\"id\":6,\"method\":\"get_max_log_id\",\"params\":{}}\n");
    // No line break at the end: still a line.
    input.extend_from_slice(b"{\"id\":7,\"method\":\"get_max_log_id\"}");
    let out = tool.run_with(LINES, &input).ok();

    let seen: Vec<(Value, Value)> = answers(&out)
        .into_iter()
        .map(|answer| (answer["id"].clone(), answer["error"]["kind"].clone()))
        .collect();
    let wrong = "invalid_input";
    let expected = [
        (json!(1), json!(wrong)),
        (json!(null), json!(wrong)),
        (json!(2), json!(wrong)),
        (json!(null), json!(wrong)),
        (json!(3), json!(null)),
        (json!(4), json!("conflict")),
        (json!(5), json!(wrong)),
        (json!(6), json!(wrong)),
        (json!(7), json!(null)),
    ];
    assert_eq!(seen, expected, "{out}");
    assert_eq!(answers(&out)[6]["error"]["message"], "kez: get_state has no such argument; it takes key");
}

#[test]
fn each_answer_is_there_before_the_next_request_is_made() {
    let tool = Tool::with_schema();
    let mut child = tool.command(LINES).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, answers) = mpsc::channel();
    thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
    for id in 0..3 {
        writeln!(stdin, "{{\"id\":{id},\"method\":\"get_max_log_id\"}}").unwrap();
        let answer =
            answers.recv_timeout(Duration::from_secs(60)).expect("an answer, while standard input is open");
        assert_eq!(answer, format!("{{\"id\":{id},\"ok\":0}}"));
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn no_input_is_no_work() {
    let tool = Tool::new();
    assert_eq!(tool.run(LINES).ok(), "");
    assert!(!tool.path("decnet.db").exists());
}

#[test]
fn initialize_creates_the_database_that_other_requests_miss() {
    let tool = Tool::new().set("DECNET_ADMIN_PASSWORD", "correct horse battery");
    let input = "{\"id\":1,\"method\":\"get_max_log_id\"}\n{\"id\":2,\"method\":\"initialize\"}\n{\"id\":3,\"method\":\"get_max_log_id\"}\n";
    let answers = answers(&tool.run_with(LINES, input.as_bytes()).ok());
    assert_eq!(answers[0]["error"]["kind"], "configuration");
    assert_eq!(answers[1]["ok"]["admin"], "created");
    assert_eq!(answers[2]["ok"], 0);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let tool = Tool::with_schema();
    let mut child = tool.command(LINES).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{{\"id\":1,\"method\":\"get_max_log_id\"}}").unwrap();
    // Standard input stays open: the tool must not wait for it.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(err, "");
}

#[test]
fn a_long_line_and_deep_json_are_normal() {
    let tool = Tool::with_schema();
    let text = "x".repeat(4 << 20);
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let input = format!(
        "{{\"id\":1,\"method\":\"add_log\",\"args\":{{\"log_data\":{{\"decky\":\"d\",\"service\":\"s\",\"event_type\":\"e\",\"attacker_ip\":\"a\",\"fields\":{{}},\"raw_line\":\"{text}\"}}}}}}\n\
         {{\"id\":{deep},\"method\":\"get_state\",\"args\":{{\"key\":{deep}}}}}\n\
         {{\"id\":3,\"method\":\"get_logs\"}}\n"
    );
    let out = tool.run_with(LINES, input.as_bytes()).ok();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], r#"{"id":1,"ok":null}"#);
    assert!(lines[1].starts_with(&format!("{{\"id\":{deep},\"error\":{{\"kind\":\"invalid_input\"")));
    assert!(lines[2].contains(&text));
}
