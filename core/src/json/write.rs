//! Writing a JSON text again in another style, in one pass over the input.

use std::borrow::Cow;
use std::ops::Range;

use super::{Json, number, string};
use crate::{Error, Result};

/// How a value is spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// No white space, UTF-8: [`Json::compact`].
    Compact,
    /// Python's `json.dumps`: [`Json::spaced`].
    Spaced,
    /// Compact, keys sorted, one spelling for equal numbers, integers of any length. Never stored or shown: two values
    /// are equal when this text of theirs is.
    Canonical,
}

impl Style {
    const fn comma(self) -> &'static str {
        if matches!(self, Self::Spaced) { ", " } else { "," }
    }

    const fn colon(self) -> &'static str {
        if matches!(self, Self::Spaced) { ": " } else { ":" }
    }
}

/// Writes `text`, which is JSON by RFC 8259, in `style`.
pub(super) fn rewrite(text: &str, style: Style) -> Result<String> {
    let mut rewriter = Rewriter { text, at: 0, out: String::with_capacity(text.len()), style };
    rewriter.value(0)?;
    Ok(rewriter.out)
}

/// A position in the input and the output so far. The input is known to be JSON: punctuation is skipped, not checked.
struct Rewriter<'a> {
    text: &'a str,
    at: usize,
    out: String,
    style: Style,
}

/// A member of an object that was written: its key, and where it stands in the output, key and value.
struct Member<'a> {
    key: Cow<'a, str>,
    written: Range<usize>,
}

impl<'a> Rewriter<'a> {
    fn value(&mut self, depth: usize) -> Result<()> {
        let next = self.peek()?;
        if matches!(next, b'{' | b'[') && depth == Json::MAX_DEPTH {
            return Err(Error::invalid_input(
                "",
                format!("JSON is nested deeper than {} levels", Json::MAX_DEPTH),
            ));
        }
        match next {
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => {
                let text = string::unescape(self.string()?)?;
                string::write(&mut self.out, &text, self.style);
                Ok(())
            }
            b'-' | b'0'..=b'9' => {
                let number = self.word()?;
                number::write(&mut self.out, number, self.style)
            }
            _ => {
                let word = self.word()?;
                self.out.push_str(word);
                Ok(())
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<()> {
        self.at += 1;
        self.out.push('[');
        let mut first = true;
        while self.peek()? != b']' {
            if !std::mem::take(&mut first) {
                self.out.push_str(self.style.comma());
            }
            self.value(depth)?;
        }
        self.at += 1;
        self.out.push(']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<()> {
        self.at += 1;
        self.out.push('{');
        let begin = self.out.len();
        let mut members = Vec::new();
        while self.peek()? != b'}' {
            if !members.is_empty() {
                self.out.push_str(self.style.comma());
            }
            let start = self.out.len();
            let key = string::unescape(self.string()?)?;
            string::write(&mut self.out, &key, self.style);
            self.out.push_str(self.style.colon());
            self.value(depth)?;
            members.push(Member { key, written: start..self.out.len() });
        }
        self.at += 1;
        self.rearrange(begin, &members);
        self.out.push('}');
        Ok(())
    }

    /// Puts the members, written from `begin` on, into their final order and drops those that a later one repeats.
    fn rearrange(&mut self, begin: usize, members: &[Member<'_>]) {
        let mut by_key: Vec<usize> = (0..members.len()).collect();
        by_key.sort_by(|a, b| members[*a].key.cmp(&members[*b].key));
        // The sort is stable, so the first of a group is where the key came first and the last is its value.
        let mut kept: Vec<(usize, usize)> = by_key
            .chunk_by(|a, b| members[*a].key == members[*b].key)
            .filter_map(|group| Some((*group.first()?, *group.last()?)))
            .collect();
        if self.style != Style::Canonical {
            kept.sort_unstable();
        }
        if kept.len() == members.len() && kept.is_sorted() {
            return;
        }
        let mut rearranged = String::with_capacity(self.out.len() - begin);
        for (index, (_, value)) in kept.into_iter().enumerate() {
            if index > 0 {
                rearranged.push_str(self.style.comma());
            }
            rearranged.push_str(&self.out[members[value].written.clone()]);
        }
        self.out.truncate(begin);
        self.out.push_str(&rearranged);
    }

    /// The first byte of the next value, key or closing bracket.
    fn peek(&mut self) -> Result<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let skipped =
            rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':'));
        let skipped = skipped.ok_or_else(malformed)?;
        self.at += skipped;
        Ok(rest[skipped])
    }

    /// Takes the string that begins here, and gives what stands between its quotes.
    fn string(&mut self) -> Result<&'a str> {
        let inside = self.text[self.at..].strip_prefix('"').ok_or_else(malformed)?;
        let mut bytes = inside.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => {
                    bytes.next();
                }
                b'"' => {
                    self.at += at + 2;
                    return Ok(&inside[..at]);
                }
                _ => {}
            }
        }
        Err(malformed())
    }

    /// Takes the number or literal that begins here.
    fn word(&mut self) -> Result<&'a str> {
        let rest = &self.text[self.at..];
        let ends = |byte: u8| !matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E');
        let length = rest.bytes().position(ends).unwrap_or(rest.len());
        if length == 0 {
            return Err(malformed());
        }
        self.at += length;
        Ok(&rest[..length])
    }
}

fn malformed() -> Error {
    Error::invalid_input("", "is not JSON")
}
