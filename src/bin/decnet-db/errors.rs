//! How the tool fails: one readable line, a hint where there is one, and an exit code.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::process::ExitCode;

use decnet_db::{Error, ErrorKind, is_unprintable};
use serde::Serialize;

use crate::error_object::{ErrorObject, message};
use crate::output::Output;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library refused or failed.
    Library {
        /// Why.
        error: Error,
        /// What may help.
        hint: Option<Cow<'static, str>>,
    },
    /// Reading or writing outside of the database failed.
    Io {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        error: io::Error,
    },
    /// Something that was captured is not found any more, and that was not to pass.
    Loss(Loss),
    /// So many things are wrong with a database, which were printed.
    Unsound(usize),
    /// Whoever reads our output has seen enough.
    NobodyReads,
}

/// What was written to inputs and is not found any more.
#[derive(Debug)]
pub(crate) struct Loss {
    /// How many times.
    pub(crate) losses: u64,
    /// The bytes that are known of.
    pub(crate) bytes: u64,
}

impl From<Loss> for Failure {
    fn from(loss: Loss) -> Self {
        Self::Loss(loss)
    }
}

impl Failure {
    pub(crate) fn io(what: &'static str, error: io::Error) -> Self {
        Self::Io { what, error }
    }

    /// A failure to write to standard output.
    pub(crate) fn output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::NobodyReads
        } else {
            Self::io("can't write to standard output", error)
        }
    }

    /// The same with a hint, unless it has one.
    pub(crate) fn or_hint(self, new: impl Into<Cow<'static, str>>) -> Self {
        match self {
            Self::Library { error, hint: None } => Self::Library { error, hint: Some(new.into()) },
            other => other,
        }
    }

    /// The failure as standard error shows it, without a line break at its end; empty when there is nothing to say.
    fn text(&self) -> String {
        match self {
            Self::Library { error, hint } => {
                let mut text = format!("decnet-db: {}", one_line(&message(error)));
                if let Some(hint) = hint {
                    text.push_str("\nhint: ");
                    text.push_str(&one_line(hint));
                }
                text
            }
            Self::Io { what, error } => format!("decnet-db: {what}: {}", one_line(&error.to_string())),
            Self::Loss(Loss { losses, bytes }) => {
                format!(
                    "decnet-db: what was written to inputs is not found any more: {bytes} bytes at least, of {losses} files"
                )
            }
            Self::Unsound(count) => format!("decnet-db: {count} things are wrong with the database"),
            Self::NobodyReads => String::new(),
        }
    }

    /// The failure as JSON shows it; none where there is nothing to say.
    fn object(&self) -> Option<ErrorObject> {
        match self {
            Self::Library { error, .. } => Some(ErrorObject::of(error)),
            Self::Io { .. } | Self::Loss(_) | Self::Unsound(_) => {
                Some(ErrorObject { kind: ErrorKind::Backend, message: self.message() })
            }
            Self::NobodyReads => None,
        }
    }

    /// The exit code; the table is in `decnet-db help`.
    fn code(&self) -> u8 {
        match self {
            Self::NobodyReads => 0,
            Self::Io { .. } => 1,
            Self::Loss(_) => 6,
            Self::Unsound(_) => 7,
            Self::Library { error, .. } => match error.kind() {
                ErrorKind::InvalidInput => 2,
                ErrorKind::Configuration | ErrorKind::UnknownDriver => 3,
                ErrorKind::Unavailable | ErrorKind::UnknownOutcome => 4,
                ErrorKind::Conflict | ErrorKind::NotFound => 5,
                _ => 1,
            },
        }
    }

    /// Whether the database is not available at the moment.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self, Self::Library { error, .. } if error.kind() == ErrorKind::Unavailable)
    }

    /// The failure in one line, without the program's name.
    pub(crate) fn message(&self) -> String {
        let text = self.text();
        let line = text.lines().next().unwrap_or_default();
        line.strip_prefix("decnet-db: ").unwrap_or(line).to_owned()
    }

    /// Writes the failure to standard error, with `--json` also as JSON to standard output unless something was printed
    /// there, and says how to exit.
    pub(crate) fn report(&self, output: &mut Output) -> ExitCode {
        if output.is_json()
            && !output.has_begun()
            && let Some(error) = self.object()
        {
            // Where standard output is gone, standard error and the exit code have to do.
            let _ = output.json(&ErrorAnswer { error });
        }
        let text = self.text();
        if !text.is_empty() {
            // Where standard error is gone too, the exit code has to do.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
        self.code().into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library { error, hint: None }
    }
}

/// The one of the words that is most like a word that is none of them; none where nothing is near.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    const NEAR: f64 = 0.85;
    let likeness = |other: &str| strsim::jaro_winkler(word, other);
    words.filter(|other| likeness(other) >= NEAR).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// Says something on standard error that is no failure.
pub(crate) fn note(text: &str) {
    // Where standard error is gone, nobody can be told.
    let _ = writeln!(io::stderr().lock(), "decnet-db: {}", one_line(text));
}

/// Says what is wrong with the command line, or shows the help that it asks for, as clap does; but for words of it that would speak to
/// the terminal.
pub(crate) fn exit_for_command_line(error: &clap::Error) -> ! {
    let foreign = std::env::args_os().any(|word| word.to_string_lossy().contains(is_unprintable));
    if !error.use_stderr() || !foreign {
        error.exit();
    }
    for line in error.render().to_string().lines() {
        let _ = writeln!(io::stderr().lock(), "{}", one_line(line));
    }
    std::process::exit(error.exit_code());
}

/// A failure as JSON shows it.
#[derive(Serialize)]
struct ErrorAnswer {
    error: ErrorObject,
}

/// Foreign text may be part of a message: nothing in it may break the line or speak to the terminal.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let escape = |character: char| {
        let escaped = if is_unprintable(character) { Some(character.escape_default()) } else { None };
        let plain = escaped.is_none().then_some(character);
        escaped.into_iter().flatten().chain(plain)
    };
    Cow::Owned(text.chars().flat_map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_causes_and_a_hint() {
        let cause = anyhow::anyhow!("disk I/O error").context("step 3");
        let failure =
            Failure::from(Error::backend("can't read\nthe \u{1b}[31mtable", cause)).or_hint("try again");
        assert_eq!(
            failure.text(),
            "decnet-db: can't read\\nthe \\u{1b}[31mtable: step 3: disk I/O error\nhint: try again"
        );
        assert_eq!(failure.or_hint("another").text().lines().last(), Some("hint: try again"));
    }

    #[test]
    fn each_kind_has_the_exit_code_of_the_table() {
        let table = [
            (Error::backend("", anyhow::anyhow!("")), 1),
            (Error::Unsupported(String::new()), 1),
            (Error::invalid_input("", ""), 2),
            (Error::configuration(""), 3),
            (Error::UnknownDriver(String::new()), 3),
            (Error::Unavailable { message: String::new(), source: None }, 4),
            (Error::UnknownOutcome { message: String::new(), source: None }, 4),
            (Error::conflict(""), 5),
            (Error::NotFound(String::new()), 5),
        ];
        for (error, code) in table {
            let kind = error.kind();
            assert_eq!(Failure::from(error).code(), code, "{kind}");
        }
        assert_eq!(Failure::output(io::ErrorKind::BrokenPipe.into()).code(), 0);
        assert_eq!(Failure::output(io::ErrorKind::StorageFull.into()).code(), 1);
    }
}
