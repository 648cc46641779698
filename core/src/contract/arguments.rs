//! Reading named arguments from JSON.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::method::{Argument, Method};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::{Changeset, Record};
use crate::text::shown;
use crate::time::Timestamp;

/// A struct whose fields are arguments, made by `#[derive(Arguments)]`: an absent one has the value of the struct's
/// `Default`.
pub trait Arguments: Default {
    /// The arguments.
    const OWN: &'static [Argument];
    /// All arguments, in groups: those of a query are its page and its filter.
    const ARGUMENTS: &'static [&'static [Argument]] = &[Self::OWN];

    /// Takes the arguments out.
    ///
    /// # Errors
    /// Invalid input that names the argument.
    fn read(arguments: &mut CallArguments) -> Result<Self>;
}

/// The arguments of one call that have not been taken yet.
#[derive(Debug)]
pub struct CallArguments {
    method: &'static str,
    given: BTreeMap<String, Json>,
}

impl CallArguments {
    /// Reads a JSON object of arguments; null stands for none.
    ///
    /// # Errors
    /// Invalid input when it is no object or has a name that is no argument of the method.
    pub(crate) fn read(method: &'static Method, json: &Json) -> Result<Self> {
        let given: BTreeMap<String, Json> = if json.is_null() {
            BTreeMap::new()
        } else if json.is_object() {
            json.decode()?
        } else {
            return Err(Error::invalid_input("arguments", format!("{} takes a JSON object", method.name)));
        };
        if let Some(unknown) =
            given.keys().find(|name| method.arguments().all(|argument| argument.name != *name))
        {
            let names: Vec<_> = method.arguments().map(|argument| argument.name).collect();
            let takes = if names.is_empty() { "no argument".to_owned() } else { names.join(", ") };
            return Err(Error::invalid_input(
                shown(unknown),
                format!("{} has no such argument; it takes {takes}", method.name),
            ));
        }
        Ok(Self { method: method.name, given })
    }

    /// Takes an argument that must be there.
    ///
    /// # Errors
    /// Invalid input when it is missing or of the wrong type.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let json = self.given.remove(name).ok_or_else(|| self.missing(name))?;
        json.decode().map_err(|error| error.within(name))
    }

    /// Takes an argument that may be absent or null.
    ///
    /// # Errors
    /// Invalid input when it is of the wrong type.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        match self.given.remove(name) {
            Some(json) if !json.is_null() => json.decode().map(Some).map_err(|error| error.within(name)),
            _ => Ok(None),
        }
    }

    /// Takes a truth value that may be absent or null: true, false, 0 or 1 (ruling R8).
    ///
    /// # Errors
    /// Invalid input when it is anything else.
    pub fn optional_flag(&mut self, name: &str) -> Result<Option<bool>> {
        #[derive(serde::Deserialize)]
        struct Flag(#[serde(deserialize_with = "crate::json::de::flag")] bool);
        Ok(self.optional::<Flag>(name)?.map(|flag| flag.0))
    }

    /// Takes a truth value that must be there.
    ///
    /// # Errors
    /// Invalid input when it is missing or anything else.
    pub fn required_flag(&mut self, name: &str) -> Result<bool> {
        self.optional_flag(name)?.ok_or_else(|| self.missing(name))
    }

    /// Takes columns of a record that must be there.
    ///
    /// # Errors
    /// Invalid input that names the column (`data.ip`) when it is missing or can't be read.
    pub fn required_changes<R: Record>(&mut self, name: &str) -> Result<Changeset<R>> {
        let json = self.given.remove(name).ok_or_else(|| self.missing(name))?;
        Changeset::from_json(&json).map_err(|error| error.within(name))
    }

    /// Takes a count that may be absent or null: a whole number that is not negative (ruling R8).
    ///
    /// # Errors
    /// Invalid input when it is anything else.
    pub fn optional_count(&mut self, name: &str) -> Result<Option<u64>> {
        let Some(json) = self.given.remove(name).filter(|json| !json.is_null()) else { return Ok(None) };
        let text = json.as_str();
        text.parse().map(Some).map_err(|_| {
            let negative = text.strip_prefix('-').is_some_and(|digits| digits.parse::<u64>().is_ok());
            Error::invalid_input(
                name,
                if negative { "must not be negative" } else { "must be a whole number" },
            )
        })
    }

    /// Takes a count that must be there.
    ///
    /// # Errors
    /// Invalid input when it is missing or anything else.
    pub fn required_count(&mut self, name: &str) -> Result<u64> {
        self.optional_count(name)?.ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        Error::invalid_input(name, format!("{} needs this argument", self.method))
    }

    /// Takes a time that may be absent, null or empty text.
    ///
    /// # Errors
    /// Invalid input when it is no time.
    pub fn optional_time(&mut self, name: &str) -> Result<Option<Timestamp>> {
        if self.given.get(name).is_some_and(|json| json.as_str() == "\"\"") {
            self.given.remove(name);
        }
        self.optional(name)
    }
}
