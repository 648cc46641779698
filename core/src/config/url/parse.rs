//! Taking a database URL apart.
//!
//! By hand rather than with the `url` crate: that one refuses several hosts, drops the difference between three and
//! four slashes' worth of path in a scheme without authority, and ends a password at `#`. No error repeats any part of
//! the text: in a malformed URL, any part may be the password.

use std::str::FromStr;

use super::DatabaseUrl;
use crate::{
    Error, Result,
    config::{Host, percent},
};

impl FromStr for DatabaseUrl {
    type Err = Error;

    /// Parses a database URL.
    ///
    /// # Errors
    /// Configuration, saying what is wrong and how to write it; never with a piece of the URL in it that could be a
    /// password.
    fn from_str(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| missing_slashes(text))?;
        let mut url = Self::with_scheme(scheme)?;
        if url.is_sqlite() {
            let (location, options) = split_options(rest);
            url.database = percent::decode(sqlite_path(location)?, "path")?;
            url.options = parse_options(options)?;
            return url.checked_sqlite_path();
        }
        let (user_info, rest) = split_user_info(rest)?;
        if let Some(user_info) = user_info {
            let (user, password) = user_info
                .split_once(':')
                .map_or((user_info, None), |(user, password)| (user, Some(password)));
            url = url.with_user(&percent::decode(user, "user")?);
            if let Some(password) = password {
                url = url.with_password(percent::decode(password, "password")?);
            }
        }
        let (location, options) = split_options(rest);
        let (hosts, database) = location.split_once('/').unwrap_or((location, ""));
        url.hosts = Host::parse_list(hosts)?;
        url.database = percent::decode(database, "database name")?;
        url.options = parse_options(options)?;
        Ok(url)
    }
}

/// Splits `user:password@` off. An `@` ends the user info and must be `%40` anywhere after the hosts, for otherwise
/// `user:pa@ss/word@host` would show half a password as a host.
fn split_user_info(rest: &str) -> Result<(Option<&str>, &str)> {
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let at_behind = rest[authority.len()..].matches('@').count();
    if at_behind == 0 {
        let split = authority.rfind('@').map(|at| (Some(&rest[..at]), &rest[at + 1..]));
        return Ok(split.unwrap_or((None, rest)));
    }
    // `user:pa/ss@host`: accepted, as SQLAlchemy does, when `user:pa` can't be a host and a port.
    let password_cut = authority.contains(':')
        && !authority.starts_with('[')
        && !authority.contains('@')
        && Host::parse_list(authority).is_err();
    match rest.split_once('@') {
        Some((user_info, rest)) if password_cut && at_behind == 1 => Ok((Some(user_info), rest)),
        _ => Err(Error::configuration(
            "the database URL has an @ that can be read in two ways: write @ as %40, / as %2F and ? as %3F in the \
             password, and @ as %40 in the database name and the options",
        )),
    }
}

/// Splits the options off at the first `?`.
fn split_options(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

fn parse_options(text: &str) -> Result<Vec<(String, String)>> {
    text.split('&')
        .filter(|option| !option.is_empty())
        .map(|option| {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            Ok((percent::decode(key, "name of an option")?, percent::decode(value, "value of an option")?))
        })
        .collect()
}

/// What follows the third slash. Two slashes make the first folder a host, which SQLite has none of.
fn sqlite_path(location: &str) -> Result<&str> {
    match location.split_once('/') {
        Some(("", path)) => Ok(path),
        None if location.is_empty() => Err(no_sqlite_path()),
        None if location == ":memory:" => Err(Error::configuration(
            "the SQLite URL has two slashes where three are needed: write sqlite:///:memory:",
        )),
        _ => {
            // With an @ or a colon it may hold a password, meant for a server: shown by an example instead.
            let path = if location.contains(['@', ':']) || location.chars().any(char::is_control) {
                "folder/file.db"
            } else {
                location.strip_prefix("localhost/").unwrap_or(location)
            };
            Err(Error::configuration(format!(
                "the SQLite URL has two slashes, so that its first folder reads as a host: write sqlite:///{path} for \
                 a path relative to the working directory or sqlite:////{path} for an absolute one"
            )))
        }
    }
}

pub(super) fn no_sqlite_path() -> Error {
    Error::configuration(
        "the SQLite URL names no file: write sqlite:///relative.db, sqlite:////absolute.db, or sqlite:///:memory: if a \
         database in memory is meant",
    )
}

pub(super) fn no_scheme() -> Error {
    Error::configuration(
        "the database URL doesn't begin with a scheme: write sqlite:///path/to/file.db or \
         mysql://user:password@host/database",
    )
}

fn missing_slashes(text: &str) -> Error {
    if text.is_empty() {
        Error::configuration(
            "the database URL is empty: write sqlite:///path/to/file.db or mysql://user:password@host/database",
        )
    } else if text.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("sqlite")) {
        Error::configuration(
            "the SQLite URL lacks its slashes: write sqlite:///relative.db, sqlite:////absolute.db or \
             sqlite:///:memory:",
        )
    } else {
        no_scheme()
    }
}
