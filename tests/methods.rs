//! The contract's methods by domain: the list in README is what the library has.
//!
//! `UPDATE_README=1 cargo test --test methods` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use decnet_db::call::{call, methods};

const BEGIN: &str = "<!-- methods: begin -->\n";
const END: &str = "<!-- methods: end -->";

fn listed() -> String {
    let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
    for method in methods() {
        match rows.last_mut().filter(|(domain, _)| *domain == method.domain) {
            Some((_, names)) => names.push(method.name),
            None => rows.push((method.domain, vec![method.name])),
        }
    }
    let mut text = String::from("| domain | methods |\n|---|---|\n");
    for (domain, names) in rows {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "| {domain} ({}) | {} |", names.len(), names.join(", "));
    }
    text
}

#[test]
fn readme_lists_all_methods_by_domain() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("README.md has the place for the list");
    let (present, after) = rest.split_once(END).expect("and the end of it");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", listed())).unwrap();
        return;
    }
    assert_eq!(present, listed(), "write it anew: UPDATE_README=1 cargo test --test methods");
}

/// `Method::writes` is what an engine finds out: a database that may only be read refuses these methods, and no others.
#[tokio::test]
async fn methods_that_write_say_so() {
    // These first look for what they would change, and there is nothing.
    const FIND_NOTHING: [&str; 3] =
        ["record_fingerprint", "claim_next_mutation", "ensure_stub_identity_for_attacker"];
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}/a.db", folder.path().display());
    let repository = decnet_db::connect(&url).await.unwrap();
    repository.initialize().await.unwrap();
    repository.close().await;
    let repository = decnet_db::connect(&format!("{url}?mode=ro")).await.unwrap();
    let mut wrong = Vec::new();
    for (name, arguments) in decnet_db_conformance::samples::one_each() {
        let method = decnet_db::call::method(name).unwrap();
        let result = call(&*repository, name, arguments).await;
        let was_refused = matches!(&result, Err(error) if error.to_string().contains("can only be read"));
        if was_refused != (method.writes && !FIND_NOTHING.contains(&name)) {
            wrong.push(format!("{name}: writes is {}, and it answers {result:?}", method.writes));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_name_is_taken_twice() {
    let mut names: Vec<_> = methods().map(|method| method.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// `decnet-db methods` is read by people who have the tool and not the documentation.
#[test]
fn what_methods_are_for_is_plain_text() {
    let texts = methods().flat_map(|method| {
        let arguments = method.arguments().map(|argument| (argument.name, argument.doc));
        std::iter::once((method.name, method.doc))
            .chain(arguments)
            .map(|(name, text)| (method.name, name, text))
    });
    let wrong: Vec<_> = texts
        .filter(|(method, name, text)| {
            // An argument's name may say it all.
            let missing = text.is_empty() && method == name;
            missing
                || ["[", "](", "::", "(ruling", "(contract document", "\n", "```"]
                    .iter()
                    .any(|mark| text.contains(mark))
                || !text.matches('`').count().is_multiple_of(2)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
