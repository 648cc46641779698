//! `decnet-db call`.

use std::collections::HashSet;
use std::io::{self, Read as _};

use decnet_db::call::{Method, call, method, methods};
use decnet_db::contract::limits::LONGEST_REQUEST;
use decnet_db::contract::tables::SCHEMA;
use decnet_db::json::Json;
use decnet_db::sql::ColumnKind;
use decnet_db::{Error, ErrorKind, excerpt};

use super::lines;
use crate::args::Global;
use crate::confirm::confirm_call;
use crate::connection::{CREATE_HINT, config, with_open};
use crate::error_object::too_long;
use crate::errors::{Failure, nearest};
use crate::json_text::with_decoded;
use crate::output::Output;

#[derive(clap::Args)]
#[command(after_long_help = LINES_HELP)]
pub(crate) struct CallArgs {
    /// The method's name; `decnet-db methods` lists them
    #[arg(required_unless_present = "lines")]
    method: Option<String>,

    /// Its arguments: a JSON object, - to read it from standard input, or NAME=VALUE for each [default: none]
    ///
    /// A VALUE is JSON where it can be, such as 5, true or {"a":1}, and otherwise a text; what the method takes as text is
    /// always one.
    #[arg(value_name = "ARGUMENTS")]
    arguments: Vec<String>,

    /// Read requests from standard input, one a line, and answer each with a line
    #[arg(long, conflicts_with_all = ["method", "arguments"])]
    lines: bool,

    /// Do what deletes more than one row that the call names, and don't ask
    #[arg(long)]
    yes: bool,

    /// Print the result on one line even on a terminal
    #[arg(long)]
    compact: bool,

    /// Print objects and lists that a column holds as text, such as `fields` and `payload`, as JSON
    #[arg(long, conflicts_with = "lines")]
    decode: bool,
}

const LINES_HELP: &str = "\
The result is printed as JSON, on one line unless it goes to a terminal. With --json a failure is printed too: \
{\"error\":{\"kind\":…,\"message\":…}}. What deletes more than the call names (purge_…, prune_…, \
delete_topology_cascade) asks on the terminal, or needs --yes.

Requests and answers of --lines:
  {\"id\":…,\"method\":…,\"args\":{…}}
  {\"id\":…,\"ok\":…}  or  {\"id\":…,\"error\":{\"kind\":…,\"message\":…}}

The id is any JSON and comes back byte for byte; args may be left out. Answers come in the order of the requests, each as \
soon as it is there, until standard input ends; then the exit code is 0, whatever they were. A line that is no request is \
answered with an error, and with the id null where none could be read. Blank lines are skipped. The first request opens the \
database; `initialize` creates what is missing.";

pub(crate) async fn run(global: &Global, arguments: CallArgs, output: &mut Output) -> Result<(), Failure> {
    if arguments.compact {
        output.never_indent();
    }
    if arguments.lines {
        return lines::run(config(global)?, output).await;
    }
    let decode = arguments.decode;
    let result = once(global, arguments).await?;
    if decode {
        output.json(&Json::parse(with_decoded(result.as_str(), holds_json))?)
    } else {
        output.json(&result)
    }
}

async fn once(global: &Global, arguments: CallArgs) -> Result<Json, Failure> {
    // A wrong name is reported without a database.
    let method = named(&arguments.method.unwrap_or_default())?;
    let name = method.name;
    let text = match arguments.arguments.as_slice() {
        [] => "null".to_owned(),
        [dash] if dash == "-" => from_stdin()?,
        [text] if pair(text).is_none() => text.clone(),
        pairs => of_pairs(method, pairs)?,
    };
    let json = Json::parse(text).map_err(|error| error.within("arguments"))?;
    let mut config = config(global)?;
    config.create_if_missing = creates(name);
    if deletes_much(name) && !arguments.yes {
        confirm_call(&config.url, name)?;
    }
    with_open(&config, async |repository| {
        call(&*repository, name, json).await.map_err(|error| {
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

/// The method that a name means: `get-logs` and `getLogs` mean `get_logs`.
fn named(name: &str) -> Result<&'static Method, Failure> {
    method(name).or_else(|error| {
        let plain = |name: &str| name.replace(['-', '_', ' '], "").to_ascii_lowercase();
        methods().find(|method| plain(method.name) == plain(name)).ok_or_else(|| {
            let failure = Failure::from(error);
            match nearest(name, methods().map(|method| method.name)) {
                Some(near) => failure.or_hint(format!("did you mean {near}?")),
                None => failure,
            }
        })
    })
}

/// The two sides of `NAME=VALUE`.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, value))
}

/// The JSON object of `NAME=VALUE …`.
fn of_pairs(method: &Method, pairs: &[String]) -> Result<String, Failure> {
    let mut members: Vec<String> = Vec::with_capacity(pairs.len());
    let mut names = HashSet::new();
    for text in pairs {
        let Some((name, value)) = pair(text) else {
            let message = format!("{} is not NAME=VALUE; a JSON object stands alone", excerpt(text));
            return Err(Error::invalid_input("arguments", message).into());
        };
        if !names.insert(name) {
            return Err(Error::invalid_input(name, "is given twice").into());
        }
        let is_text = method.arguments().any(|argument| argument.name == name && argument.ty == "text");
        let json = if is_text { None } else { Json::parse(value.to_owned()).ok() };
        let json = json.map_or_else(|| Json::of(value), Ok)?;
        members.push(format!("{}:{}", Json::of(name)?.as_str(), json.as_str()));
    }
    Ok(format!("{{{}}}", members.join(",")))
}

/// Whether a column of this name holds JSON text.
fn holds_json(name: &str) -> bool {
    let columns = SCHEMA.tables.iter().flat_map(|table| table.columns);
    columns
        .filter(|column| column.kind == ColumnKind::Json || column.json.is_some())
        .any(|column| column.name == name)
}

/// Whether the method deletes rows that the call does not name one by one.
fn deletes_much(method: &str) -> bool {
    method.starts_with("purge_") || method.starts_with("prune_") || method == "delete_topology_cascade"
}

/// Whether the method creates a database that is not there (ruling R2).
pub(crate) fn creates(method: &str) -> bool {
    matches!(method, "initialize" | "reinitialize")
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
