//! A MariaDB server of the harness's own, which it may kill.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

/// A server of this run alone.
pub(crate) struct Server {
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts one, with its data below this folder.
    pub(crate) fn start(below: &std::path::Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("crash-mdb").tempdir_in(below)?;
        let server = Self { folder };
        server.script("start")?;
        Ok(server)
    }

    /// Runs a verb of `tests/servers/mariadb.sh`.
    pub(crate) fn script(&self, verb: &str) -> anyhow::Result<String> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../servers/mariadb.sh");
        let mut command = Command::new(script);
        command.arg(verb).env("DECNET_TEST_MARIADB_DIR", self.folder.path().join("server"));
        let output = command.output().context("tests/servers/mariadb.sh")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "mariadb.sh {verb}: {said}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Where the server is; without the name of a database.
    pub(crate) fn address(&self) -> anyhow::Result<String> {
        let url = self.script("url")?;
        Ok(url.rsplit_once('/').context("a URL with a database")?.0.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.script("clean") {
            eprintln!("the server is not stopped: {error:#}");
        }
    }
}
