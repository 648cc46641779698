//! Calling contract methods by name, with JSON in and JSON out: for command-line tools, other languages and tests.
//!
//! The list follows from the contract: a method that is added there is here too.

mod arguments;

use std::future::Future;
use std::pin::Pin;

pub use arguments::{Arguments, CallArguments};

use crate::contract::{CONTRACT, Repository};
use crate::error::{Error, Result};
use crate::excerpt::excerpt;
use crate::json::Json;

/// What [`call`] returns for a repository of lifetime `'r`.
pub type CallFuture<'r> = Pin<Box<dyn Future<Output = Result<Json>> + Send + 'r>>;

/// A contract method that can be called by name.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Method {
    /// Its name, which is DECNET's.
    pub name: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// What it returns, as JSON users know it: `list of Log`, `text or null`.
    pub returns: &'static str,
    #[doc(hidden)]
    pub groups: &'static [&'static [&'static [Argument]]],
    #[doc(hidden)]
    pub call: for<'r> fn(&'r dyn Repository, CallArguments) -> CallFuture<'r>,
}

impl Method {
    /// For the contract attribute.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        returns: &'static str,
        groups: &'static [&'static [&'static [Argument]]],
        call: for<'r> fn(&'r dyn Repository, CallArguments) -> CallFuture<'r>,
    ) -> Self {
        Self { name, doc, returns, groups, call }
    }

    /// Its arguments.
    pub fn arguments(&self) -> impl Iterator<Item = &'static Argument> + use<> {
        self.groups.iter().copied().flatten().copied().flatten()
    }
}

/// An argument of a [`Method`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// Its name, as the contract documents have it.
    pub name: &'static str,
    /// Its type, as JSON users know it.
    pub ty: &'static str,
    /// Whether a call without it is refused.
    pub required: bool,
    /// What it means, in one line; empty where the name says it.
    pub doc: &'static str,
}

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
