//! Attackers and what they did.

mod export;
mod list;
mod one;

pub(crate) use self::export::export;
pub(crate) use self::list::list;
pub(crate) use self::one::{artifacts, commands, intel, mail, one, smtp_targets, transcripts};
