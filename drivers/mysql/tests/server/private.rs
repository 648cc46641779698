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
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers/mariadb.sh");
        let output = Command::new(script)
            .args(arguments)
            .env("DECNET_TEST_MARIADB_DIR", self.dir.path().join("server"))
            .env("DECNET_TEST_MARIADB_ARGS", &self.arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn url(&self) -> String {
        self.script(&["url"])
    }

    pub(crate) fn socket(&self) -> String {
        self.dir.path().join("server/socket").display().to_string()
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.script(&["clean"]);
        } else {
            let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers/mariadb.sh");
            let _ = Command::new(script)
                .arg("clean")
                .env("DECNET_TEST_MARIADB_DIR", self.dir.path().join("server"))
                .status();
        }
    }
}
