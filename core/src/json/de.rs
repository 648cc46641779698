//! What ruling R8 says about arguments, for `#[serde(deserialize_with = "…")]`.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// Decodes a boolean from `true`, `false`, `1` or `0`, and from nothing else (ruling R8).
///
/// # Errors
///
/// The deserialiser's error for every other value, `null`, `1.0` and `"true"` included.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, 1 or 0")
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<bool, E> {
            match value {
                0 => Ok(false),
                1 => Ok(true),
                _ => Err(E::invalid_value(de::Unexpected::Unsigned(value), &self)),
            }
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<bool, E> {
            match u64::try_from(value) {
                Ok(value) => self.visit_u64(value),
                Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
            }
        }
    }

    deserializer.deserialize_any(Visitor)
}

/// Decodes as [`flag`] does, or `None` from `null`. Use with `#[serde(default)]`, so that a missing field is `None` too.
///
/// # Errors
///
/// As [`flag`].
pub fn optional_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    struct Flag(bool);

    impl<'de> Deserialize<'de> for Flag {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            flag(deserializer).map(Self)
        }
    }

    Ok(Option::<Flag>::deserialize(deserializer)?.map(|flag| flag.0))
}

/// Decodes a `T`, taking an explicit `null` for its default (ruling R8). Use with `#[serde(default)]`, so that a missing
/// field is the default too.
///
/// # Errors
///
/// What `T`'s own decoding fails with.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Arguments {
        #[serde(default, deserialize_with = "flag")]
        a: bool,
        #[serde(default, deserialize_with = "optional_flag")]
        b: Option<bool>,
        #[serde(default, deserialize_with = "null_as_default")]
        c: u32,
    }

    fn decode(text: &str) -> Result<Arguments, String> {
        let from_text = serde_json::from_str::<Arguments>(text).map_err(|error| error.to_string());
        let value = serde_json::from_str(text).unwrap();
        let from_value = serde_json::from_value::<Arguments>(value).map_err(|error| error.to_string());
        assert_eq!(from_text.is_ok(), from_value.is_ok(), "{text}");
        from_text
    }

    #[test]
    fn booleans_are_true_false_one_and_zero() {
        assert_eq!(decode(r#"{"a": true, "b": false}"#), Ok(Arguments { a: true, b: Some(false), c: 0 }));
        assert_eq!(decode(r#"{"a": 1, "b": 0}"#), Ok(Arguments { a: true, b: Some(false), c: 0 }));
        for other in ["2", "-1", "1.0", "\"true\"", "\"1\"", "[]", "{}", "18446744073709551616"] {
            for key in ["a", "b"] {
                let error = decode(&format!(r#"{{"{key}": {other}}}"#)).expect_err(other);
                assert!(error.contains("expected true, false, 1 or 0"), "{other}: {error}");
            }
        }
        assert!(decode(r#"{"a": null}"#).is_err());
    }

    #[test]
    fn null_means_absent() {
        let absent = Arguments { a: false, b: None, c: 0 };
        assert_eq!(decode("{}").as_ref(), Ok(&absent));
        assert_eq!(decode(r#"{"b": null, "c": null}"#).as_ref(), Ok(&absent));
        assert!(decode(r#"{"c": "7"}"#).is_err());
    }
}
