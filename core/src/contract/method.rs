//! A contract method that can be called by name.

use std::future::Future;
use std::pin::Pin;

use super::Repository;
pub use super::arguments::{Arguments, CallArguments};
use crate::error::Result;
use crate::json::Json;
use crate::sql::Table;

/// What [`call`](crate::call::call) returns for a repository of lifetime `'r`.
pub type CallFuture<'r> = Pin<Box<dyn Future<Output = Result<Json>> + Send + 'r>>;

/// A contract method that can be called by name.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Method {
    /// The trait that has it, such as `Logs`.
    pub domain: &'static str,
    /// Its name, which is DECNET's.
    pub name: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// What it returns, as JSON users know it: `list of Log`, `text or null`.
    pub returns: &'static str,
    /// Whether it may change what is stored.
    pub writes: bool,
    #[doc(hidden)]
    pub groups: &'static [&'static [&'static [Argument]]],
    #[doc(hidden)]
    pub call: for<'r> fn(&'r dyn Repository, CallArguments) -> CallFuture<'r>,
    /// Reads a result into the method's type, and shows it.
    pub(crate) again: fn(&Json) -> Result<Json>,
}

impl Method {
    /// For the contract attribute.
    #[doc(hidden)]
    #[expect(clippy::too_many_arguments, reason = "only the attribute calls it")]
    pub const fn new(
        domain: &'static str,
        name: &'static str,
        doc: &'static str,
        returns: &'static str,
        writes: bool,
        groups: &'static [&'static [&'static [Argument]]],
        call: for<'r> fn(&'r dyn Repository, CallArguments) -> CallFuture<'r>,
        again: fn(&Json) -> Result<Json>,
    ) -> Self {
        Self { domain, name, doc, returns, writes, groups, call, again }
    }

    /// The same result after a client has read it into the method's type: for tests, since the type is not known by name.
    ///
    /// # Errors
    /// Invalid input when it is not what the method returns.
    #[doc(hidden)]
    pub fn read_and_shown(&self, result: &Json) -> Result<Json> {
        (self.again)(result)
    }

    /// Its arguments.
    pub fn arguments(&self) -> impl Iterator<Item = &'static Argument> + use<> {
        self.groups.iter().copied().flatten().copied().flatten()
    }
}

/// An argument of a [`Method`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Argument {
    /// Its name, as the contract documents have it.
    pub name: &'static str,
    /// Its type, as JSON users know it.
    pub ty: &'static str,
    /// Whether a call without it is refused.
    pub required: bool,
    /// What it means, in one line; empty where the name says it.
    pub doc: &'static str,
    /// The table whose columns are the members, where it is a map of columns.
    pub table: Option<&'static Table>,
}
