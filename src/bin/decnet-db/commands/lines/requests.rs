//! What a line of `decnet-db call --lines` asks for, and the line that answers it.
//!
//! Nothing here knows the tool's options or a database: `tests/fuzz` compiles this file, and hands it any bytes.

use std::fmt;
use std::io::{self, BufRead as _, Read as _};

use decnet_db::json::Json;
use decnet_db::{Error, Result};
use serde::Serialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use crate::error_object::{ErrorObject, too_long};
use crate::json_text::printable;

/// An answer, as JSON shows it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok(Json),
    Error(ErrorObject),
}

/// The answer to a line, with a line break at its end; a blank line has none.
///
/// # Errors
/// When the answer can't be written as JSON.
pub(crate) async fn answer(
    line: Line,
    call: impl AsyncFnOnce(Request) -> Result<Json>,
) -> Result<Option<String>> {
    let (id, response) = match line {
        Line::TooLong => (Json::default(), Err(too_long("request"))),
        Line::Whole(line) if line.trim_ascii().is_empty() => return Ok(None),
        Line::Whole(line) => match Request::read(&line) {
            (id, Ok(request)) => (id, call(request).await),
            (id, Err(error)) => (id, Err(error)),
        },
    };
    let outcome = match response {
        Ok(result) => Outcome::Ok(result),
        Err(error) => Outcome::Error(ErrorObject::of(&error)),
    };
    // The id is written by hand, since it is to come back byte for byte.
    let outcome = Json::of(&outcome)?;
    let members = outcome.as_str().strip_prefix('{').unwrap_or_default();
    Ok(Some(format!("{{\"id\":{id},{}\n", printable(members))))
}

/// A line of standard input.
#[derive(Debug, PartialEq)]
pub(crate) enum Line {
    Whole(Vec<u8>),
    /// What is longer than a request may be was read, and not kept.
    TooLong,
}

impl Line {
    /// The next line; none at the end.
    pub(crate) fn read(input: &mut impl io::BufRead, longest: usize) -> io::Result<Option<Self>> {
        let mut line = Vec::new();
        let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
        if input.take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.len() <= longest {
            return Ok(Some(Self::Whole(line)));
        }
        if !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        Ok(Some(Self::TooLong))
    }
}

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) arguments: Json,
}

impl Request {
    /// Takes a line apart: the id, null if there is none before the place where the line stops making sense, and the rest.
    fn read(line: &[u8]) -> (Json, Result<Self>) {
        let mut parts = Parts::default();
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let read = deserializer.deserialize_map(&mut parts).and_then(|()| deserializer.end());
        let Parts { id, method, arguments, unknown } = parts;
        let request = match (read, unknown, method) {
            (Err(error), ..) => Err(refused(format!("is no JSON object on one line: {error}"))),
            (_, Some(name), _) => {
                Err(refused(format!("has the unknown member {name:?}; it has id, method and args")))
            }
            (_, _, None) => Err(refused("has no member \"method\"".to_owned())),
            (_, _, Some(method)) => method
                .decode()
                .map(|method| Self { method, arguments })
                .map_err(|error| error.within("method")),
        };
        (id, request)
    }
}

fn refused(reason: String) -> Error {
    Error::invalid_input("request", reason)
}

/// The members that were read so far.
#[derive(Default)]
struct Parts {
    id: Json,
    method: Option<Json>,
    arguments: Json,
    unknown: Option<String>,
}

impl<'de> Visitor<'de> for &mut Parts {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with id, method and args")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "id" => self.id = members.next_value()?,
                "method" => self.method = Some(members.next_value()?),
                "args" => self.arguments = members.next_value()?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    self.unknown.get_or_insert(name.chars().take(100).collect());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (String, Result<Request>) {
        let (id, request) = Request::read(line.as_bytes());
        (id.as_str().to_owned(), request)
    }

    #[test]
    fn an_id_is_any_json_and_keeps_its_bytes() {
        for id in
            ["7", "null", "1234567890123456789012345678901", "1.50e0", r#"{"b":1, "a":"\u00e9"}"#, "\"x\""]
        {
            let (read, request) =
                read(&format!("{{\"id\":{id},\"method\":\"m\",\"args\":{{\"n\":{id}}}}}\r\n"));
            assert_eq!(read, id);
            let Request { method, arguments } = request.unwrap();
            assert_eq!((method.as_str(), arguments.as_str()), ("m", format!("{{\"n\":{id}}}").as_str()));
        }
    }

    #[test]
    fn a_line_that_is_no_request_is_refused_with_its_id_where_it_could_be_read() {
        let table = [
            ("nonsense", "null", "request: is no JSON object on one line: expected"),
            ("[1,2]", "null", "invalid type: sequence, expected an object with id, method and args"),
            (r#"{"id":5,"method":"get_state","args":{"#, "5", "request: is no JSON object"),
            (r#"{"id":5,"method":"m"} x"#, "5", "trailing characters"),
            (r#"{"method":"m"} {"id":5}"#, "null", "trailing characters"),
            (r#"{"id":[5]}"#, "[5]", "request: has no member \"method\""),
            (r#"{"id":5,"method":7}"#, "5", "method: invalid type: integer `7`, expected a string"),
            (r#"{"id":5,"method":"m","params":{}}"#, "5", "unknown member \"params\""),
            (r#"{"id":NaN,"method":"m"}"#, "null", "expected value"),
        ];
        for (line, id, message) in table {
            let (read, request) = read(line);
            assert_eq!(read, id, "{line}");
            let error = request.unwrap_err().to_string();
            assert!(error.contains(message), "{line}: {error}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut input = io::Cursor::new(b"1234\n12345\n123456789012\n12\n1234567".to_vec());
        let mut lines = || Line::read(&mut input, 5).unwrap();
        assert_eq!(lines(), Some(Line::Whole(b"1234\n".to_vec())));
        assert_eq!(lines(), Some(Line::TooLong));
        assert_eq!(lines(), Some(Line::TooLong));
        assert_eq!(lines(), Some(Line::Whole(b"12\n".to_vec())));
        assert_eq!(lines(), Some(Line::TooLong));
        assert_eq!(lines(), None);
    }

    #[test]
    fn bytes_that_are_no_utf_8_and_any_depth_are_only_errors() {
        let (id, request) = Request::read(b"{\"id\":1,\"method\":\"\xff\"}");
        assert_eq!(id.as_str(), "1");
        assert!(request.is_err());
        let deep =
            format!("{{\"id\":2,\"method\":\"m\",\"args\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).1.is_ok());
    }
}
