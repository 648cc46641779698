//! The settings: environment, INI file and `.env` files.

use std::fs;

use decnet_db::config::{Config, DatabaseUrl, Settings, Sources};
use decnet_db::{ErrorKind, Result};

/// What must not be shown.
const PASSWORD: &str = "q7Zx9Kv";

/// Settings: the environment's lines `NAME=value`, the INI file, `.env.local` and `.env`, with a NUL between them. They make
/// a configuration, or are refused in one line; neither shows the database's password.
pub fn environment(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == 0);
    let environment = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let mut variables: Vec<(String, String)> = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // A fuzzer knows what it is compared with, and may call a variable so.
    let is_known = environment.contains(PASSWORD);
    let rest: Vec<&[u8]> = parts.collect();
    let settings =
        if rest.is_empty() { Ok(Settings::from_map(variables.clone())) } else { load(&variables, &rest) };
    let Some(settings) = kept(settings) else { return };
    if let Some(config) = kept(Config::from_settings(&settings)) {
        assert_eq!(Config::from_settings(&settings).expect("as before"), config);
        let url: DatabaseUrl = config.url.expose().parse().expect("what is exposed parses");
        assert_eq!(url, config.url);
    }
    if rest.is_empty() && !is_known {
        variables.retain(|(name, _)| name != "DECNET_DB_PASSWORD");
        variables.push(("DECNET_DB_PASSWORD".to_owned(), PASSWORD.to_owned()));
        let settings = Settings::from_map(variables);
        let shown = match Config::from_settings(&settings) {
            Ok(config) => format!("{config:?} {settings:?}"),
            Err(error) => error.to_string(),
        };
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
}

/// Writes the files, and reads them as a program does.
fn load(variables: &[(String, String)], files: &[&[u8]]) -> Result<Settings> {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
    }
    FOLDER.with(|folder| {
        let mut sources = Sources::new(variables.iter().cloned(), folder.path());
        sources.default_ini = folder.path().join("decnet.ini");
        // What the environment names is read too: no file of this machine.
        sources.environment.remove("DECNET_CONFIG");
        for (name, at) in [("decnet.ini", 0), (".env.local", 1), (".env", 2)] {
            fs::write(folder.path().join(name), files.get(at).copied().unwrap_or_default()).expect("a file");
        }
        Settings::load_from(sources)
    })
}

/// The value; an error is one line and of the kind that settings have.
fn kept<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
            assert!(!error.to_string().contains(char::is_control), "{:?}", error.to_string());
            None
        }
    }
}
