//! The search language of the event readers (contract document 30, ruling R5).
//!
//! A search text is split like a shell command line: blanks separate, `'…'` is literal, `"…"` is literal but for `\"` and
//! `\\`, and outside of quotes `\` takes the next character literally. Text with an unclosed quote is split at white space
//! instead, quotes kept. Each token is one condition, and all must hold:
//!
//! | token | meaning |
//! |---|---|
//! | `203.0.113.7`, `2001:db8::1` | an address: the text occurs somewhere |
//! | `decky:` `service:` `event:` `attacker:` `attacker-ip:` `attacker_ip:` and a value | the column is exactly the value |
//! | `key:value` | the member `key` of `fields` is the value: a string, or a number, true, false or null as spelled |
//! | anything else, `http://x` among it | the text occurs in `raw_line`, `decky`, `service` or `attacker_ip` |
//!
//! Occurrence minds no ASCII case; `%`, `_` and `\` mean themselves.
//!
//! ```
//! use decnet_db_core::contract::search::{Column, Search, Term};
//!
//! let search = Search::parse(r#"service:ssh cmd:"cat /etc/passwd" wget"#);
//! assert_eq!(
//!     search.terms(),
//!     [
//!         Term::Equals(Column::Service, "ssh".into()),
//!         Term::Member("cmd".into(), "cat /etc/passwd".into()),
//!         Term::Contains("wget".into()),
//!     ]
//! );
//! ```

use std::net::IpAddr;

use serde::{Deserialize, Deserializer};

use super::Log;
use super::limits::{MOST_WORDS, check_search};
use crate::error::Error;

/// A parsed search text: conditions that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    text: String,
    terms: Vec<Term>,
}

/// One condition of a [`Search`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Term {
    /// The column is exactly the text.
    Equals(Column, String),
    /// The top-level member of `fields` is the text.
    Member(String, String),
    /// The text occurs in `raw_line`, `decky`, `service` or `attacker_ip`.
    Contains(String),
}

/// A column that the search language names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// `decky`
    Decky,
    /// `service`
    Service,
    /// `event_type`, which the language calls `event`
    EventType,
    /// `attacker_ip`, also `attacker` and `attacker-ip`
    AttackerIp,
}

impl Column {
    /// The column of the table.
    pub const fn column(self) -> &'static crate::sql::Column {
        match self {
            Self::Decky => Log::DECKY.column(),
            Self::Service => Log::SERVICE.column(),
            Self::EventType => Log::EVENT_TYPE.column(),
            Self::AttackerIp => Log::ATTACKER_IP.column(),
        }
    }

    fn of_key(key: &str) -> Option<Self> {
        Some(match key {
            "decky" => Self::Decky,
            "service" => Self::Service,
            "event" => Self::EventType,
            "attacker" | "attacker-ip" | "attacker_ip" => Self::AttackerIp,
            _ => return None,
        })
    }
}

impl Search {
    /// Parses a search text; every text is one.
    pub fn parse(text: &str) -> Self {
        Self { terms: tokens(text).into_iter().map(Term::of_token).collect(), text: text.to_owned() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Refuses a text that is too long, or has too many words: see [`limits`](super::limits).
    ///
    /// # Errors
    /// Invalid input of `search`.
    pub(crate) fn check(&self) -> crate::error::Result<()> {
        check_search("search", &self.text)?;
        if self.terms.len() <= MOST_WORDS {
            return Ok(());
        }
        Err(Error::invalid_input("search", format!("must have at most {MOST_WORDS} words")))
    }

    /// The same without conditions on members of `fields`.
    pub(crate) fn without_members(&self) -> Self {
        let stays = |term: &&Term| !matches!(term, Term::Member(..));
        Self { text: self.text.clone(), terms: self.terms.iter().filter(stays).cloned().collect() }
    }

    /// The conditions, in the order of the text.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
}

impl From<&str> for Search {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl From<String> for Search {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl<'de> Deserialize<'de> for Search {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Term {
    fn of_token(token: String) -> Self {
        if token.parse::<IpAddr>().is_ok() {
            return Self::Contains(token);
        }
        match token.split_once(':') {
            Some((key, value)) => {
                if let Some(column) = Column::of_key(key) {
                    Self::Equals(column, value.to_owned())
                } else if is_member_name(key) && !value.starts_with("//") {
                    Self::Member(key.to_owned(), value.to_owned())
                } else {
                    Self::Contains(token)
                }
            }
            None => Self::Contains(token),
        }
    }
}

/// `[A-Za-z_][A-Za-z0-9_-]*`
fn is_member_name(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn tokens(text: &str) -> Vec<String> {
    shell_tokens(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect())
}

/// Splits like a POSIX shell without comments; `None` when a quote is not closed or the text ends in an escape.
fn shell_tokens(text: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut token: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => tokens.extend(token.take()),
            '\'' => {
                let token = token.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        other => token.push(other),
                    }
                }
            }
            '"' => {
                let token = token.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => match characters.next()? {
                            escaped @ ('"' | '\\') => token.push(escaped),
                            other => token.extend(['\\', other]),
                        },
                        other => token.push(other),
                    }
                }
            }
            '\\' => token.get_or_insert_default().push(characters.next()?),
            other => token.get_or_insert_default().push(other),
        }
    }
    tokens.extend(token);
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<Term> {
        Search::parse(text).terms
    }

    fn contains(text: &str) -> Term {
        Term::Contains(text.to_owned())
    }

    fn member(key: &str, value: &str) -> Term {
        Term::Member(key.to_owned(), value.to_owned())
    }

    #[test]
    fn quoting_follows_the_shell() {
        assert_eq!(tokens(r#"a 'b c' "d \" \x" e\ f ''"#), ["a", "b c", r#"d " \x"#, "e f", ""]);
        assert_eq!(tokens("a\u{a0}b # c"), ["a\u{a0}b", "#", "c"]);
        assert_eq!(tokens(r#"note:'it'"'"'s'"#), ["note:it's"]);
    }

    #[test]
    fn unclosed_quotes_split_at_unicode_white_space() {
        assert_eq!(tokens("'a b\u{a0}c"), ["'a", "b", "c"]);
        assert_eq!(tokens(r"ends in\"), ["ends", r"in\"]);
        assert_eq!(tokens(r#""a\"#), [r#""a\"#]);
    }

    #[test]
    fn addresses_are_searched_as_text() {
        assert_eq!(
            terms("2001:db8::1 ::1 203.0.113.7"),
            [contains("2001:db8::1"), contains("::1"), contains("203.0.113.7")]
        );
        assert_eq!(terms("attacker:2001:db8::1"), [Term::Equals(Column::AttackerIp, "2001:db8::1".into())]);
    }

    #[test]
    fn what_looks_like_a_key_is_one() {
        assert_eq!(
            terms("with-dash:d event_type:x SERVICE:s empty:"),
            [
                member("with-dash", "d"),
                member("event_type", "x"),
                member("SERVICE", "s"),
                member("empty", "")
            ]
        );
        assert_eq!(
            terms("http://x 12:30:01 1abc:q é:x :: :x a.b:c"),
            [
                contains("http://x"),
                contains("12:30:01"),
                contains("1abc:q"),
                contains("é:x"),
                contains("::"),
                contains(":x"),
                contains("a.b:c")
            ]
        );
        assert_eq!(terms("event:http://x"), [Term::Equals(Column::EventType, "http://x".into())]);
    }

    #[test]
    fn blank_text_has_no_condition_but_an_empty_token_is_one() {
        assert_eq!(terms("  \t"), []);
        assert_eq!(terms("''"), [contains("")]);
    }
}
