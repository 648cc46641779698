//! A server of one test's own, which it may kill.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A server of this test alone.
pub(crate) struct Private {
    dir: tempfile::TempDir,
    arguments: String,
}

impl Private {
    pub(crate) fn start(arguments: &str) -> Self {
        Self::start_in(tempfile::Builder::new().prefix("decnet-mdb").tempdir().unwrap(), arguments)
    }

    /// The same, with the files that the arguments name in `dir`.
    pub(crate) fn start_in(dir: tempfile::TempDir, arguments: &str) -> Self {
        let server = Self { dir, arguments: arguments.to_owned() };
        // Making a data folder is heavy work; several at once have been seen to fail.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        server.script(&["start"]);
        server
    }

    pub(crate) fn script(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// `tests/servers/mariadb.sh`, or the script there that `DECNET_TEST_MYSQL_SCRIPT` names: all have the same verbs.
    fn command(&self, arguments: &[&str]) -> Command {
        let script = std::env::var("DECNET_TEST_MYSQL_SCRIPT").unwrap_or_else(|_| "mariadb.sh".to_owned());
        let engine = script.trim_end_matches(".sh").to_uppercase();
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers").join(&script);
        let mut command = Command::new(path);
        command
            .args(arguments)
            .env(format!("DECNET_TEST_{engine}_DIR"), self.dir.path().join("server"))
            .env(format!("DECNET_TEST_{engine}_ARGS"), &self.arguments);
        command
    }

    pub(crate) fn url(&self) -> String {
        self.script(&["url"])
    }

    pub(crate) fn socket(&self) -> String {
        self.dir.path().join("server/socket").display().to_string()
    }
}

/// Whether private servers are Oracle MySQL's.
pub(crate) fn is_mysql() -> bool {
    std::env::var("DECNET_TEST_MYSQL_SCRIPT").is_ok_and(|script| script == "mysql.sh")
}

/// The URL with one option more, or several.
pub(crate) fn with_options(url: &str, options: &str) -> String {
    match options {
        "" => url.to_owned(),
        options if url.contains('?') => format!("{url}&{options}"),
        options => format!("{url}?{options}"),
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.script(&["clean"]);
        } else {
            let _ = self.command(&["clean"]).status();
        }
    }
}
