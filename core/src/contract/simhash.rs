//! The similarity hash of an identity's typing rhythm.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::sql::{DecodeError, FromValue, Value};

/// A 64-bit similarity hash: 8 bytes, most significant first (contract document 82).
///
/// In JSON it is the text that the bytes spell in UTF-8, as DECNET shows it, and else, where DECNET fails, their
/// hexadecimal digits. Both are taken back.
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

    /// Reads 16 hexadecimal digits, or the text of exactly 8 bytes that the hash spells.
    fn from_str(text: &str) -> Result<Self> {
        match text.len() {
            16 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => u64::from_str_radix(text, 16)
                .map(Self::from)
                .map_err(|error| Error::invalid_input("", error.to_string())),
            8 => Ok(Self(text.as_bytes().to_vec())),
            _ => Err(Error::invalid_input("", "must be a hash of 16 hexadecimal digits")),
        }
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
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Simhash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
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
            r#""ABCD\u0000zz""#
        );
    }

    #[test]
    fn other_lengths_are_refused() {
        for text in ["", "deadbeef0", "+123456789abcdef", "deadbeefcafef00", "éé€€"] {
            assert!(text.parse::<Simhash>().is_err(), "{text}");
        }
    }
}
