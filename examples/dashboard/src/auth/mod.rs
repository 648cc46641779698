//! Who may come in: names and passwords, tokens, and the sessions that they stand for (contract document 20).

mod handlers;
mod passwords;
mod session;
mod tokens;
mod tries;

use tokio::sync::watch;

pub(crate) use self::handlers::{change_password, login, logout, me};
use self::passwords::Passwords;
pub(crate) use self::session::{Session, require_chosen_password, require_session};
pub use self::tokens::TokenSettings;
use self::tokens::Tokens;
use self::tries::Tries;

/// What the handlers share.
pub(crate) struct Auth {
    tokens: Tokens,
    passwords: Passwords,
    tries: Tries,
    /// Grows when a session was ended here, so that streams look whether it was theirs.
    ended: watch::Sender<u64>,
}

impl Auth {
    pub(crate) fn new(settings: &TokenSettings) -> anyhow::Result<Self> {
        Ok(Self {
            tokens: Tokens::new(settings)?,
            passwords: Passwords::new(),
            tries: Tries::default(),
            ended: watch::Sender::new(0),
        })
    }

    /// Tells of sessions that end from now on.
    pub(crate) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    fn tell(&self) {
        self.ended.send_modify(|count| *count += 1);
    }
}
