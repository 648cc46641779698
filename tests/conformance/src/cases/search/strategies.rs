//! Random rows and search texts, from a small alphabet so that they meet.

use decnet_db_core::contract::NewLog;
use decnet_db_core::time::Timestamp;
use proptest::prelude::*;

/// Short text with all that is special to SQL, LIKE, JSON, shells or terminals.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[aAbBeEzZ019 .:_-]{1,3}",
        2 => "[%_\\\\'\"`;\\-]{1,3}",
        1 => Just("\0".to_owned()),
        1 => prop::sample::select(vec!["é", "É", "ß", "日本", "🦀", "\u{202e}", "\u{a0}", "e\u{301}", "\n", "\t", "\u{7f}"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["203.0.113.7", "2001:db8::1", "::", "http://b", "' OR 1=1 --", "100%"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["d1", "D1", "ssh", "SSH", "login", "203.0.113.7", "2001:db8::1", "Unknown", ""])
            .prop_map(str::to_owned),
        1 => text(),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "A",
        "user",
        "b_c",
        "with-dash",
        "1digit",
        "é",
        "",
        "a.b",
        "a\"b",
        "decky",
        "$",
        "a\0",
    ])
    .prop_map(str::to_owned)
}

/// A JSON value as text. Numbers are spelled as every engine spells them.
fn json(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        3 => text().prop_map(|text| serde_json::to_string(&text).expect("text is JSON")),
        2 => prop::sample::select(vec!["0", "22", "-7", "1.5", "9007199254740993", "true", "false", "null", "\"\"", "\"22\""])
            .prop_map(str::to_owned),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let list =
        prop::collection::vec(json(depth - 1), 0..3).prop_map(|items| format!("[{}]", items.join(",")));
    prop_oneof![4 => leaf, 1 => list, 1 => object(depth - 1)].boxed()
}

/// An object; no key is repeated, since engines differ in which one counts.
fn object(depth: u32) -> impl Strategy<Value = String> {
    let blank = prop::sample::select(vec!["", " ", "\n\t"]);
    (prop::collection::btree_map(key(), json(depth), 0..4), blank).prop_map(|(members, blank)| {
        let members = members.iter().map(|(key, value)| {
            let key = serde_json::to_string(key).expect("text is JSON");
            format!("{blank}{key}{blank}:{blank}{value}")
        });
        format!("{{{}{blank}}}", members.collect::<Vec<_>>().join(","))
    })
}

fn fields() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => object(2),
        1 => json(2),
        2 => text(),
        // An object that was cut or has something behind it.
        1 => (object(1), text()).prop_map(|(object, rest)| format!("{object}{rest}")),
        1 => (object(1), 0..9_usize).prop_map(|(object, cut)| object.chars().skip(cut).collect()),
    ]
}

/// Times with ties, before 1970 and at both ends.
fn time() -> impl Strategy<Value = Timestamp> {
    let times = [Timestamp::MIN, Timestamp::MAX, "1969-12-31T23:59:59.999999Z".parse().expect("a time")];
    prop_oneof![
        4 => (0..3_i64).prop_map(|n| Timestamp::from_microseconds(1_767_225_600_000_000 + n).expect("a time")),
        1 => prop::sample::select(times.to_vec()),
    ]
}

/// Without NUL, for engines that can't have it.
fn fit(text: String, nul: bool) -> String {
    if nul { text } else { text.replace('\0', "") }
}

/// A row to store.
pub(crate) fn row(nul: bool) -> impl Strategy<Value = NewLog> {
    (name(), name(), name(), name(), text(), fields(), time()).prop_map(
        move |(decky, service, event_type, ip, raw_line, fields, time)| {
            let [decky, service, event_type, ip, raw_line, fields] =
                [decky, service, event_type, ip, raw_line, fields].map(|text| fit(text, nul));
            NewLog::new(decky, service, event_type, ip).raw_line(raw_line).fields(fields).timestamp(time)
        },
    )
}

/// A search text: of the language's grammar, or such a text damaged, or anything.
pub(crate) fn search(nul: bool) -> impl Strategy<Value = String> {
    let column =
        prop::sample::select(vec!["decky", "service", "event", "attacker", "attacker-ip", "attacker_ip"]);
    let value = prop_oneof![
        2 => name(),
        2 => prop::sample::select(vec!["22", "true", "null", "1.5", "-7", "", "root", "//x", "/x"]).prop_map(str::to_owned),
        1 => text(),
    ];
    let token = prop_oneof![
        2 => (column, value.clone()).prop_map(|(column, value)| format!("{column}:{value}")),
        3 => (key(), value).prop_map(|(key, value)| format!("{key}:{value}")),
        2 => text(),
        1 => prop::sample::select(vec!["::", "::1", "2001:db8::1", "203.0.113.7", "1:2", ":", "''", "\"\"", "http://b"])
            .prop_map(str::to_owned),
    ];
    let quoted = (token, 0..4_u8).prop_map(|(token, quotes)| match quotes {
        0 => format!("'{}'", token.replace('\'', r#"'"'"'"#)),
        1 => format!("\"{}\"", token.replace('\\', r"\\").replace('"', "\\\"")),
        _ => token,
    });
    let whole = prop::collection::vec(quoted, 0..4).prop_map(|tokens| tokens.join(" "));
    let damaged = (
        whole.clone(),
        any::<prop::sample::Index>(),
        prop::sample::select(vec!["'", "\"", "\\", ":", " ", "%", "\0"]),
    )
        .prop_map(|(text, place, damage)| {
            let characters: Vec<_> = text.chars().collect();
            let place = place.index(characters.len() + 1);
            characters[..place].iter().collect::<String>()
                + damage
                + &characters[place..].iter().collect::<String>()
        });
    prop_oneof![4 => whole, 2 => damaged, 1 => text(), 1 => any::<String>()]
        .prop_map(move |text| fit(text, nul))
}
