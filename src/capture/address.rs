//! Who did it: the address of a syslog line (contract document 35).

use std::net::IpAddr;

use super::UNKNOWN;
use super::rfc5424::Parameters;

/// The names that an address may have, the first that applies first.
const NAMES: [&str; 7] = ["src_ip", "src", "client_ip", "remote_ip", "remote_addr", "target_ip", "ip"];

/// The words that an address may follow in a message.
const WORDS: [&str; 4] = ["from", "rhost", "client", "src"];

/// The longest value, in bytes, that a message can give: what the column holds, whatever the characters are.
const LONGEST_VALUE: usize = 255;

/// The longest text that is looked at as an address: IPv6 has at most 45 characters.
const LONGEST: usize = 64;

/// Finds the address in the fields, else in the message. A port that it comes with becomes the field `remote_port`.
pub(super) fn who(fields: &mut Parameters, message: &str) -> String {
    if let Some(address) = NAMES.iter().find_map(|name| field(fields, name)) {
        let Some((host, port)) = host_and_port(&address) else { return address };
        if !fields.iter().any(|(name, _)| name == "remote_port") {
            fields.push(("remote_port".to_owned(), port.to_owned()));
        }
        return host.to_owned();
    }
    assignment(message)
        .map(str::to_owned)
        .or_else(|| after_word(message).map(|address| address.to_string()))
        .or_else(|| dotted_quad(message).map(str::to_owned))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The value of a field; of repeated ones the last. A blank one tells nothing about anybody.
fn field(fields: &Parameters, name: &str) -> Option<String> {
    let (_, value) = fields.iter().rev().find(|(key, _)| key == name)?;
    (!value.trim().is_empty()).then(|| value.clone())
}

/// Cuts `host:port`, unless the text as a whole is an address, which an IPv6 address that ends in digits is.
fn host_and_port(text: &str) -> Option<(&str, &str)> {
    if text.parse::<IpAddr>().is_ok() {
        return None;
    }
    let (host, port) = text.rsplit_once(':')?;
    if host.is_empty() || port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    Some((inside.filter(|host| !host.is_empty()).unwrap_or(host), port))
}

/// The value of the first `key=value` whose key is one of the names.
fn assignment(message: &str) -> Option<&str> {
    message.match_indices('=').find_map(|(at, _)| {
        let before = &message[..at];
        let name = NAMES.iter().find(|name| before.ends_with(**name))?;
        if !starts_word(before, before.len() - name.len()) {
            return None;
        }
        value(&message[at + 1..])
    })
}

/// The text up to white space, unless it is longer than can be stored: whoever writes the message must not be able to make
/// a line that is refused. No more than that is looked at, so that many assignments take no longer than one.
fn value(text: &str) -> Option<&str> {
    let end = text
        .char_indices()
        .take(LONGEST_VALUE + 1)
        .find(|(_, character)| character.is_whitespace())
        .map_or(text.len(), |(end, _)| end);
    (1..=LONGEST_VALUE).contains(&end).then(|| &text[..end])
}

/// Whether no longer word or name reaches across a position.
fn starts_word(text: &str, at: usize) -> bool {
    !text[..at]
        .ends_with(|character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.'))
}

/// The first address that follows one of the words.
fn after_word(message: &str) -> Option<IpAddr> {
    let bytes = message.as_bytes();
    (0..bytes.len()).find_map(|at| {
        // The first letters are what nearly all positions fail at.
        if !matches!(bytes[at].to_ascii_lowercase(), b'f' | b'r' | b'c' | b's') {
            return None;
        }
        let word = WORDS.iter().find(|word| {
            bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        })?;
        if at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') {
            return None;
        }
        let rest = &message[at + word.len()..];
        let text = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | ':'));
        let separators = &rest[..rest.len() - text.len()];
        if separators.is_empty() {
            return None;
        }
        // An IPv6 address may begin with two colons, which are no separators then.
        let with_colons = separators.ends_with("::") && separators.len() > 2;
        with_colons
            .then(|| leading_address(&rest[separators.len() - 2..]))
            .flatten()
            .or_else(|| leading_address(text))
    })
}

/// The address that a text begins with, in brackets or not; a port behind it is not part of it.
fn leading_address(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('[').unwrap_or(text);
    let end = text
        .bytes()
        .take(LONGEST)
        .position(|byte| !(byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':')))
        .unwrap_or(text.len().min(LONGEST));
    let run = text.get(..end)?.trim_end_matches(['.', ':']);
    let host = run.split_once(':').map_or(run, |(host, _)| host);
    run.parse().ok().or_else(|| host.trim_end_matches('.').parse().ok())
}

/// The first text that looks like an IPv4 address: four numbers of up to three digits, and not a part of something longer.
fn dotted_quad(message: &str) -> Option<&str> {
    let bytes = message.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let start = at + found;
        // Digits and dots that belong together; numbers that are too many or too long are no address as a whole.
        let length = bytes[start..].iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.');
        let end = length.map_or(bytes.len(), |length| start + length);
        let run = message[start..end].trim_end_matches('.');
        let followed = bytes.get(start + run.len()).copied();
        let alone = starts_quad(&message[..start])
            && !followed.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if alone && is_quad(run) {
            return Some(run);
        }
        at = end;
    }
    None
}

/// Whether a number may begin here: not inside a word, nor after a dot that belongs to one.
fn starts_quad(before: &str) -> bool {
    !before.ends_with(|character: char| character.is_alphanumeric() || character == '_')
}

fn is_quad(run: &str) -> bool {
    let mut numbers = run.splitn(5, '.');
    run.len() <= 15
        && numbers.by_ref().take(4).filter(|number| (1..=3).contains(&number.len())).count() == 4
        && numbers.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(fields: &[(&str, &str)], message: &str) -> (String, Parameters) {
        let mut fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let address = who(&mut fields, message);
        (address, fields)
    }

    #[test]
    fn the_first_name_that_is_present_gives_the_address() {
        let all: Vec<_> = NAMES.iter().map(|name| (*name, *name)).collect();
        for (position, name) in NAMES.iter().enumerate() {
            let mut present = all[position..].to_vec();
            present.reverse();
            assert_eq!(find(&present, "from 192.0.2.1").0, *name);
        }
        assert_eq!(find(&[("SRC_IP", "192.0.2.9")], "").0, "Unknown");
        assert_eq!(find(&[("src_ip", "a"), ("src_ip", "b")], "").0, "b");
        assert_eq!(find(&[("src_ip", " "), ("ip", "b")], "").0, "b");
    }

    #[test]
    fn host_and_port_are_cut_where_something_stands_before_the_port() {
        for (value, host, port) in [
            ("203.0.113.7:4711", "203.0.113.7", Some("4711")),
            ("[2001:db8::1]:22", "2001:db8::1", Some("22")),
            ("host.example:1", "host.example", Some("1")),
            ("2001:db8::1", "2001:db8::1", None),
            ("2001:db8::1:22", "2001:db8::1:22", None),
            ("::1", "::1", None),
            ("2001:db8:1:2:3:4:5:6:22", "2001:db8:1:2:3:4:5:6", Some("22")),
            (":80", ":80", None),
            ("a:", "a:", None),
            ("a:8x", "a:8x", None),
            ("[]:8", "[]", Some("8")),
        ] {
            let (address, fields) = find(&[("remote_addr", value)], "");
            assert_eq!(address, host, "{value}");
            let added = fields.iter().find(|(name, _)| name == "remote_port").map(|(_, port)| port.as_str());
            assert_eq!(added, port, "{value}");
        }
        let (address, fields) = find(&[("src", "192.0.2.1:7"), ("remote_port", "8")], "");
        assert_eq!((address.as_str(), fields.len(), fields[1].1.as_str()), ("192.0.2.1", 2, "8"));
    }

    #[test]
    fn messages_are_searched_in_the_order_of_the_rules() {
        for (message, address) in [
            // Assignments: the first one, up to white space.
            ("x=1 ip=192.0.2.3 src_ip=192.0.2.4", "192.0.2.3"),
            ("10.0.0.1 (src=host-7,) from 192.0.2.1", "host-7,)"),
            ("my_src=a foo.src=b src= from 192.0.2.8", "192.0.2.8"),
            ("src_ip=é1", "é1"),
            (&format!("src={} ip=b", "x".repeat(256)), "b"),
            // Words.
            ("10.9.8.7 said hello FROM 192.0.2.1", "192.0.2.1"),
            ("fromage 10.9.8.7 rhost=2001:db8::7 x", "2001:db8::7"),
            ("10.9.8.7 client: 2001:db8::7: bye", "2001:db8::7"),
            ("10.9.8.7 client [2001:db8::7]:22", "2001:db8::7"),
            ("10.9.8.7 Rhost : 192.0.2.1:4711.", "192.0.2.1"),
            ("10.9.8.7 Src 192.0.2.1.", "192.0.2.1"),
            ("from nobody, from ::1", "::1"),
            // What looks like an address.
            ("closed by 192.0.2.1.", "192.0.2.1"),
            ("from host 999.999.999.999", "999.999.999.999"),
            ("version 1.2.3.4.5, 1.2.3, x1.2.3.4, 1234.1.1.1, 192.0.2.9", "192.0.2.9"),
            ("é192.0.2.1 192.0.2.2é", "192.0.2.2"),
            // Nothing.
            ("", "Unknown"),
            ("from", "Unknown"),
            ("from=", "Unknown"),
            ("...1...2", "Unknown"),
        ] {
            assert_eq!(find(&[], message).0, address, "{message}");
        }
        // A value that is found in the message is no field.
        assert!(find(&[], "src=192.0.2.1:80").1.is_empty());
    }
}
