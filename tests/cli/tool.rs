//! Running the tool in a folder of its own, far from the settings of a DECNET that runs on this machine.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An empty folder, and the settings that the tool gets.
pub(crate) struct Tool {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Standard output of a run that must have worked without a word on standard error.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }
}

impl Tool {
    /// A folder without a database.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.ini"), "").unwrap();
        Self { folder, variables: vec![("DECNET_CONFIG", "empty.ini".to_owned())] }
    }

    /// A folder with an initialised `decnet.db`.
    pub(crate) fn with_schema() -> Self {
        let tool = Self::new();
        let run = tool.run(["init"]);
        assert_eq!(run.code, 0, "{run:?}");
        tool
    }

    /// The same with a variable set.
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_decnet-db"));
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("DECNET_") || name == "RUST_LOG" {
                command.env_remove(variable);
            }
        }
        command
            .current_dir(self.folder.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the tool without input.
    pub(crate) fn run<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.run_with(arguments, b"")
    }

    /// Runs the tool with an input.
    pub(crate) fn run_with<const N: usize>(&self, arguments: [&str; N], input: &[u8]) -> Run {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // Who doesn't read all of it closes the pipe: that is no failure here.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Run {
            code: output.status.code().expect("the tool was not killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
