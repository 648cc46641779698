//! The corpus of calls, which the kit's samples are: `UPDATE_CORPUS=1` writes it anew.

use std::fs;
use std::path::Path;

use decnet_db::call::methods;
use decnet_db_conformance::samples::domains;

use crate::inputs::kept;

/// Calls in a file.
const CALLS: usize = 12;

fn write_anew() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/call");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    for (domain, calls) in domains() {
        for (number, calls) in calls.chunks(CALLS).enumerate() {
            let lines: Vec<String> =
                calls.iter().map(|(method, arguments)| format!("{method} {arguments}")).collect();
            fs::write(folder.join(format!("{domain}-{number}")), lines.join("\n")).expect("a file");
        }
    }
}

#[test]
fn the_corpus_of_calls_has_every_method() {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        write_anew();
    }
    let inputs = kept("call");
    let called: Vec<&str> = inputs
        .iter()
        .filter_map(|input| std::str::from_utf8(&input.bytes).ok())
        .flat_map(str::lines)
        .filter_map(|line| line.split(' ').next())
        .collect();
    let missing: Vec<&str> =
        methods().map(|method| method.name).filter(|name| !called.contains(name)).collect();
    assert!(missing.is_empty(), "UPDATE_CORPUS=1 writes the corpus anew; it lacks {missing:?}");
}
