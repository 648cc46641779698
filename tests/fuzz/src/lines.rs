//! The framing of `decnet-db call --lines`.

use std::collections::BTreeMap;
use std::io::Cursor;

use decnet_db::json::Json;
use serde_json::value::RawValue;

use crate::call::called;
use crate::requests::{Line, answer};
use crate::world::with_world;

/// The longest line: the tool's own, 64 MiB, is more than a fuzzer makes.
const LONGEST: usize = 512;

/// Requests, one a line: each line that is not blank has one answer, in its order, on one line that a terminal can show; its
/// id is the request's, byte for byte.
pub fn lines(bytes: &[u8]) {
    let mut input = Cursor::new(bytes);
    with_world(|world| {
        let mut wrote = false;
        for expected in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = Line::read(&mut input, LONGEST).expect("memory can be read").expect("one more line");
            let is_long = expected.len() > LONGEST;
            assert_eq!(line == Line::TooLong, is_long);
            let answer = world.block_on(answer(line, async |request| {
                let name = &request.method;
                wrote |= decnet_db::call::method(name).is_ok_and(|method| method.writes);
                called(world, name, request.arguments).await
            }));
            let answer = answer.expect("an answer can be written");
            if !is_long && expected.trim_ascii().is_empty() {
                assert_eq!(answer, None);
                continue;
            }
            answers(&answer.expect("an answer"), if is_long { b"" } else { expected });
        }
        assert_eq!(Line::read(&mut input, LONGEST).expect("memory can be read"), None);
        if wrote {
            world.empty();
        }
    });
}

fn answers(answer: &str, request: &[u8]) {
    let line = answer.strip_suffix('\n').expect("a line break at the end");
    let members: BTreeMap<String, Json> = serde_json::from_str(line).expect("an object");
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert!(matches!(names[..], ["id", "ok"] | ["error", "id"]), "{line}");
    let request = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(request).ok();
    let id = request.as_ref().and_then(|members| members.get("id")).map(|id| id.get());
    let begin = format!("{{\"id\":{}", id.unwrap_or_else(|| members["id"].as_str()));
    let rest = line.strip_prefix(begin.as_str()).expect("the id comes first, as the request has it");
    assert!(!rest.contains(decnet_db::is_unprintable), "{rest:?}");
}
