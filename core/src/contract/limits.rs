//! What one call may ask for: the same on every engine, and checked before a statement is made.
//!
//! Engines have limits too (placeholders, the depth of an expression, the size of a packet), but each its own, and what is
//! above them fails late, with the engine's words, or costs a gigabyte first. `docs/limits.md` has these and all others, those of
//! values, queues and connections too.
//!
//! | limit | of | otherwise |
//! |---|---|---|
//! | [`MOST_ROWS`] | the `limit` of a list or page | `InvalidInput` of `limit` |
//! | [`MOST_ROWS`] | the rows that one call stores | `InvalidInput` of the argument |
//! | [`MOST_KEYS`] | the keys that one call looks up | `InvalidInput` of the argument |
//! | [`MOST_WORDS`] | the words of a search | `InvalidInput` of `search` |
//! | [`LONGEST_SEARCH`] | the bytes of a search, or of another text that is looked for | `InvalidInput` of the argument |
//! | [`LONGEST_REQUEST`] | the bytes of a request of `decnet-db call` | `InvalidInput` of `request`, or of `arguments` |

use crate::error::{Error, Result};

/// The most rows that a list or page may be asked for, and that one call may store: some hundred megabytes of events.
pub const MOST_ROWS: u64 = 100_000;
/// The most keys that one call looks up at once.
pub const MOST_KEYS: usize = 100_000;
/// The most words of a search. Each is a condition that all rows are tried with.
pub const MOST_WORDS: usize = 100;
/// The longest search, in bytes.
pub const LONGEST_SEARCH: usize = 256 * 1024;
/// The longest request that the command-line tool reads, in bytes: more than any row can hold.
pub const LONGEST_REQUEST: usize = 64 * 1024 * 1024;

/// Refuses a page of more rows than [`MOST_ROWS`].
///
/// # Errors
/// Invalid input of `limit`.
pub(crate) fn check_limit(limit: u64) -> Result<u64> {
    if limit <= MOST_ROWS {
        return Ok(limit);
    }
    Err(Error::invalid_input("limit", format!("must be at most {MOST_ROWS}: read the list in pages")))
}

/// Refuses a text to look for that is longer than [`LONGEST_SEARCH`].
///
/// # Errors
/// Invalid input of the argument.
pub(crate) fn check_search<'t>(argument: &str, text: &'t str) -> Result<&'t str> {
    if text.len() <= LONGEST_SEARCH {
        return Ok(text);
    }
    Err(Error::invalid_input(argument, format!("must be at most {LONGEST_SEARCH} bytes long")))
}

/// Refuses more rows in one call than [`MOST_ROWS`].
///
/// # Errors
/// Invalid input, for the caller to add the argument's name.
pub(crate) fn check_rows(rows: usize) -> Result<()> {
    if u64::try_from(rows).is_ok_and(|rows| rows <= MOST_ROWS) {
        return Ok(());
    }
    Err(Error::invalid_input("", format!("must be at most {MOST_ROWS} rows: store them in several calls")))
}

/// Refuses more keys to look up than [`MOST_KEYS`].
///
/// # Errors
/// Invalid input of the argument.
pub(crate) fn check_keys(argument: &str, keys: usize) -> Result<()> {
    if keys <= MOST_KEYS {
        return Ok(());
    }
    Err(Error::invalid_input(
        argument,
        format!("must be at most {MOST_KEYS} keys: look them up in several calls"),
    ))
}
