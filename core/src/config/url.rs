//! The database URL: its parts, its builders, and how it is shown.

use std::{fmt, path::Path};

use super::{Host, Secret, percent};
use crate::{Error, Result};

mod parse;
#[cfg(test)]
mod tests;

/// Says which database to open: `scheme[+driver]://[user[:password]@]host[:port][,host2[:port2]…]/database?options`.
///
/// The parts are kept decoded. `Debug` and `Display` show the URL without secrets; [`expose`](Self::expose) gives the
/// whole of it. Any scheme parses, for the registry decides which driver serves it.
///
/// **SQLite** paths are written as SQLAlchemy writes them: `sqlite:///relative.db`, `sqlite:////absolute.db`,
/// `sqlite:///:memory:`. In a file name `?` is written `%3F` and `%` (before two hex digits) `%25`; blanks and `#` may
/// stand as they are. [`DatabaseUrl::sqlite`] does all that for a plain path.
///
/// **Encoding** (ruling R11): user, password, hosts, database and options are percent-decoded, `+` is a plus and never
/// a blank, a `%` that two hex digits don't follow stands for itself. Text that isn't UTF-8 once decoded is an error.
///
/// **Special characters in a password** are best written `%XX`. As they stand, `#`, `:` and `+` always work, `@` works
/// beside neither `/` nor `?`, and `/` and `?` work where nothing else could be meant; what can be read in two ways is
/// an error, so that no piece of a password ever passes for a host or a database.
///
/// ```
/// use decnet_db_core::config::DatabaseUrl;
///
/// let url: DatabaseUrl = "mysql+asyncmy://decnet:p%40ss@db1:3307,[::1]/decnet?charset=utf8mb4".parse()?;
/// assert_eq!(url.scheme(), "mysql");
/// assert_eq!(url.password().map(|p| p.expose()), Some("p@ss"));
/// assert_eq!(url.hosts()[1].name, "::1");
/// assert_eq!(url.option("charset"), Some("utf8mb4"));
/// assert_eq!(url.to_string(), "mysql+asyncmy://decnet:***@db1:3307,[::1]/decnet?charset=utf8mb4");
///
/// let url = DatabaseUrl::sqlite("captures/100% real?.db")?;
/// assert_eq!(url.to_string(), "sqlite:///captures/100%25%20real%3F.db");
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    scheme: String,
    driver_suffix: Option<String>,
    user: Option<String>,
    password: Option<Secret>,
    hosts: Vec<Host>,
    database: String,
    options: Vec<(String, String)>,
}

impl DatabaseUrl {
    /// A URL that has only a scheme, `mysql` or `mysql+asyncmy`, for the `with_…` methods to fill.
    ///
    /// # Errors
    /// Configuration: the scheme has other characters than ASCII letters, digits, `.`, `-`, `_` and one `+` before a
    /// driver name; or it is `sqlite`, which needs a path: see [`sqlite`](Self::sqlite).
    pub fn new(scheme: &str) -> Result<Self> {
        let url = Self::with_scheme(scheme)?;
        if url.is_sqlite() { Err(parse::no_sqlite_path()) } else { Ok(url) }
    }

    /// The URL of a SQLite file, from a plain path with any characters in it; `:memory:` is a database in memory (a
    /// file of that name is `./:memory:`).
    ///
    /// # Errors
    /// Configuration: the path is empty, not UTF-8, or contains a NUL character.
    pub fn sqlite(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = path.to_str().ok_or_else(|| {
            Error::configuration(format!(
                "the database path {} is not UTF-8: a database URL can't name it; rename it or use a symbolic link",
                path.display()
            ))
        })?;
        let mut url = Self::with_scheme("sqlite")?;
        text.clone_into(&mut url.database);
        url.checked_sqlite_path()
    }

    fn with_scheme(scheme: &str) -> Result<Self> {
        let (base, suffix) = scheme.split_once('+').map_or((scheme, None), |(base, rest)| (base, Some(rest)));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let valid = base.starts_with(|first: char| first.is_ascii_alphabetic())
            && base.bytes().all(plain)
            && suffix
                .is_none_or(|suffix| !suffix.is_empty() && suffix.bytes().all(|b| plain(b) || b == b'+'));
        if !valid {
            return Err(parse::no_scheme());
        }
        Ok(Self {
            scheme: base.to_ascii_lowercase(),
            driver_suffix: suffix.map(str::to_owned),
            user: None,
            password: None,
            hosts: Vec::new(),
            database: String::new(),
            options: Vec::new(),
        })
    }

    fn is_sqlite(&self) -> bool {
        self.scheme == "sqlite"
    }

    fn checked_sqlite_path(self) -> Result<Self> {
        if self.database.is_empty() {
            Err(parse::no_sqlite_path())
        } else if self.database.contains('\0') {
            Err(Error::configuration(
                "the path of the SQLite database contains a NUL character: no file has such a name",
            ))
        } else {
            Ok(self)
        }
    }

    /// The same URL with another user; an empty one counts as none. Users, passwords and hosts are for servers: a SQLite
    /// URL can't say them.
    #[must_use]
    pub fn with_user(mut self, user: &str) -> Self {
        self.user = (!user.is_empty()).then(|| user.to_owned());
        self
    }

    /// The same URL with another password.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The same URL with one more host at the end of the list.
    #[must_use]
    pub fn with_host(mut self, host: Host) -> Self {
        self.hosts.push(host);
        self
    }

    /// The same URL with another database name. For a SQLite file use [`sqlite`](Self::sqlite).
    #[must_use]
    pub fn with_database(mut self, database: &str) -> Self {
        database.clone_into(&mut self.database);
        self
    }

    /// The same URL with one more option at the end of the list.
    #[must_use]
    pub fn with_option(mut self, key: &str, value: &str) -> Self {
        self.options.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The scheme in lower case, without the driver's name: `sqlite`, `mysql`, `mariadb`, …
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What stands after the `+` in the scheme, `aiosqlite` or `asyncmy` in DECNET's URLs. Nothing depends on it.
    pub fn driver_suffix(&self) -> Option<&str> {
        self.driver_suffix.as_deref()
    }

    /// The user's name, never empty.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The password; `user:@host` has an empty one, `user@host` none.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The servers, in the order in which they are to be tried; empty when the URL names none.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The database's name, empty if there is none; for SQLite the path, `:memory:` or never empty.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The options as (key, value), in the order in which they were written, repeated keys included.
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// The value of an option; of a repeated one, the last. Keys are compared exactly.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The whole URL, password included, every component percent-encoded; parsing it gives an equal URL.
    pub fn expose(&self) -> String {
        Written { url: self, secrets: true }.to_string()
    }
}

impl DatabaseUrl {
    /// As [`expose`](Self::expose) under another scheme, without the driver's name: for client libraries that read URLs.
    pub fn expose_as(&self, scheme: &str) -> String {
        let text = self.expose();
        format!("{scheme}{}", text.find("://").map_or("", |at| &text[at..]))
    }

    /// Whether what is sent to the URL's servers stays on this machine: see [`Host::is_local`]. Without a host it does.
    pub fn is_local(&self) -> bool {
        self.hosts.iter().all(Host::is_local)
    }
}

/// Writes a URL with or without its secrets.
struct Written<'a> {
    url: &'a DatabaseUrl,
    secrets: bool,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url;
        f.write_str(&url.scheme)?;
        if let Some(suffix) = &url.driver_suffix {
            write!(f, "+{suffix}")?;
        }
        f.write_str("://")?;
        if let Some(user) = &url.user {
            write!(f, "{}", percent::encode(user))?;
        }
        match &url.password {
            Some(password) if self.secrets => write!(f, ":{}", percent::encode(password.expose()))?,
            Some(_) => write!(f, ":{}", Secret::REDACTED)?,
            None => {}
        }
        if url.user.is_some() || url.password.is_some() {
            f.write_str("@")?;
        }
        for (index, host) in url.hosts.iter().enumerate() {
            write!(f, "{}{host}", if index == 0 { "" } else { "," })?;
        }
        if !url.database.is_empty() || !url.options.is_empty() {
            write!(f, "/{}", percent::encode_path(&url.database))?;
        }
        for (index, (key, value)) in url.options.iter().enumerate() {
            write!(f, "{}{}=", if index == 0 { '?' } else { '&' }, percent::encode(key))?;
            if self.secrets || !holds_secret(key, value) {
                write!(f, "{}", percent::encode_path(value))?;
            } else {
                f.write_str(Secret::REDACTED)?;
            }
        }
        Ok(())
    }
}

/// Whether an option's value must not be shown, judged by its key. Rather too much than too little; but the path of a
/// TLS key's file is what one needs to see when TLS doesn't work.
fn holds_secret(key: &str, value: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    if matches!(key.as_str(), "ssl_key" | "sslkey" | "tls_key" | "ssl_key_file" | "tls_key_file") {
        return value.contains("PRIVATE") || value.contains(char::is_control);
    }
    ["pass", "pwd", "secret", "token", "credential", "key"].iter().any(|word| key.contains(word))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Written { url: self, secrets: false }.fmt(f)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}
