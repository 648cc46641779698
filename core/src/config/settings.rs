//! Layered look-up of `DECNET_…` variables: process environment, INI file, `.env` files.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{Secret, dotenv, ini};
use crate::{Error, Result};

#[cfg(test)]
mod tests;

const PREFIX: &str = "DECNET_";

/// INI sections with a fixed set of keys, and the variables that these set.
const SECTIONS: [(&str, &[(&str, &str)]); 4] = [
    (
        "database",
        &[
            ("type", "DECNET_DB_TYPE"),
            ("url", "DECNET_DB_URL"),
            ("host", "DECNET_DB_HOST"),
            ("port", "DECNET_DB_PORT"),
            ("name", "DECNET_DB_NAME"),
            ("user", "DECNET_DB_USER"),
        ],
    ),
    ("web", &[("admin-user", "DECNET_ADMIN_USER")]),
    ("tracing", &[("enabled", "DECNET_DEVELOPER_TRACING"), ("otel-endpoint", "DECNET_OTEL_ENDPOINT")]),
    ("ingester", &[("batch-size", "DECNET_BATCH_SIZE"), ("batch-max-wait-ms", "DECNET_BATCH_MAX_WAIT_MS")]),
];

/// Where [`Settings`] are loaded from. [`Sources::process`] is what programs use; tests fill in their own.
#[derive(Clone)]
#[non_exhaustive]
pub struct Sources {
    /// The environment, by name; only `DECNET_…` matters.
    pub environment: BTreeMap<String, String>,
    /// The folder whose `.env.local` and `.env` are read.
    pub directory: PathBuf,
    /// The INI file when `DECNET_CONFIG` names none.
    pub default_ini: PathBuf,
}

impl Sources {
    /// The process environment, the working directory, and `/etc/decnet/decnet.ini`.
    ///
    /// # Errors
    /// Configuration: a `DECNET_…` variable is not UTF-8.
    pub fn process() -> Result<Self> {
        let mut environment = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            let value = value.into_string().map_err(|_| {
                Error::configuration(format!("{name} (from the environment) is not valid UTF-8"))
            })?;
            environment.insert(name.to_owned(), value);
        }
        Ok(Self {
            environment,
            directory: PathBuf::new(),
            default_ini: PathBuf::from("/etc/decnet/decnet.ini"),
        })
    }

    /// Other sources: an environment and a folder for `.env` files; no INI file unless `DECNET_CONFIG` names one.
    pub fn new<K: Into<String>, V: Into<String>>(
        environment: impl IntoIterator<Item = (K, V)>,
        directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            environment: environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: directory.into(),
            default_ini: PathBuf::new(),
        }
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("environment", &self.environment.keys().collect::<Vec<_>>())
            .field("directory", &self.directory)
            .field("default_ini", &self.default_ini)
            .finish()
    }
}

/// The `DECNET_…` variables, each from the first place that has it: the process environment, then the INI file, then
/// `.env.local` and `.env` in the working directory (document 10 §3; the two files "next to the installed package" have
/// no counterpart for a library).
///
/// - A variable that is present but empty counts as unset, and hides the later places: it brings the default back.
/// - INI: the path in `DECNET_CONFIG`, else `/etc/decnet/decnet.ini`; a missing file is fine. Inside it, the first of
///   `[decnet]`, the mode's section, `[database]`, `[web]`, `[tracing]`, `[ingester]` counts. The mode is `DECNET_MODE`
///   in the environment, else `mode` in `[decnet]`, else `master`.
/// - Values are taken as they stand; `%` and `$` mean nothing.
/// - A key that a known section doesn't have, and a line that a `.env` file can't have, are a `tracing` warning.
///
/// `Debug` shows names and places only.
#[derive(Clone)]
pub struct Settings {
    values: BTreeMap<String, Value>,
    warnings: Vec<String>,
}

#[derive(Clone)]
struct Value {
    text: String,
    origin: String,
}

impl Settings {
    /// Reads the process environment and the files.
    ///
    /// # Errors
    /// As [`load_from`](Self::load_from) and [`Sources::process`].
    pub fn load() -> Result<Self> {
        Self::load_from(Sources::process()?)
    }

    /// Reads the given sources.
    ///
    /// # Errors
    /// Configuration: a file exists but can't be read, is not UTF-8 or (INI) has a line that is no setting; the mode is
    /// neither `agent` nor `master`. File, line and key are named, values are not shown.
    pub fn load_from(sources: Sources) -> Result<Self> {
        let mut settings = Self::from_map(sources.environment);
        let named = settings.text("DECNET_CONFIG").map(PathBuf::from);
        settings.add_ini(named.as_deref().unwrap_or(&sources.default_ini), named.is_some())?;
        for name in [".env.local", ".env"] {
            settings.add_dotenv(&sources.directory.join(name))?;
        }
        for warning in &settings.warnings {
            tracing::warn!(target: "decnet_db::config", "{warning}");
        }
        Ok(settings)
    }

    /// Takes the given variables as the environment and reads no file at all.
    pub fn from_map<K: Into<String>, V: Into<String>>(environment: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut settings = Self { values: BTreeMap::new(), warnings: Vec::new() };
        for (name, text) in environment {
            settings.fill(&name.into(), &text.into(), "the environment");
        }
        settings
    }

    /// The text of a variable; `None` when it is unset or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).map(|value| value.text.as_str())
    }

    /// The text of a variable that must not be shown; `None` when it is unset or empty.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::from)
    }

    /// A boolean, `None` when unset or empty: true/false, 1/0, yes/no, on/off in any case (ruling R11).
    ///
    /// # Errors
    /// Configuration, naming the variable, its place, its value and what is allowed.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Some(true)),
            "false" | "0" | "no" | "off" => Ok(Some(false)),
            _ => Err(self.invalid(name, "true, false, 1, 0, yes, no, on or off")),
        }
    }

    /// A whole number in `allowed`, `None` when unset or empty. Blanks around it are ignored.
    ///
    /// # Errors
    /// Configuration, naming the variable, its place, its value and what is allowed.
    pub fn number<T>(&self, name: &str, allowed: RangeInclusive<T>) -> Result<Option<T>>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.trim().parse() {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => {
                Err(self
                    .invalid(name, &format!("a whole number from {} to {}", allowed.start(), allowed.end())))
            }
        }
    }

    /// Whether `DECNET_TESTING` is `1`. No other value counts, as in DECNET, for it switches checks on secrets off.
    pub fn testing(&self) -> bool {
        self.text("DECNET_TESTING") == Some("1")
    }

    /// The error for a variable whose value is none of what is allowed. The value is shown, cut to a line's length,
    /// unless it looks like a URL, which may have a password in it: never for variables that are secrets.
    pub(super) fn invalid(&self, name: &str, allowed: &str) -> Error {
        let shown = match self.text(name) {
            None => "unset".to_owned(),
            Some(text) if text.contains(['@', '/']) => {
                "something with a URL's characters, not shown".to_owned()
            }
            Some(text) => {
                let cut: String = text.chars().take(60).collect();
                format!("{cut:?}{}", if cut.len() < text.len() { "…" } else { "" })
            }
        };
        Error::configuration(format!("{} is {shown}: allowed is {allowed}", self.named(name)))
    }

    /// The variable's name with the place it comes from, for messages.
    pub(super) fn named(&self, name: &str) -> String {
        self.value(name).map_or_else(|| name.to_owned(), |value| format!("{name} (from {})", value.origin))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.text.is_empty())
    }

    /// Sets a variable that no earlier place has.
    fn fill(&mut self, name: &str, text: &str, origin: &str) {
        if name.starts_with(PREFIX) && !self.values.contains_key(name) {
            self.values.insert(name.to_owned(), Value { text: text.to_owned(), origin: origin.to_owned() });
        }
    }

    fn add_ini(&mut self, path: &Path, named: bool) -> Result<()> {
        let Some(text) = read(path)? else {
            if named {
                self.warnings.push(format!("DECNET_CONFIG names {}, which does not exist", path.display()));
            }
            return Ok(());
        };
        let sections = ini::parse(&text)
            .map_err(|error| Error::configuration(format!("{}, {error}", path.display())))?;
        let section = |name: &str| sections.iter().find(|section| section.name == name);
        let origin = |name: &str| format!("{} [{name}]", path.display());

        if let Some(decnet) = section("decnet") {
            self.export(decnet, &origin("decnet"));
        }
        let mode = self.text("DECNET_MODE").unwrap_or("master").to_owned();
        if !matches!(mode.as_str(), "agent" | "master") {
            return Err(self.invalid("DECNET_MODE", "agent or master"));
        }
        if let Some(own) = section(&mode) {
            self.export(own, &origin(&mode));
        }
        for (name, keys) in SECTIONS {
            for (key, value) in section(name).into_iter().flat_map(|section| &section.entries) {
                match keys.iter().find(|(known, _)| known == key) {
                    Some((_, variable)) => self.fill(variable, value, &origin(name)),
                    None => {
                        let known: Vec<_> = keys.iter().map(|(known, _)| *known).collect();
                        let hint = if name == "database" && key == "password" {
                            "; the password is set by DECNET_DB_PASSWORD"
                        } else {
                            ""
                        };
                        self.warnings.push(format!(
                            "{}: the key {key:?} is unknown and ignored; there are {}{hint}",
                            origin(name),
                            known.join(", ")
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Every key of `[decnet]` or the mode's section is a variable: `db-type` is `DECNET_DB_TYPE`.
    fn export(&mut self, section: &ini::Section, origin: &str) {
        for (key, value) in &section.entries {
            self.fill(&format!("{PREFIX}{}", key.to_uppercase().replace('-', "_")), value, origin);
        }
    }

    fn add_dotenv(&mut self, path: &Path) -> Result<()> {
        // A folder named `.env` is usually a Python environment.
        let Some(text) = (if path.is_dir() { None } else { read(path)? }) else { return Ok(()) };
        let parsed = dotenv::parse(&text);
        let origin = path.display().to_string();
        for (name, value) in &parsed.entries {
            self.fill(name, value, &origin);
        }
        for line in parsed.bad_lines {
            self.warnings.push(format!("{origin}, line {line}: not of the form NAME=value, ignored"));
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.iter().map(|(name, value)| (name, &value.origin))).finish()
    }
}

/// The text of a file, `None` when it does not exist.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Error::configuration(format!("the settings file {} is not UTF-8 text", path.display())))
        }
        Err(error) => {
            Err(Error::configuration(format!("the settings file {} can't be read: {error}", path.display())))
        }
    }
}
