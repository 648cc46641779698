//! Calling contract methods by name, with JSON in and JSON out: for command-line tools, other languages and tests.
//!
//! The list follows from the contract: a method that is added there is here too.

pub use crate::contract::method::{Argument, Arguments, CallArguments, CallFuture, Method};
use crate::contract::{CONTRACT, Repository};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::text::excerpt;

/// All contract methods, in the order of the contract documents.
///
/// ```
/// use decnet_db_core::call::methods;
///
/// let get_logs = methods().find(|method| method.name == "get_logs").unwrap();
/// let names: Vec<_> = get_logs.arguments().map(|argument| argument.name).collect();
/// assert_eq!(names, ["limit", "offset", "search", "start_time", "end_time"]);
/// ```
pub fn methods() -> impl Iterator<Item = &'static Method> {
    CONTRACT.iter().copied().flatten()
}

/// The contract method of that name.
///
/// # Errors
/// Invalid input when there is none.
pub fn method(name: &str) -> Result<&'static Method> {
    methods().find(|method| method.name == name).ok_or_else(|| {
        Error::invalid_input(
            "method",
            format!(
                "there is no method {}; `methods` lists the {} that there are",
                excerpt(name),
                methods().count()
            ),
        )
    })
}

/// Calls a contract method by name. `arguments` is a JSON object with the arguments' names of the contract documents; an
/// argument that is null counts as absent.
///
/// # Errors
/// Invalid input that names the method or argument: unknown, missing, or of the wrong type. Otherwise what the method itself
/// returns.
pub async fn call(repository: &dyn Repository, method: &str, arguments: impl Into<Json>) -> Result<Json> {
    let method = self::method(method)?;
    let arguments = CallArguments::read(method, &arguments.into())?;
    (method.call)(repository, arguments).await
}
