//! A position as text.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::position::{Anchor, Gap, MOST_GAPS, Position};
use crate::error::{Error, Result};

/// What a token begins with; another form gets another number.
const FORM: &str = "w1";
/// The most runs that are written. What lies before them is taken for known.
const MOST_RUNS: usize = 128;

/// Where a watcher is: what [`Watch::after`](super::Watch::after) takes, after a restart too.
///
/// As text, and so in JSON, it is at most 8,192 ASCII characters without blanks, in most cases below 60:
///
/// ```text
/// w1:1042:9b1de2f04c77a310:12.1,200.3*2
/// │  │    │                └ from the highest id downwards: 12 ids that are there, 1 that is missing, and twice 200 and 3
/// │  │    └ of the event with that id: the beginning of a hash, by which it is known again; - where there was none
/// │  └ the highest id that was delivered
/// └ the form of the text
/// ```
///
/// Missing ids are those that another transaction may still commit. They are written on servers alone, and 128 runs of
/// them at most; of those that lie before, nothing is expected any more.
///
/// ```
/// use decnet_db_core::watch::Token;
///
/// let token: Token = "w1:1042:9b1de2f04c77a310:12.1,200.3*2".parse()?;
/// assert_eq!(token.to_string(), "w1:1042:9b1de2f04c77a310:12.1,200.3*2");
/// assert!("logs.id:1042".parse::<Token>().is_err());
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    upto: i64,
    print: Option<u64>,
    /// Downwards: how many are there, how many are missing, and how often that repeats.
    runs: Vec<(u64, u64, u64)>,
}

impl Token {
    pub(super) fn of(position: &Position) -> Self {
        let mut runs: Vec<(u64, u64, u64)> = Vec::new();
        let mut below = position.upto;
        for gap in position.gaps.iter().rev().take(MOST_GAPS) {
            let run = (below.abs_diff(gap.to), gap.to.abs_diff(gap.from).saturating_add(1));
            below = gap.from.saturating_sub(1);
            let full = runs.len() == MOST_RUNS;
            match runs.last_mut() {
                Some(last) if (last.0, last.1) == run => last.2 += 1,
                _ if full => break,
                _ => runs.push((run.0, run.1, 1)),
            }
        }
        Self { upto: position.upto, print: position.anchor.print(), runs }
    }

    /// The position; what is missing is waited for anew.
    pub(super) fn position(&self) -> Position {
        let since = Instant::now();
        let (mut gaps, mut below) = (Vec::new(), self.upto);
        for (there, missing, times) in &self.runs {
            for _ in 0..*times {
                // Both were checked when the text was read.
                let to = below.saturating_sub_unsigned(*there);
                let from = to.saturating_sub_unsigned(missing.saturating_sub(1));
                gaps.push(Gap { from, to, since });
                below = from.saturating_sub(1);
            }
        }
        gaps.reverse();
        let anchor = self.print.map_or(Anchor::None, Anchor::Print);
        Position { upto: self.upto, anchor, gaps }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let form = parts.next()? == FORM;
        let (upto, print, runs) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        if !form || parts.next().is_some() {
            return None;
        }
        let print = match print {
            "-" => None,
            hex if hex.len() == 16 => Some(u64::from_str_radix(hex, 16).ok()?),
            _ => return None,
        };
        let runs: Vec<_> =
            runs.split(',').filter(|run| !run.is_empty()).map(run_of).collect::<Option<_>>()?;
        let gaps = runs.iter().try_fold(0_u64, |sum, run| sum.checked_add(run.2))?;
        let ids = runs.iter().try_fold(0_u64, |sum, (there, missing, times)| {
            sum.checked_add(there.checked_add(*missing)?.checked_mul(*times)?)
        })?;
        let fits = runs.len() <= MOST_RUNS && gaps <= MOST_GAPS as u64;
        (fits && i64::checked_sub_unsigned(upto, ids).is_some()).then_some(Self { upto, print, runs })
    }
}

fn run_of(text: &str) -> Option<(u64, u64, u64)> {
    let (pair, times) = text.split_once('*').unwrap_or((text, "1"));
    let (there, missing) = pair.split_once('.')?;
    let run: (u64, u64, u64) = (there.parse().ok()?, missing.parse().ok()?, times.parse().ok()?);
    (run.1 > 0 && run.2 > 0).then_some(run)
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FORM}:{}:", self.upto)?;
        match self.print {
            Some(print) => write!(f, "{print:016x}:")?,
            None => f.write_str("-:")?,
        }
        for (position, (there, missing, times)) in self.runs.iter().enumerate() {
            write!(f, "{}{there}.{missing}", if position > 0 { "," } else { "" })?;
            if *times > 1 {
                write!(f, "*{times}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Error::invalid_input("", "is no token of a watcher: take it from `Watcher::token`".to_owned())
        })
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(upto: i64, ranges: &[(i64, i64)]) -> Position {
        let since = Instant::now();
        let gaps = ranges.iter().map(|&(from, to)| Gap { from, to, since }).collect();
        Position { upto, anchor: Anchor::Print(7), gaps }
    }

    #[test]
    fn a_position_survives_as_text() {
        for (upto, gaps) in [
            (0, vec![]),
            (i64::MIN, vec![]),
            (i64::MAX, vec![(5, i64::MAX - 1)]),
            (100, vec![(1, 1), (3, 50), (98, 99)]),
            (-3, vec![(-10, -8), (-5, -5)]),
        ] {
            let token = Token::of(&position(upto, &gaps));
            let again: Token = token.to_string().parse().unwrap();
            assert_eq!(again, token);
            let position = again.position();
            let ranges: Vec<_> = position.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
            assert_eq!((position.upto, ranges, position.anchor.print()), (upto, gaps, Some(7)));
        }
    }

    #[test]
    fn its_length_is_bounded_and_keys_at_equal_distances_take_none() {
        let of_a_cluster: Vec<_> = (0..9_000).map(|n| (3 * n + 1, 3 * n + 2)).collect();
        let token = Token::of(&position(27_000, &of_a_cluster));
        assert_eq!(token.to_string(), "w1:27000:0000000000000007:1.2*9000");
        let mut from = i64::MIN / 2;
        let odd: Vec<_> = (0..1_000)
            .map(|n: i64| {
                from += (i64::MAX / 2_000) + n;
                (from - n, from)
            })
            .collect();
        let token = Token::of(&position(i64::MAX - 1, &odd));
        let text = token.to_string();
        assert!(text.len() <= 8_192, "{}", text.len());
        let newest = text.parse::<Token>().unwrap().position().gaps;
        assert_eq!(newest.len(), MOST_RUNS);
        assert_eq!(newest.last().map(|gap| (gap.from, gap.to)), odd.last().copied());
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in [
            "",
            "w1",
            "w1:1:-",
            "w2:1:-:",
            "w1:x:-:",
            "w1:1:abc:",
            "w1:1:-::",
            "w1:1:-:1",
            "w1:1:-:1.0",
            "w1:1:-:1.1*0",
            "w1:1:-:1.1*10001",
            "w1:1:-:0.18446744073709551615",
            "w1:-9223372036854775807:-:0.9",
            "w1:1:-:1.9223372036854775807*3",
        ] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
        let long = format!("w1:1000000:-:{}", "1.1,1.2,".repeat(65));
        assert!(long.parse::<Token>().is_err());
    }
}
