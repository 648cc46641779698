//! All tables, in the order of their creation.

use super::{Bounty, Log, RevokedToken, StateEntry, User};
use crate::sql::{Record, Schema};

/// The schema of DECNET 1.0.0: what [`initialize`](crate::contract::Lifecycle::initialize) creates (ruling R2).
pub const SCHEMA: Schema = Schema {
    tables: &[Bounty::TABLE, Log::TABLE, RevokedToken::TABLE, StateEntry::TABLE, User::TABLE],
    revision: "4a914b1d62a0",
};
