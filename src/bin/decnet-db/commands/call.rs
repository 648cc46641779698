//! `decnet-db call`.

use std::io::{self, Read as _};

use decnet_db::call::{call, method};
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
The result is printed as JSON. With --json a failure is printed too, as {\"error\":{\"kind\":…,\"message\":…}}.

With --lines, a request is {\"id\":…,\"method\":…,\"args\":…}, its answer {\"id\":…,\"ok\":…} or
{\"id\":…,\"error\":{\"kind\":…,\"message\":…}}. Answers come in the order of the requests, each as soon as it is there, until
standard input ends; then the exit code is 0. The id may be any JSON, and comes back as it was; a line that is no request is
answered with an error, with the id null where none could be read; blank lines are skipped. The database is opened by the
first request; `initialize` creates what is missing.";

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
    method(name).map_err(|error| Failure::from(error).or_hint("`decnet-db methods` lists them"))?;
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
            let failure = Failure::from(error);
            match failure.kind() {
                // What else may be wrong with a configuration was found when the database was opened.
                Some(ErrorKind::Configuration) if !creates(name) => failure.or_hint(CREATE_HINT),
                Some(ErrorKind::InvalidInput) => {
                    failure.or_hint(format!("`decnet-db methods {name}` lists its arguments"))
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

fn from_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("can't read standard input", error))?;
    Ok(String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::invalid_input("arguments", format!("standard input is not UTF-8 from byte {at} on"))
    })?)
}
