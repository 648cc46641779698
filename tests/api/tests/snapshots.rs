//! The public API of every crate that is published is what `snapshots/` says: a change of it is seen in review.
//!
//!     cargo test -p decnet-db-api -- --ignored                  compares
//!     UPDATE_API=1 cargo test -p decnet-db-api -- --ignored     writes the files anew
//!
//! rustdoc's JSON has a format of its own in each release, and `public-api` reads one of them; so it is made by the toolchain
//! below, whichever builds the rest. JSON is not stable yet: `rustdoc` in this folder allows it to a stable compiler. That is
//! all that is asked of it, and nothing that is built is affected.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The compiler whose JSON the pinned `public-api` reads.
const TOOLCHAIN: &str = "1.95.0";

/// The packages that are published, without the vendored library, whose API is upstream's.
const PACKAGES: [&str; 6] = [
    "decnet-db",
    "decnet-db-core",
    "decnet-db-macros",
    "decnet-db-mysql",
    "decnet-db-sqlite",
    "decnet-db-conformance",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn is_the_toolchain(version: &[u8]) -> bool {
    String::from_utf8_lossy(version).starts_with(&format!("rustc {TOOLCHAIN} "))
}

/// Cargo of the toolchain: the one that runs this test, or rustup's.
fn cargo() -> Command {
    let rustc = |command: &mut Command| {
        command.arg("--version").output().is_ok_and(|output| is_the_toolchain(&output.stdout))
    };
    if rustc(&mut Command::new("rustc")) {
        return Command::new(env!("CARGO"));
    }
    assert!(
        rustc(Command::new("rustup").args(["run", TOOLCHAIN, "rustc"])),
        "the API is read from the JSON of Rust {TOOLCHAIN}: rustup toolchain install --profile minimal {TOOLCHAIN}"
    );
    let mut command = Command::new("rustup");
    command.args(["run", TOOLCHAIN, "cargo"]);
    command
}

/// The folder with every package's rustdoc JSON. All at once: a package alone has dependencies with other features, which would be
/// built only for this.
fn documented() -> PathBuf {
    let target = root().join(env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from));
    let output = cargo()
        .current_dir(root())
        .args(["doc", "--quiet", "--workspace", "--lib", "--no-deps", "--all-features"])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTDOC", Path::new(env!("CARGO_MANIFEST_DIR")).join("rustdoc"))
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format json --cap-lints allow")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("doc")
}

fn api(json: &Path) -> String {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    api.items().map(|item| format!("{item}\n")).collect()
}

/// The lines that only one of two sorted texts has.
fn difference(before: &str, after: &str) -> String {
    let only = |sign, one: &str, other: &str| {
        let other: std::collections::HashSet<_> = other.lines().collect();
        one.lines()
            .filter(|line| !other.contains(line))
            .map(|line| format!("{sign} {line}\n"))
            .collect::<String>()
    };
    only('-', before, after) + &only('+', after, before)
}

#[test]
#[ignore = "needs Rust 1.95.0, runs rustdoc on every crate; part of a release, docs/releasing.md"]
fn the_public_api_is_what_the_snapshots_say() {
    let (documented, mut changed) = (documented(), String::new());
    for package in PACKAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("snapshots/{package}.txt"));
        let after = api(&documented.join(package.replace('-', "_")).with_extension("json"));
        assert!(after.contains("pub mod "), "{package}: {after}");
        if env::var_os("UPDATE_API").is_some() {
            fs::write(&path, after).unwrap();
            continue;
        }
        let before = fs::read_to_string(&path).unwrap_or_default();
        if before != after {
            changed += &format!("{package}:\n{}", difference(&before, &after));
        }
    }
    assert!(
        changed.is_empty(),
        "the public API has changed. When that is meant, and CHANGELOG.md says so:\n    \
         UPDATE_API=1 cargo test -p decnet-db-api -- --ignored\n{changed}"
    );
}
