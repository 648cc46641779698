//! What a registry shows of each published crate: licences, metadata, and links that lead somewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages that may be published, as `cargo metadata` shows them.
fn published() -> Vec<Value> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"]))
            .unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().filter(|package| package["publish"].is_null()).cloned().collect()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

fn folder(package: &Value) -> PathBuf {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

#[test]
fn the_published_crates_are_those_of_the_library() {
    let mut names: Vec<_> = published().iter().map(|package| name(package).to_owned()).collect();
    names.sort();
    let known = ["", "-conformance", "-core", "-macros", "-mysql", "-sqlite"];
    assert_eq!(
        names,
        known.map(|suffix| format!("decnet-db{suffix}")),
        "another one needs `publish = false`"
    );
}

#[test]
fn each_package_has_its_metadata() {
    for package in published() {
        let name = name(&package);
        for field in ["description", "license", "repository", "readme", "rust_version"] {
            assert!(package[field].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        let few = |field: &str| (1..=5).contains(&package[field].as_array().unwrap().len());
        assert!(few("keywords") && few("categories") && few("authors"), "{name}: 1 to 5 of each");
        assert_eq!(
            package["metadata"]["docs"]["rs"]["all-features"], true,
            "{name} on docs.rs lacks features"
        );
    }
}

#[test]
fn each_package_has_the_licences_and_a_readme() {
    for package in published() {
        let name = name(&package);
        let listed = cargo(&["package", "--list", "--allow-dirty", "--offline", "--quiet", "-p", name]);
        for file in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "Cargo.lock", "src/lib.rs"] {
            assert!(listed.lines().any(|line| line == file), "the package {name} has no {file}:\n{listed}");
        }
        // A link in a folder of ours, a file in a package.
        for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = std::fs::read_to_string(folder(&package).join(file)).unwrap();
            assert_eq!(text, std::fs::read_to_string(root().join(file)).unwrap(), "{name}: {file}");
        }
        let left = listed.lines().find(|line| line.starts_with("target/") || line.ends_with(".db"));
        assert_eq!(left, None, "{name}: what a build left is in the package");
    }
}

/// A registry shows a README beside the repository's files: what it links to without an address is looked for there,
/// relative to the README.
#[test]
fn links_lead_to_files_of_the_repository() {
    let mut links = 0;
    for package in published() {
        let mut count = 0;
        let readme = folder(&package).join("README.md");
        let text = std::fs::read_to_string(&readme).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.starts_with("https://") || link.starts_with('#') {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = readme.parent().unwrap().join(path);
            assert!(!path.starts_with('/') && target.exists(), "{}: {link} leads nowhere", readme.display());
            if !anchor.is_empty() {
                let heading = |line: &str| {
                    line.starts_with('#')
                        && line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == anchor
                };
                let text = std::fs::read_to_string(&target).unwrap();
                assert!(text.lines().any(heading), "{}: {path} has no heading #{anchor}", readme.display());
            }
            count += 1;
        }
        // Where documentation is made of a README, as in `tests/conformance`, a relative link would lead to docs.rs.
        let source = std::fs::read_to_string(folder(&package).join("src/lib.rs")).unwrap();
        if source.contains("#![doc = include_str!(\"../README.md\")]") {
            assert_eq!(count, 0, "{}: on docs.rs relative links lead nowhere", readme.display());
        }
        links += count;
    }
    assert!(links > 10, "only {links} links were looked at");
}
