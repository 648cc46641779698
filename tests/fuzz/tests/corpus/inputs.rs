//! What is kept for a target.

use std::fmt;
use std::fs;
use std::path::Path;

/// Bytes, and where they come from.
#[derive(Clone, Default)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: b\"{}\"", self.name, self.bytes.escape_ascii())
    }
}

/// The files of a target in `corpus/` and `found/`, by name.
pub(crate) fn kept(target: &str) -> Vec<Input> {
    let mut inputs = Vec::new();
    for folder in ["corpus", "found"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(target);
        // Nothing was found for most targets, and git keeps no empty folders.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let bytes = fs::read(&path).expect("a file");
            inputs.push(Input { name: path.display().to_string(), bytes });
        }
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    inputs
}
