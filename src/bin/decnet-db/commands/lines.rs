//! `decnet-db call --lines`: requests on standard input, answers on standard output, one a line.

use std::io::{self, BufRead as _, Read as _};
use std::sync::Arc;
use std::{fmt, thread};

use decnet_db::call::{call, method};
use decnet_db::config::Config;
use decnet_db::contract::limits::LONGEST_REQUEST;
use decnet_db::json::Json;
use decnet_db::{Error, Repository, Result};
use serde::Serialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use tokio::sync::mpsc;

use super::call::{creates, too_long};
use crate::connection::find_driver;
use crate::errors::{ErrorObject, Failure};
use crate::json_text::printable;
use crate::output::Output;

/// Lines that are read ahead of the one that is being answered.
const READ_AHEAD: usize = 16;

/// An answer, as JSON shows it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok(Json),
    Error(ErrorObject),
}

pub(crate) async fn run(config: Config, output: &mut Output) -> Result<(), Failure> {
    // Known before any request comes: a URL that no driver serves.
    find_driver(&config)?;
    let mut database = Database { config, repository: None };
    let mut lines = standard_input()?;
    let mut ended = Ok(());
    while let Some(line) = lines.recv().await {
        let answered = match line {
            Ok(Line::TooLong) => respond_with(Json::default(), Err(too_long("request")), output),
            Ok(Line::Whole(line)) if line.trim_ascii().is_empty() => Ok(()),
            Ok(Line::Whole(line)) => answer(&mut database, &line, output).await,
            Err(error) => Err(Failure::io("can't read standard input", error)),
        };
        if answered.is_err() {
            ended = answered;
            break;
        }
    }
    if let Some(repository) = database.repository {
        repository.close().await;
    }
    ended
}

/// Reads lines on a thread of its own: a runtime that waits for a person to type must still serve its connections.
fn standard_input() -> Result<mpsc::Receiver<io::Result<Line>>, Failure> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let read = move || {
        let mut input = io::stdin().lock();
        while let Some(read) = Line::read(&mut input, LONGEST_REQUEST).transpose() {
            let last = read.is_err();
            if sender.blocking_send(read).is_err() || last {
                break;
            }
        }
    };
    thread::Builder::new()
        .name("stdin".into())
        .spawn(read)
        .map_err(|error| Failure::io("can't start a thread that reads standard input", error))?;
    Ok(receiver)
}

/// A line of standard input.
#[derive(Debug, PartialEq)]
enum Line {
    Whole(Vec<u8>),
    /// What is longer than a request may be was read, and not kept.
    TooLong,
}

impl Line {
    /// The next line; none at the end.
    fn read(input: &mut impl io::BufRead, longest: usize) -> io::Result<Option<Self>> {
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

/// The database, opened by the first request that needs it, and again by the next one when that fails.
struct Database {
    config: Config,
    repository: Option<Arc<dyn Repository>>,
}

impl Database {
    async fn open_for(&mut self, method: &str) -> Result<Arc<dyn Repository>> {
        if let Some(repository) = &self.repository {
            return Ok(Arc::clone(repository));
        }
        self.config.create_if_missing = creates(method);
        let repository = decnet_db::connect_with(&self.config).await?;
        Ok(Arc::clone(self.repository.insert(repository)))
    }
}

async fn answer(database: &mut Database, line: &[u8], output: &mut Output) -> Result<(), Failure> {
    let (id, request) = Request::read(line);
    let response = respond(database, request).await;
    respond_with(id, response, output)
}

fn respond_with(id: Json, response: Result<Json>, output: &mut Output) -> Result<(), Failure> {
    let outcome = match response {
        Ok(result) => Outcome::Ok(result),
        Err(error) => Outcome::Error(ErrorObject::of(&error)),
    };
    // The id is written by hand, since it is to come back byte for byte.
    let outcome = Json::of(&outcome)?;
    let members = outcome.as_str().strip_prefix('{').unwrap_or_default();
    output.text(&format!("{{\"id\":{id},{}\n", printable(members)))
}

async fn respond(database: &mut Database, request: Result<Request>) -> Result<Json> {
    let request = request?;
    method(&request.method)?;
    let repository = database.open_for(&request.method).await?;
    call(&*repository, &request.method, request.arguments).await
}

/// What a line asks for.
#[derive(Debug, PartialEq)]
struct Request {
    method: String,
    arguments: Json,
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
