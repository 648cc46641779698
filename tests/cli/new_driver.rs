//! `new-driver`. That the crate compiles and fails as it should is for `tests/guide/run`, which builds it.

use std::fs;

use crate::tool::Tool;

#[test]
fn a_crate_is_written_and_nothing_that_exists_is_touched() {
    let tool = Tool::new();
    let report = tool.run(["new-driver", "my-db", "--json"]).json();
    assert_eq!(report["package"], "decnet-db-my-db");
    assert_eq!(report["folder"], "decnet-db-my-db");
    assert!(report["note"].as_str().unwrap().contains("`--core CHECKOUT`"), "{report}");
    let folder = tool.path("decnet-db-my-db");
    for file in report["files"].as_array().unwrap() {
        assert!(folder.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(manifest.contains(&format!("decnet-db-core = \"{version}\"\n")), "{manifest}");
    let test = fs::read_to_string(folder.join("tests/conformance.rs")).unwrap();
    assert!(test.contains("use decnet_db_my_db::DRIVER;"), "{test}");

    fs::write(folder.join("src/lib.rs"), "mine").unwrap();
    let run = tool.run(["new-driver", "my-db"]);
    assert_eq!(
        (run.code, run.err.as_str()),
        (2, "decnet-db: NAME: decnet-db-my-db exists here already; nothing was changed\n")
    );
    assert_eq!(fs::read_to_string(folder.join("src/lib.rs")).unwrap(), "mine");
}

#[test]
fn a_checkout_gives_core_and_kit() {
    let tool = Tool::new().set("DECNET_DB_CHECKOUT", env!("CARGO_MANIFEST_DIR"));
    let said = tool.run(["new-driver", "shelf"]).ok();
    assert!(!said.contains("--core"), "{said}");
    let manifest = fs::read_to_string(tool.path("decnet-db-shelf/Cargo.toml")).unwrap();
    for folder in ["core", "tests/conformance"] {
        let path = fs::canonicalize(env!("CARGO_MANIFEST_DIR")).unwrap().join(folder);
        assert!(manifest.contains(&format!("path = {path:?}")), "{manifest}");
    }

    let run = tool.run(["new-driver", "other", "--core", "nowhere"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("give the folder of a checkout of decnet-db"), "{}", run.err);
    assert!(!tool.path("decnet-db-other").exists());
}

#[test]
fn a_name_that_is_none_or_taken_is_refused() {
    let tool = Tool::new();
    for name in ["Shelf", "../x", "a b", "core", "sqlite"] {
        let run = tool.run(["new-driver", name]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.starts_with("decnet-db: NAME: ") && run.err.lines().count() == 1, "{}", run.err);
    }
}
