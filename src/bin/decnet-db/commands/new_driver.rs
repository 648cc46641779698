//! `decnet-db new-driver`.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use decnet_db::{Error, Result};
use serde::Serialize;

use crate::errors::Failure;
use crate::output::Output;

/// What is written where. The names end in `.in`, so that neither cargo nor an editor takes them for parts of this package.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("new_driver/Cargo.toml.in")),
    (".gitignore", include_str!("new_driver/gitignore.in")),
    ("rustfmt.toml", include_str!("new_driver/rustfmt.toml.in")),
    ("README.md", include_str!("new_driver/README.md.in")),
    ("src/lib.rs", include_str!("new_driver/lib.rs.in")),
    ("src/backend.rs", include_str!("new_driver/backend.rs.in")),
    ("src/dialect.rs", include_str!("new_driver/dialect.rs.in")),
    ("tests/conformance.rs", include_str!("new_driver/conformance.rs.in")),
];

/// Packages `decnet-db-…` that exist: two drivers of one name are an error in every program that links both.
const TAKEN: &[&str] = &["conformance", "core", "macros", "mysql", "sqlite"];

#[derive(clap::Args)]
pub(crate) struct NewDriverArgs {
    /// What the driver is called, and the scheme of its URLs: small letters, digits and -
    #[arg(value_name = "NAME")]
    name: String,

    /// Take decnet-db-core and the conformance kit from this checkout of decnet-db instead of from the registry; needed
    /// until they are published
    #[arg(long, value_name = "PATH", env = "DECNET_DB_CHECKOUT")]
    core: Option<PathBuf>,
}

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report {
    package: String,
    folder: String,
    files: Vec<&'static str>,
    /// What to do where core is not in the registry.
    #[serde(rename = "note", skip_serializing_if = "Option::is_none")]
    unpublished: Option<String>,
}

pub(crate) fn run(arguments: &NewDriverArgs, output: &mut Output) -> Result<(), Failure> {
    let name = checked_name(&arguments.name)?;
    let [core, kit] = dependencies(arguments.core.as_deref())?;
    let package = format!("decnet-db-{name}");
    create(Path::new(&package))?;
    for (path, template) in FILES {
        let text = filled(template, name, &core, &kit);
        write(&Path::new(&package).join(path), &text)?;
    }
    let files = FILES.iter().map(|(path, _)| *path).collect();
    let unpublished = arguments.core.is_none().then(|| {
        format!(
            "{package}/Cargo.toml takes decnet-db-core {} from the registry: as long as that is not published, `--core CHECKOUT` \
             takes it from a checkout of decnet-db",
            env!("CARGO_PKG_VERSION")
        )
    });
    let report = Report { folder: package.clone(), package, files, unpublished };
    if output.is_json() {
        return output.json(&report);
    }
    let Report { package, files, unpublished, .. } = report;
    output.text(&format!(
        "{package}/ has a driver that compiles and does nothing yet: {}\n\
         `cd {package} && cargo test` runs the suite that every driver passes, and says which method to write next\n{}",
        files.join(", "),
        unpublished.map(|note| note + "\n").unwrap_or_default()
    ))
}

fn checked_name(name: &str) -> Result<&str> {
    let refused = |reason: String| Err(Error::invalid_input("NAME", reason));
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let whole = name.split('-').all(|word| !word.is_empty());
    if !plain || !whole || !name.starts_with(|first: char| first.is_ascii_lowercase()) || name.len() > 40 {
        return refused(format!(
            "{name:?} can't be both a package's name and a URL's scheme: write small letters, digits, and - between them, \
             a letter first, 40 at most"
        ));
    }
    if TAKEN.contains(&name) {
        return refused(format!("there is a package decnet-db-{name} already"));
    }
    if let Some(driver) = decnet_db::drivers().iter().find(|driver| driver.schemes.contains(&name)) {
        return refused(format!("{} serves {name}:// URLs already; choose another name", driver.package));
    }
    Ok(name)
}

/// How Cargo.toml refers to the core and to the kit.
fn dependencies(checkout: Option<&Path>) -> Result<[String; 2]> {
    let Some(checkout) = checkout else {
        let version = concat!("\"", env!("CARGO_PKG_VERSION"), "\"").to_owned();
        return Ok([version.clone(), version]);
    };
    let within = |folder: &str| {
        let path = checkout.join(folder);
        let refused = |reason: &str| {
            let text = format!("{}: {reason}: give the folder of a checkout of decnet-db", path.display());
            Error::invalid_input("--core", text)
        };
        if !path.join("Cargo.toml").is_file() {
            return Err(refused("no package is there"));
        }
        let path = path.canonicalize().map_err(|error| refused(&error.to_string()))?;
        let text = path.to_str().ok_or_else(|| refused("Cargo.toml can't name a path that is not UTF-8"))?;
        // A string of JSON is one of TOML.
        let quoted = serde_json::to_string(text).map_err(|error| refused(&error.to_string()))?;
        Ok(format!("{{ version = {:?}, path = {quoted} }}", env!("CARGO_PKG_VERSION")))
    };
    Ok([within("core")?, within("tests/conformance")?])
}

fn create(folder: &Path) -> Result<(), Failure> {
    match fs::create_dir(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = format!("{} exists here already; nothing was changed", folder.display());
            Err(Error::invalid_input("NAME", text).into())
        }
        Err(error) => Err(Failure::io("can't create the crate's folder", error)),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::File::create_new(path))
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::io("can't write the crate's files", error))
}

/// The template with this driver's names: `my-db` is `my_db` in paths and `MyDb` in types.
fn filled(template: &str, name: &str, core: &str, kit: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    template
        .replace("{name}", name)
        .replace("{ident}", &name.replace('-', "_"))
        .replace("{type}", &name.split('-').map(capital).collect::<String>())
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{rust}", env!("CARGO_PKG_RUST_VERSION"))
        .replace("{core}", core)
        .replace("{kit}", kit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_packages_and_schemes() {
        for name in ["shelf", "my-db2", "x"] {
            assert_eq!(checked_name(name).unwrap(), name);
        }
        let long = "x".repeat(41);
        for name in ["", "-", "a-", "a--b", "Shelf", "2db", "a.b", "a/b", "../x", "é", "core", "mysql", &long]
        {
            let error = checked_name(name).unwrap_err();
            assert_eq!(error.kind(), decnet_db::ErrorKind::InvalidInput, "{name}");
        }
    }

    #[test]
    fn each_method_that_is_left_to_do_says_so() {
        let text = |path| FILES.iter().find(|(name, _)| *name == path).unwrap().1;
        for method in ["ping", "bootstrap", "commit", "query"] {
            let error = format!("Err(to_be_written(\"{method}\", ");
            assert_eq!(text("src/backend.rs").matches(&error).count(), 1, "{method}");
        }
        for method in ["contains", "json_member_equals", "bucket", "catalog"] {
            let function = format!("src_dialect_rs_{method}_is_to_be_written(");
            assert_eq!(text("src/dialect.rs").matches(&function).count(), 1, "{method}");
        }
    }

    #[test]
    fn every_hole_is_filled() {
        for (path, template) in FILES {
            let text = filled(template, "my-db", "\"1\"", "\"2\"");
            for hole in ["{name}", "{ident}", "{type}", "{version}", "{rust}", "{core}", "{kit}"] {
                assert!(!text.contains(hole), "{path}: {hole}");
            }
        }
        let types = filled("{type} {ident}", "my-db2", "", "");
        assert_eq!(types, "MyDb2 my_db2");
    }
}
