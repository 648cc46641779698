//! What the domains share: checks, upserts, pages by key, and starting again when other writers were faster.

mod check;
mod insert;
mod page;
mod read;
mod retry;
mod upsert;

pub(super) use check::{check_as, first_chars, same_key};
pub(super) use page::{Pages, expect_order};
pub(super) use retry::{RETRIES, broken, busy};
