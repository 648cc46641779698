//! The similarity hash of an identity's typing rhythm.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::sql::{DecodeError, FromValue, Value};

/// A 64-bit similarity hash: 8 bytes, most significant first (contract document 82).
///
/// In JSON it is 16 lower-case hexadecimal digits (ruling R19).
///
/// ```
/// use decnet_db_core::contract::Simhash;
///
/// let hash = Simhash::from(0xdead_beef_cafe_f00d);
/// assert_eq!(serde_json::to_string(&hash).unwrap(), r#""deadbeefcafef00d""#);
/// assert_eq!("deadbeefcafef00d".parse::<Simhash>()?, hash);
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Simhash(Vec<u8>);

impl Simhash {
    /// The bytes as stored; SQLite lets other writers store any number of them.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<u64> for Simhash {
    fn from(hash: u64) -> Self {
        Self(hash.to_be_bytes().into())
    }
}

impl std::str::FromStr for Simhash {
    type Err = Error;

    /// Reads 16 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self> {
        let is_hash = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = u64::from_str_radix(text, 16).ok().filter(|_| is_hash);
        hash.map(Self::from)
            .ok_or_else(|| Error::invalid_input("", "must be a hash of 16 hexadecimal digits"))
    }
}

/// In hexadecimal digits.
impl fmt::Display for Simhash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Simhash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simhash({self})")
    }
}

impl Serialize for Simhash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Simhash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Reads what a record shows: the digits of whatever bytes are stored. What is to be stored has 8.
pub(super) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Simhash>, D::Error> {
    let Some(digits) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let bytes = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        u8::from_str_radix(pair, 16).ok().filter(|_| pair.len() == 2)
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes
        .map(|bytes| Some(Simhash(bytes)))
        .ok_or_else(|| D::Error::custom("must be pairs of hexadecimal digits"))
}

impl From<Simhash> for Value {
    fn from(hash: Simhash) -> Self {
        Self::Blob(hash.0)
    }
}

impl FromValue for Simhash {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Vec::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_taken_back() {
        for hash in [Simhash::from(0x4142_4344_007f_7a7a), Simhash::from(u64::MAX), Simhash::from(0)] {
            let shown = serde_json::to_string(&hash).unwrap();
            assert_eq!(serde_json::from_str::<Simhash>(&shown).unwrap(), hash, "{shown}");
        }
        assert_eq!(
            serde_json::to_string(&Simhash::from(0x4142_4344_007f_7a7a)).unwrap(),
            r#""41424344007f7a7a""#
        );
    }

    #[test]
    fn a_record_shows_any_number_of_bytes_and_is_read_again() {
        #[derive(Deserialize)]
        struct Shown(#[serde(deserialize_with = "stored")] Option<Simhash>);
        for bytes in [&b""[..], b"\xff", b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09"] {
            let hash = Simhash(bytes.to_vec());
            let shown = serde_json::to_string(&hash).unwrap();
            assert_eq!(serde_json::from_str::<Shown>(&shown).unwrap().0, Some(hash), "{shown}");
        }
        assert_eq!(serde_json::from_str::<Shown>("null").unwrap().0, None);
        for text in ["\"0\"", "\"+1\"", "\"é\"", "7"] {
            assert!(serde_json::from_str::<Shown>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        for text in ["", "deadbeef", "+123456789abcdef", "deadbeefcafef00", "éé€€éé"] {
            assert!(text.parse::<Simhash>().is_err(), "{text}");
        }
    }
}
