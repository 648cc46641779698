//! The room that a database takes.

use serde::Serialize;

/// The room that a database takes, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Space {
    /// What holds something.
    pub used: u64,
    /// What was freed by deletions, and is still part of the files: the engine fills it before the files grow.
    pub free: u64,
    /// The part of `used` that the table asked about has, with its indexes; none where only the whole is known.
    pub table: Option<u64>,
    /// Whether `used` follows a deletion at once; otherwise it is an estimate, which follows later or not at all.
    pub current: bool,
    /// What gives `free` back to the file system; none where [`Backend::tidy`](super::Backend::tidy) does.
    pub rebuild: Option<Rebuild>,
}

/// A statement for the administrator, which writes the data anew and leaves out what is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rebuild {
    /// The statement.
    pub statement: String,
    /// The free disk that it needs meanwhile, in bytes.
    pub needs: u64,
}

impl Space {
    /// So many bytes in use, and so many free; an estimate of the whole.
    #[must_use]
    pub fn new(used: u64, free: u64) -> Self {
        Self { used, free, ..Self::default() }
    }

    /// The same, where `used` follows a deletion at once.
    #[must_use]
    pub fn current(self) -> Self {
        Self { current: true, ..self }
    }

    /// The same with what the table has of it.
    #[must_use]
    pub fn with_table(self, bytes: u64) -> Self {
        Self { table: Some(bytes), ..self }
    }

    /// The same with the statement that gives back what is free, and the free disk that it needs meanwhile.
    #[must_use]
    pub fn rebuilt_by(self, statement: impl Into<String>, needs: u64) -> Self {
        Self { rebuild: Some(Rebuild { statement: statement.into(), needs }), ..self }
    }
}
