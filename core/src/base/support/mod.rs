//! What the domains share: checks, upserts, pages by key, and starting again when other writers were faster.

mod check;
mod page;
mod read;
mod retry;
mod upsert;

pub(super) use check::check_as;
pub(super) use page::{Pages, expect_order};
pub(super) use retry::{RETRIES, broken, busy};
