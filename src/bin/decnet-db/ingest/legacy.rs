//! Positions that version 0.1 before this one stored under a file's path, with a hash of its first 1,024 bytes.

use std::path::{Path, PathBuf};

use decnet_db::json::Json;
use serde::Deserialize;

/// What the keys of these positions begin with.
pub(super) const PREFIX: &str = "decnet-db ingest: ";

/// The open Cowrie sessions of all files; of streams they are still kept there.
pub(super) const SESSIONS_KEY: &str = "decnet-db ingest: open sessions";

/// How many first bytes were hashed.
const HEAD: u64 = 1024;

/// A position.
#[derive(Debug, Deserialize)]
pub(super) struct Legacy {
    #[serde(skip)]
    pub(super) key: String,
    #[serde(skip)]
    pub(super) value: Json,
    pub(super) position: u64,
    head: Option<String>,
    #[serde(default)]
    pub(super) sessions: Option<Json>,
}

impl Legacy {
    /// Takes a state apart; `None` for one that is no position, or was taken over already.
    pub(super) fn of(key: String, value: Json) -> Option<Self> {
        let legacy: Self = value.decode().ok()?;
        Some(Self { key, value, ..legacy })
    }

    /// Whether it is of this path.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        self.key == key(path)
    }

    /// How many first bytes of a file its hash covers.
    pub(super) fn covers(&self) -> u64 {
        self.position.min(HEAD)
    }

    /// Whether a file begins as the one did that was read.
    pub(super) fn fits(&self, head: &[u8]) -> bool {
        head.len() as u64 == self.covers() && self.head.as_ref().is_none_or(|known| *known == hash(head))
    }
}

/// The key of a path's position.
fn key(path: &Path) -> String {
    let absolute = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    short_key(PREFIX, &absolute.unwrap_or_else(|_| PathBuf::from(path)))
}

/// A key that has a path, or its hash where that would be too long or is no text.
pub(super) fn short_key(prefix: &str, path: &Path) -> String {
    const LONGEST: usize = 255;
    let bytes = path.as_os_str().as_encoded_bytes();
    match std::str::from_utf8(bytes).map(|path| format!("{prefix}{path}")) {
        Ok(key) if key.chars().count() <= LONGEST => key,
        _ => format!("{prefix}#{}{}", hash(bytes), hash(&[bytes, b"\0"].concat())),
    }
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_fits_the_file_that_it_was_made_of() {
        let value = Json::parse(format!(r#"{{"position":3,"lines":1,"head":"{}"}}"#, hash(b"ab\n"))).unwrap();
        let legacy = Legacy::of("k".to_owned(), value).unwrap();
        assert!(legacy.fits(b"ab\n") && !legacy.fits(b"xb\n") && !legacy.fits(b"ab"));
        assert!(Legacy::of("k".to_owned(), Json::null()).is_none());
        assert!(Legacy::of("k".to_owned(), Json::parse(r#"[["s","1","telnet"]]"#).unwrap()).is_none());
    }

    #[test]
    fn keys_are_absolute_and_short_enough() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(key(Path::new("Cargo.toml")), key(&here.join("./Cargo.toml")));
        let long = key(&Path::new("/nowhere").join("é".repeat(300)));
        assert!(long.len() < 80 && long != key(&Path::new("/nowhere").join("é".repeat(301))), "{long}");
    }
}
