//! Standard output: tables for people, JSON for programs.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use decnet_db::json::Json;
use serde::Serialize;

use crate::errors::Failure;
use crate::json_text::{pretty, printable};

/// Standard output, locked for the whole run.
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    json: bool,
    indent: bool,
    has_begun: bool,
}

impl Output {
    /// `json` is what the option `--json` says.
    pub(crate) fn new(json: bool) -> Self {
        let out = io::stdout().lock();
        let indent = out.is_terminal();
        Self { out: BufWriter::new(out), json, indent, has_begun: false }
    }

    /// Whether the command should print JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether anything was printed.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// JSON on one line even on a terminal.
    pub(crate) fn never_indent(&mut self) {
        self.indent = false;
    }

    /// Prints a value as JSON: indented on a terminal, on one line otherwise.
    pub(crate) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let json = Json::of(value)?;
        if self.indent {
            return self.text(&(pretty(json.as_str()) + "\n"));
        }
        self.json_line(&json)
    }

    /// Prints a value as JSON on one line, with the characters that terminals obey as escapes: who reads it may show it.
    pub(crate) fn json_line<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.json_lines(&[value])
    }

    /// Prints values so, one after the other, and hands all of them on at once.
    pub(crate) fn json_lines<T: Serialize>(&mut self, values: &[T]) -> Result<(), Failure> {
        for value in values {
            let json = Json::of(value)?;
            self.out
                .write_all(printable(json.as_str()).as_bytes())
                .and_then(|()| self.out.write_all(b"\n"))
                .map_err(Failure::output)?;
        }
        self.text("")
    }

    /// Prints text as it is, line breaks included, and hands everything on at once.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.has_begun = true;
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(Failure::output)
    }
}

/// How the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Lines of cells in columns, two blanks apart, the titles first.
pub(crate) fn table<const N: usize>(columns: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([columns[column].0.len()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let titles: [String; N] = columns.map(|(title, _)| title.to_owned());
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let mut line = String::new();
        for ((cell, (_, align)), width) in row.iter().zip(columns).zip(widths) {
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}  ")),
                Align::Right => line.push_str(&format!("{cell:>width$}  ")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["logs".to_owned(), "12345".to_owned()], ["revoked_tokens".to_owned(), "-".to_owned()]];
        assert_eq!(
            table([("TABLE", Align::Left), ("ROWS", Align::Right)], &rows),
            "TABLE            ROWS\nlogs            12345\nrevoked_tokens      -\n"
        );
    }
}
