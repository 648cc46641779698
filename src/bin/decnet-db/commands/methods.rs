//! `decnet-db methods`.

use decnet_db::call::{Argument, Method, methods};
use serde::Serialize;

use crate::errors::Failure;
use crate::output::Output;

#[derive(clap::Args)]
pub(crate) struct MethodsArgs {
    /// Only methods whose name contains this
    #[arg(value_name = "WORD")]
    word: Option<String>,
}

/// A method as JSON shows it.
#[derive(Serialize)]
struct MethodObject {
    name: &'static str,
    doc: &'static str,
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
}

impl From<&Method> for MethodObject {
    fn from(method: &Method) -> Self {
        let argument = |&Argument { name, ty, required, doc, .. }| ArgumentObject { name, ty, required, doc };
        Self {
            name: method.name,
            doc: method.doc,
            arguments: method.arguments().map(argument).collect(),
            returns: method.returns,
        }
    }
}

pub(crate) fn run(arguments: &MethodsArgs, output: &mut Output) -> Result<(), Failure> {
    let word = arguments.word.as_deref().unwrap_or_default();
    let wanted: Vec<MethodObject> =
        methods().filter(|method| method.name.contains(word)).map(MethodObject::from).collect();
    if output.is_json() {
        return output.json(&wanted);
    }
    output.text(&wanted.iter().map(described).collect::<String>())
}

/// Signature, then what it does: `get_state(key: text) -> any JSON or null`. A `?` marks what may be left out.
fn described(method: &MethodObject) -> String {
    let arguments: Vec<String> = method
        .arguments
        .iter()
        .map(|argument| {
            let mark = if argument.required { "" } else { "?" };
            format!("{}{mark}: {}", argument.name, argument.ty)
        })
        .collect();
    format!("{}({}) -> {}\n    {}\n", method.name, arguments.join(", "), method.returns, method.doc)
}
