//! Percent-encoding of URL components, both ways.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Error, Result};

/// Everything but RFC 3986's unreserved characters: right for any component.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As [`COMPONENT`], but paths stay readable. `@` stays encoded: it ends the user part of a URL.
const PATH: &AsciiSet = &COMPONENT.remove(b'/').remove(b':');

/// Encodes a user name, a password, a host name or an option's key.
pub(super) fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, COMPONENT)
}

/// Encodes a database name, a file path or an option's value.
pub(super) fn encode_path(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, PATH)
}

/// Decodes `%XX`; `+` is a plus, and a `%` that two hex digits don't follow stands for itself. `what` names the
/// component in the error, which never repeats the text: it may be a password.
pub(super) fn decode(text: &str, what: &str) -> Result<String> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| {
        Error::configuration(format!(
            "the {what} in the database URL is not UTF-8 once percent-decoded: encode the bytes of its UTF-8 form, \
             as in %C3%A9 for é"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_follows_the_table() {
        for (encoded, plain) in [
            ("", ""),
            ("a%20b", "a b"),
            ("a+b", "a+b"),
            ("a%2Bb", "a+b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%4", "%4"),
            ("%%34", "%4"),
            ("%2541", "%41"),
            ("%c3%A9", "é"),
            ("é", "é"),
            ("%00", "\0"),
        ] {
            assert_eq!(decode(encoded, "password").unwrap(), plain, "{encoded}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_without_repeating_them() {
        let error = decode("hunter2%FF", "password").unwrap_err().to_string();
        assert!(error.contains("password") && error.contains("UTF-8"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn encoding_leaves_nothing_that_a_url_parser_could_trip_over() {
        assert_eq!(
            encode("a b+c/d?e#f%g@h:i[j]é").to_string(),
            "a%20b%2Bc%2Fd%3Fe%23f%25g%40h%3Ai%5Bj%5D%C3%A9"
        );
        assert_eq!(encode_path("/a b/c?d#e%f@g:h").to_string(), "/a%20b/c%3Fd%23e%25f%40g:h");
    }
}
