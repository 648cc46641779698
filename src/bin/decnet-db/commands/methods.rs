//! `decnet-db methods`.

use decnet_db::call::{Argument, Method, method, methods};
use decnet_db::sql::{Column, ColumnKind, Table};
use serde::Serialize;

use crate::errors::Failure;
use crate::output::{Align, Output, table};

#[derive(clap::Args)]
pub(crate) struct MethodsArgs {
    /// Only methods whose name contains this; the name of one shows all of it
    #[arg(value_name = "WORD")]
    word: Option<String>,
}

/// A method as JSON shows it.
#[derive(Serialize)]
struct MethodObject {
    name: &'static str,
    doc: &'static str,
    writes: bool,
    arguments: Vec<ArgumentObject>,
    returns: &'static str,
}

/// An argument as JSON shows it.
#[derive(Serialize)]
struct ArgumentObject {
    name: &'static str,
    #[serde(rename = "type")]
    ty: &'static str,
    required: bool,
    doc: &'static str,
    /// The members of a map of columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<ColumnObject>>,
}

/// A column as JSON shows it.
#[derive(Serialize)]
struct ColumnObject {
    name: &'static str,
    #[serde(rename = "type")]
    ty: String,
    nullable: bool,
}

impl From<&Method> for MethodObject {
    fn from(method: &Method) -> Self {
        let argument = |&Argument { name, ty, required, doc, table, .. }: &Argument| {
            let columns = table.map(|table| table.columns.iter().map(ColumnObject::from).collect());
            ArgumentObject { name, ty, required, doc, columns }
        };
        Self {
            name: method.name,
            doc: method.doc,
            writes: method.writes,
            arguments: method.arguments().map(argument).collect(),
            returns: method.returns,
        }
    }
}

impl From<&Column> for ColumnObject {
    fn from(column: &Column) -> Self {
        Self { name: column.name, ty: kind_text(column.kind), nullable: column.nullable }
    }
}

pub(crate) fn run(arguments: &MethodsArgs, output: &mut Output) -> Result<(), Failure> {
    let word = arguments.word.as_deref().unwrap_or_default();
    if let Ok(method) = method(word)
        && !output.is_json()
    {
        return output.text(&in_full(method));
    }
    let wanted = methods().filter(|method| method.name.contains(word));
    if output.is_json() {
        return output.json(&wanted.map(MethodObject::from).collect::<Vec<_>>());
    }
    output.text(
        &wanted.map(|method| format!("{}\n    {}\n", signature(method), method.doc)).collect::<String>(),
    )
}

/// `get_state(key: text) -> any JSON or null`. A `?` marks what may be left out.
fn signature(method: &Method) -> String {
    let arguments: Vec<String> = method
        .arguments()
        .map(|argument| {
            let mark = if argument.required { "" } else { "?" };
            format!("{}{mark}: {}", argument.name, argument.ty)
        })
        .collect();
    format!("{}({}) -> {}", method.name, arguments.join(", "), method.returns)
}

/// All that is known of a method.
fn in_full(method: &Method) -> String {
    let access = if method.writes { "writes" } else { "reads" };
    let mut text = format!("{}\n\n{}\n\n", signature(method), method.doc);
    text.push_str(&format!("domain   {}\naccess   {access}\nreturns  {}\n", method.domain, method.returns));
    let arguments: Vec<&Argument> = method.arguments().collect();
    if !arguments.is_empty() {
        let rows: Vec<[String; 4]> = arguments
            .iter()
            .map(|argument| {
                let need = if argument.required { "required" } else { "optional" };
                [argument.name, need, argument.ty, argument.doc].map(str::to_owned)
            })
            .collect();
        let columns = ["ARGUMENT", "", "TYPE", ""].map(|title| (title, Align::Left));
        text.push_str(&format!("\n{}", table(columns, &rows)));
    }
    for kind in KINDS {
        if arguments.iter().any(|argument| (kind.is)(argument.ty)) {
            text.push_str(&format!("\n{}\n", kind.means));
        }
    }
    for table in arguments.iter().filter_map(|argument| argument.table) {
        text.push_str(&columns_text(table));
    }
    text.push_str(&format!("\nexample  decnet-db call {}{}\n", method.name, example(&arguments)));
    text
}

/// A kind of type, and what its JSON is.
struct Kind {
    is: fn(&str) -> bool,
    means: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        is: |ty| ty == "time",
        means: "A time is a text such as 2026-01-02T03:04:05.678901Z; without an offset it is in UTC.",
    },
    Kind {
        is: |ty| ty.ends_with("Cursor"),
        means: "A cursor is `next` of the page before, as it came; without one the first page is read.",
    },
    Kind {
        is: |ty| ty.contains("any JSON"),
        means: "Any JSON is a value of any kind; NAME=VALUE takes it as JSON where it is some.",
    },
    Kind {
        is: |ty| ty.starts_with("map of "),
        means: "A map of columns is a JSON object; what it lacks is left as it is, or takes its default.",
    },
];

fn columns_text(of: &Table) -> String {
    let rows: Vec<[String; 3]> = of
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "or null" } else { "" };
            [column.name.to_owned(), kind_text(column.kind), null.to_owned()]
        })
        .collect();
    format!("\n{}", table([("COLUMN", Align::Left), ("TYPE", Align::Left), ("", Align::Left)], &rows))
}

/// A column's kind as JSON users know it.
fn kind_text(kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Serial => "integer, given by the database".to_owned(),
        ColumnKind::Text | ColumnKind::LongText => "text".to_owned(),
        ColumnKind::TextOf(characters) => format!("text of at most {characters} characters"),
        ColumnKind::Int => "integer".to_owned(),
        ColumnKind::Int32 => "integer of 32 bits".to_owned(),
        ColumnKind::Float => "number".to_owned(),
        ColumnKind::Bool => "boolean".to_owned(),
        ColumnKind::Time => "time".to_owned(),
        ColumnKind::Json => "JSON, or a text that holds some".to_owned(),
        ColumnKind::Bytes(bytes) => format!("text of {} hexadecimal digits", 2 * bytes),
        _ => "a value".to_owned(),
    }
}

/// The arguments of a call with all that is required, or with the first that is not.
fn example(arguments: &[&Argument]) -> String {
    let mut wanted: Vec<&&Argument> = arguments.iter().filter(|argument| argument.required).collect();
    if wanted.is_empty() {
        wanted.extend(arguments.first());
    }
    let value = |argument: &Argument| match argument.ty {
        "integer" => "10".to_owned(),
        "number" => "0.5".to_owned(),
        "boolean" => "true".to_owned(),
        "time" => "2026-01-02T03:04:05Z".to_owned(),
        "text" => format!("'a {}'", argument.name.replace('_', " ")),
        ty if ty.starts_with("list of ") => "'[…]'".to_owned(),
        _ => "'{…}'".to_owned(),
    };
    wanted.iter().map(|argument| format!(" {}={}", argument.name, value(argument))).collect()
}
