//! Capture lines of the formats that `ingest` reads.

use decnet_db::capture::{Format, Parser};
use decnet_db::contract::{Log, LogFilter, NewLog};

use crate::world::{World, with_world};

/// Lines of any format, each told apart by itself.
pub fn capture(bytes: &[u8]) {
    read(None, bytes);
}

/// DECNET's own records.
pub fn capture_decnet(bytes: &[u8]) {
    read(Some(Format::Decnet), bytes);
}

/// Syslog lines.
pub fn capture_rfc5424(bytes: &[u8]) {
    read(Some(Format::Rfc5424), bytes);
}

/// Cowrie's JSON log.
pub fn capture_cowrie(bytes: &[u8]) {
    read(Some(Format::Cowrie), bytes);
}

/// Each line is an event or is refused in one readable line, the same each time; all events of an input can be stored
/// together, and what is read back is what was parsed.
fn read(format: Option<Format>, bytes: &[u8]) {
    let mut parser = Parser::new(format);
    let mut events = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut again = parser.clone();
        let parsed = parser.parse(line);
        assert_eq!(again.parse(line), parsed);
        assert_eq!(again.open_sessions(), parser.open_sessions());
        match parsed {
            Ok(Some(event)) => events.push(event),
            Ok(None) => assert!(String::from_utf8_lossy(line).trim_matches(is_blank).is_empty()),
            Err(rejection) => {
                let shown = rejection.to_string();
                assert!(!shown.is_empty() && !shown.contains(char::is_control), "{shown:?}");
                assert!(shown.chars().count() <= 241, "{shown}");
            }
        }
    }
    let sessions = parser.open_sessions();
    let mut resumed = Parser::new(format);
    resumed.resume_sessions(&sessions);
    assert_eq!(resumed.open_sessions(), sessions);
    if !events.is_empty() {
        with_world(|world| {
            world.block_on(stored(world, events));
            world.block_on(world.repository.purge_logs_and_bounties()).expect("the events are deleted");
        });
    }
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

async fn stored(world: &World, events: Vec<NewLog>) {
    let last = world.repository.get_max_log_id().await.expect("an id");
    world.repository.add_logs(events.clone()).await.expect("what a parser returns can be stored");
    let logs = world.repository.get_logs_after_id(last, 100_000, LogFilter::all()).await.expect("the events");
    assert_eq!(logs.len(), events.len());
    for (log, event) in logs.iter().zip(&events) {
        assert!(is_of(log, event), "{log:?} of {event:?}");
    }
}

fn is_of(log: &Log, event: &NewLog) -> bool {
    event.timestamp.is_none_or(|time| time == log.timestamp)
        && (&log.decky, &log.service, &log.event_type, &log.attacker_ip)
            == (&event.decky, &event.service, &event.event_type, &event.attacker_ip)
        && (&log.raw_line, log.fields.as_str(), &log.msg)
            == (&event.raw_line, event.fields.text(), &event.msg)
        && (&log.trace_id, &log.span_id) == (&event.trace_id, &event.span_id)
}
