//! `decnet-db call`.

use std::io::{self, Read as _};

use decnet_db::call::{call, method};
use decnet_db::contract::limits::LONGEST_REQUEST;
use decnet_db::json::Json;
use decnet_db::{Error, ErrorKind};
use serde::Serialize;

use super::lines;
use crate::args::Global;
use crate::connection::{CREATE_HINT, config, with_open};
use crate::errors::{ErrorObject, Failure};
use crate::output::Output;

#[derive(clap::Args)]
#[command(after_long_help = LINES_HELP)]
pub(crate) struct CallArgs {
    /// The method's name; `decnet-db methods` lists them
    #[arg(required_unless_present = "lines")]
    method: Option<String>,

    /// Its arguments as a JSON object; - reads it from standard input [default: no arguments]
    #[arg(value_name = "JSON")]
    arguments: Option<String>,

    /// Read requests from standard input, one a line, and answer each with a line
    #[arg(long, conflicts_with_all = ["method", "arguments"])]
    lines: bool,

    /// Print the result on one line even on a terminal
    #[arg(long)]
    compact: bool,
}

const LINES_HELP: &str = "\
The result is printed as JSON, on one line unless it goes to a terminal. With
--json a failure is printed too: {\"error\":{\"kind\":…,\"message\":…}}.

Requests and answers of --lines:
  {\"id\":…,\"method\":…,\"args\":{…}}
  {\"id\":…,\"ok\":…}  or  {\"id\":…,\"error\":{\"kind\":…,\"message\":…}}
  The id is any JSON and comes back byte for byte; args may be left out.
  Answers come in the order of the requests, each as soon as it is there,
  until standard input ends; then the exit code is 0, whatever they were.
  A line that is no request is answered with an error, and with the id null
  where none could be read. Blank lines are skipped.
  The first request opens the database; `initialize` creates what is missing.";

/// A failure as JSON shows it.
#[derive(Serialize)]
struct ErrorAnswer {
    error: ErrorObject,
}

pub(crate) async fn run(global: &Global, arguments: CallArgs, output: &mut Output) -> Result<(), Failure> {
    if arguments.compact {
        output.never_indent();
    }
    if arguments.lines {
        return lines::run(config(global)?, output).await;
    }
    let name = arguments.method.unwrap_or_default();
    match once(global, &name, arguments.arguments).await {
        Ok(result) => output.json(&result),
        Err(failure) => {
            if let (true, Failure::Library { error, .. }) = (output.is_json(), &failure) {
                output.json(&ErrorAnswer { error: ErrorObject::of(error) })?;
            }
            Err(failure)
        }
    }
}

async fn once(global: &Global, name: &str, arguments: Option<String>) -> Result<Json, Failure> {
    // A wrong name is reported without a database.
    method(name)?;
    let text = match arguments.as_deref() {
        None => "null".to_owned(),
        Some("-") => from_stdin()?,
        Some(text) => text.to_owned(),
    };
    let arguments = Json::parse(text).map_err(|error| error.within("arguments"))?;
    let mut config = config(global)?;
    config.create_if_missing = creates(name);
    with_open(&config, async |repository| {
        call(&*repository, name, arguments).await.map_err(|error| {
            let (kind, message) = (error.kind(), error.to_string());
            let failure = Failure::from(error);
            match kind {
                ErrorKind::InvalidInput => {
                    failure.or_hint(format!("`decnet-db methods {name}` shows its arguments"))
                }
                // A driver that knows the tool names it already.
                ErrorKind::Configuration
                    if message.contains("schema") && !message.contains("`decnet-db init`") =>
                {
                    failure.or_hint(CREATE_HINT)
                }
                _ => failure,
            }
        })
    })
    .await
}

/// Whether the method creates a database that is not there (ruling R2).
pub(crate) fn creates(method: &str) -> bool {
    matches!(method, "initialize" | "reinitialize")
}

/// The error for a request that is longer than one may be.
pub(crate) fn too_long(what: &str) -> Error {
    Error::invalid_input(what, format!("must be at most {} MiB long", LONGEST_REQUEST / (1024 * 1024)))
}

fn from_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST_REQUEST).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("can't read standard input", error))?;
    if bytes.len() > LONGEST_REQUEST {
        return Err(too_long("arguments").into());
    }
    Ok(String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::invalid_input("arguments", format!("standard input is not UTF-8 from byte {at} on"))
    })?)
}
