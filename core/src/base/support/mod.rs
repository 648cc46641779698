//! What the domains share: checks, upserts, pages by key, lists as JSON text, merges, and starting again when other writers were faster.

mod check;
mod insert;
mod list;
mod merge;
mod page;
mod read;
mod retry;
mod upsert;

pub(super) use check::{check_as, first_chars, same_key};
pub(super) use insert::new_row;
pub(super) use list::{entries, list_text};
pub(super) use merge::not_into_itself;
pub(super) use page::{Pages, expect_order};
pub(super) use retry::{RETRIES, broken, busy, in_rounds};
