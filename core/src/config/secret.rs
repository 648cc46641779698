//! A text that is never shown.

use std::fmt;

/// Holds a password or a key and keeps it out of logs: `Debug` and `Display` print `***`, nothing serialises it.
///
/// ```
/// use decnet_db_core::config::Secret;
///
/// let secret = Secret::new("correct horse");
/// assert_eq!(format!("{secret} {secret:?}"), "*** ***");
/// assert_eq!(secret.expose(), "correct horse");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// What is shown in the place of a secret.
    pub const REDACTED: &'static str = "***";

    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; the caller keeps it out of messages, logs and spans.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REDACTED)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_display_shows_the_text() {
        #[derive(Debug)]
        #[allow(dead_code, reason = "only its Debug output is looked at")]
        struct Holder {
            password: Option<Secret>,
        }
        let secret = Secret::new("hunter2");
        let holder = Holder { password: Some(secret.clone()) };
        for shown in [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{secret:>30}"),
            format!("{holder:?}"),
            format!("{holder:#?}"),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("***"), "{shown}");
        }
        assert_eq!(secret.expose(), "hunter2");
    }
}
