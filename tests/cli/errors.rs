//! Errors: one readable line, a hint, the exit code, and never a secret.

use std::fs;

use crate::tool::{Run, Tool};

#[track_caller]
fn fails(run: &Run, code: i32, message: &str) {
    assert_eq!((run.code, run.out.as_str()), (code, ""), "{run:?}");
    assert!(run.err.starts_with(&format!("decnet-db: {message}")), "{}", run.err);
    let mut lines = run.err.lines().skip(1);
    assert!(
        lines.next().is_none_or(|line| line.starts_with("hint: ")) && lines.next().is_none(),
        "{}",
        run.err
    );
}

#[test]
fn usage_errors_exit_with_2() {
    let tool = Tool::new();
    for run in [
        tool.run([]),
        tool.run(["frobnicate"]),
        tool.run(["status", "--colour"]),
        tool.run(["call"]),
        tool.run(["call", "--lines", "get_logs"]),
    ] {
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
        assert!(run.err.contains("Usage: decnet-db"), "{}", run.err);
    }
}

#[test]
fn help_documents_the_exit_codes_and_the_form_of_lines() {
    let tool = Tool::new();
    let help = tool.run(["--help"]).ok();
    for word in
        ["drivers", "status", "init", "methods", "call", "Exit codes:", "unknown_outcome", "DECNET_DB_URL"]
    {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(tool.run(["help", "call"]).ok().contains(r#"{"id":…,"method":…,"args":{…}}"#));
    assert_eq!(tool.run(["--version"]).ok(), concat!("decnet-db ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_can_not_be_written_is_a_failure() {
    let tool = Tool::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = tool.command(["drivers"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.starts_with("decnet-db: can't write to standard output: ") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn a_path_in_place_of_a_url_gets_the_url_as_a_hint() {
    let tool = Tool::new();
    let run = tool.run(["--url", "my captures.db", "status"]);
    fails(&run, 3, "--url: the database URL doesn't begin with a scheme");
    assert!(
        run.err.ends_with("hint: for the file my captures.db: --url sqlite:///my%20captures.db\n"),
        "{}",
        run.err
    );
    let run = tool.run(["--url", "root:hunter2@db1/decnet", "status"]);
    fails(&run, 3, "--url: ");
    assert!(run.err.ends_with("hint: for a file: --url sqlite:///PATH\n"), "{}", run.err);
    assert!(!run.err.contains("hunter2"), "{}", run.err);
}

#[test]
fn a_driver_that_is_not_there_is_named() {
    let tool = Tool::new();
    let url = "postgres://root:hunter2@db1/decnet";
    for run in [tool.run(["--url", url, "status"]), tool.run(["--url", url, "call", "--lines"])] {
        fails(&run, 3, "no driver for postgres:// URLs: this program opens ");
        assert!(run.err.contains("\nhint: `decnet-db drivers` lists"), "{}", run.err);
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
}

#[test]
fn a_scheme_that_is_misspelt_is_guessed() {
    let tool = Tool::new();
    let run = tool.run(["--url", "slite:///decnet.db", "status"]);
    fails(&run, 3, "no driver for slite:// URLs: this program opens ");
    assert!(run.err.ends_with("\nhint: did you mean sqlite://?\n"), "{}", run.err);
    assert!(!run.err.contains("the_crate"), "{}", run.err);
}

#[test]
fn json_is_json_also_when_a_command_fails() {
    let tool = Tool::new();
    for (arguments, kind) in [
        (["status", "--json", "--url=sqlite:///none.db"], "configuration"),
        (["logs", "--json", "--since=soon"], "invalid_input"),
        (["copy", "--json", "--to=sqlite:///other.db"], "configuration"),
    ] {
        let run = tool.run(arguments);
        let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(answer["error"]["kind"], kind, "{run:?}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(run.code != 0 && run.err.starts_with(&format!("decnet-db: {message}")), "{run:?}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_named() {
    let tool =
        Tool::new().set("DECNET_DB_TYPE", "sqlite").set("DECNET_DB_URL", "mysql://u:hunter2@db1/decnet");
    let run = tool.run(["status"]);
    fails(&run, 3, "DECNET_DB_TYPE");
    assert!(run.err.contains("DECNET_DB_URL") && !run.err.contains("hunter2"), "{}", run.err);
}

#[test]
fn secrets_are_never_shown_not_even_to_the_curious() {
    let tool = Tool::new()
        .set("DECNET_ADMIN_PASSWORD", "hunter2-hunter2")
        .set("DECNET_DB_PASSWORD", "hunter2-hunter2")
        .set("DECNET_DB_TYPE", "mysql")
        .set("DECNET_DB_PORT", "1");
    for run in [
        tool.run(["-vvv", "status"]),
        tool.run(["-vvv", "--url", "sqlite:///decnet.db", "init"]),
        tool.run(["-vvv", "--url", "sqlite:///decnet.db?password=hunter2", "init"]),
    ] {
        assert!(!run.err.contains("hunter2") && !run.out.contains("hunter2"), "{run:?}");
    }
}

#[test]
fn a_file_that_is_no_database_and_a_missing_folder_are_named() {
    let tool = Tool::new();
    fs::write(tool.path("decnet.db"), "this is no database, and long enough to be seen as none".repeat(20))
        .unwrap();
    for run in [tool.run(["status"]), tool.run(["init"])] {
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{run:?}");
        assert!(run.err.contains("decnet.db"), "{}", run.err);
    }
    let run = tool.run(["--url", "sqlite:///no/such/folder/x.db", "init"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.err.contains("no/such/folder"), "{}", run.err);
}
