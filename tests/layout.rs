//! The layout of the sources: which folder of core may use which, and that nobody reads SQL text.

#![allow(clippy::expect_used, reason = "a test: what is not there fails it")]

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of core from the lowest to the highest: each one uses only those before it.
const ORDER: [&str; 19] = [
    "text",
    "error",
    "needle",
    "time",
    "json",
    "config",
    "sql",
    "driver",
    "contract",
    "password",
    "base",
    "topology",
    "telemetry",
    "testing",
    "call",
    "transfer",
    "retention",
    "examination",
    "watch",
];
/// The root of composition: it may use everything, and nobody uses it.
const ROOT: &str = "registry";

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found
}

/// The code of a file without comments and tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Error and text know each other: an error quotes foreign text, and refusing text is an error.
fn may_use(from: &str, to: &str) -> bool {
    let place = |name: &str| ORDER.iter().position(|module| *module == name);
    match (place(from), place(to)) {
        (Some(from), Some(to)) => to <= from || from.max(to) <= 1,
        (None, Some(_)) => from == ROOT || from == "lib",
        (_, None) => to != ROOT,
    }
}

#[test]
fn the_arrows_between_the_folders_of_core_point_one_way() {
    let core = root().join("core/src");
    let mut against = Vec::new();
    for path in sources(&core) {
        let inside = path.strip_prefix(&core).unwrap();
        let from = inside.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        if from == "lib" || inside.ends_with("tests.rs") {
            continue;
        }
        for used in code(&path).split("crate::").skip(1) {
            let name: String = used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if name != from && !may_use(&from, &name) {
                against.push(format!("{} uses {name}", inside.display()));
            }
        }
    }
    assert!(against.is_empty(), "{against:#?}");
}

#[test]
fn the_order_is_one_that_can_fail() {
    assert!(may_use("base", "contract") && may_use("registry", "base"));
    assert!(!may_use("contract", "base") && !may_use("driver", "registry") && !may_use("sql", "driver"));
}

/// A statement says what it does ([`Statement::verb`], [`Statement::table`], [`Statement::column`]); its text is for the engine.
///
/// [`Statement::verb`]: decnet_db::sql::Statement::verb
/// [`Statement::table`]: decnet_db::sql::Statement::table
/// [`Statement::column`]: decnet_db::sql::Statement::column
#[test]
fn nobody_reads_sql_text() {
    const READING: [&str; 10] = [
        ".starts_with(",
        ".ends_with(",
        ".contains(",
        ".split",
        ".find(",
        ".strip_prefix(",
        ".strip_suffix(",
        ".match_indices(",
        ".trim",
        ".chars()",
    ];
    let mut reading = Vec::new();
    for folder in ["core/src", "drivers/sqlite/src", "drivers/mysql/src", "src"] {
        for path in sources(&root().join(folder)) {
            let code: String = code(&path).split_whitespace().collect();
            for read in READING {
                if code.contains(&format!("statement.text(){read}"))
                    || code.contains(&format!("sql.text(){read}"))
                {
                    reading.push(format!("{}: statement.text(){read}", path.display()));
                }
            }
        }
    }
    assert!(reading.is_empty(), "{reading:#?}");
}

/// Types of the contract whose fields or variants stay as they are within a major version, so that callers may build them and
/// match them whole; CONTRIBUTING names them. All others may grow.
const STABLE: [&str; 1] = ["Page"];

#[test]
fn what_the_contract_shows_may_grow_unless_it_is_declared_stable() {
    let (mut fixed, mut declared) = (Vec::new(), 0);
    for path in sources(&root().join("core/src/contract")) {
        let code = code(&path);
        let lines: Vec<&str> = code.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))
            else {
                continue;
            };
            let name: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
            let body = || lines[at + 1..].iter().take_while(|line| **line != "}");
            // What has no public field can't be built or taken apart by others.
            if line.starts_with("pub struct")
                && !(line.ends_with('{') && body().any(|line| line.starts_with("    pub ")))
            {
                continue;
            }
            let attributes = lines[..at].iter().rev().take_while(|line| !line.is_empty() && **line != "}");
            let may_grow = attributes.into_iter().any(|line| *line == "#[non_exhaustive]");
            declared += usize::from(STABLE.contains(&name.as_str()));
            if may_grow == STABLE.contains(&name.as_str()) {
                fixed.push(name);
            }
        }
    }
    assert!(fixed.is_empty(), "`#[non_exhaustive]` and a constructor, or declared stable: {fixed:?}");
    assert_eq!(declared, STABLE.len());
    let guide = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    for name in STABLE {
        assert!(
            guide.contains(&format!("`contract::{name}`")),
            "CONTRIBUTING.md does not say that {name} is stable"
        );
    }
}

#[test]
fn every_trait_of_the_contract_has_an_example() {
    let mut without = Vec::new();
    for path in sources(&root().join("core/src/contract")) {
        let text = fs::read_to_string(&path).expect("a source file");
        if let Some((before, _)) = text.split_once("\n#[crate::contract]\n") {
            let doc = before.lines().rev().take_while(|line| line.starts_with("///"));
            if !doc.into_iter().any(|line| line.starts_with("/// ```")) {
                without.push(path.display().to_string());
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}
