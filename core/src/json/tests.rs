use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Json, JsonOrText};
use crate::ErrorKind;

fn parse(text: &str) -> Json {
    Json::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn text_survives() {
    for text in [
        "123456789012345678901234567890",
        r#"{"b": 1.50, "a": 1E+2, "b": -0}"#,
        "\"\\u00e9\\/\\ud800\"",
        "[1,\t2]",
        "1e999",
    ] {
        assert_eq!(parse(text).as_str(), text);
        assert_eq!(serde_json::to_string(&parse(text)).unwrap(), text);
        assert_eq!(serde_json::from_str::<Json>(text).unwrap().as_str(), text);
        assert_eq!(parse(text).clone().to_string(), text);
    }
    assert_eq!(parse(" \n[1, 2] ").as_str(), "[1, 2]");
}

#[test]
fn output_is_one_line() {
    assert_eq!(serde_json::to_string(&parse("{\r\n \"a\":\n1}")).unwrap(), "{   \"a\": 1}");
    assert_eq!(serde_json::to_string(&JsonOrText::from("[1,\n2]")).unwrap(), "[1, 2]");
    assert_eq!(serde_json::to_string(&JsonOrText::from("a\nb")).unwrap(), r#""a\nb""#);
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for text in [
        "",
        " ",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "{'a':1}",
        "[1,]",
        "01",
        "\"\u{1}\"",
        "\u{feff}1",
        "1 2",
        "nul",
    ] {
        let error = Json::parse(text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(" at line 1 column "), "{error}");
    }
}

#[test]
fn deep_nesting_neither_overflows_nor_panics() {
    let deep = parse(&nested(1_000_000));
    assert_eq!(serde_json::to_string(&deep).unwrap().len(), 2_000_000);
    assert_eq!(deep, deep.clone());
    assert_ne!(deep, parse(&nested(1_000_001)));
    assert_eq!(serde_json::to_string(&JsonOrText::from(nested(1_000_000))).unwrap().len(), 2_000_000);
    let message = "JSON is nested deeper than 128 levels";
    assert_eq!(deep.compact().unwrap_err().to_string(), message);
    assert_eq!(parse(&nested(129)).spaced().unwrap_err().to_string(), message);
    assert_eq!(parse(&nested(128)).compact().unwrap(), nested(128));
    assert_eq!(deep.to_value().unwrap_err().to_string(), "JSON is nested deeper than 127 levels");
    assert!(parse(&nested(127)).to_value().is_ok());
    assert!(parse(&nested(128)).to_value().is_err());
}

#[test]
fn both_written_forms() {
    // Results of orjson and of Python's json.dumps for the same values.
    let cases = [
        (r#"{ "b" : [ ] , "a" : { } }"#, r#"{"b":[],"a":{}}"#, r#"{"b": [], "a": {}}"#),
        (r#"[true, false, null, "x"]"#, r#"[true,false,null,"x"]"#, r#"[true, false, null, "x"]"#),
        (r#""\u00e9\ud83d\ude00""#, "\"é😀\"", r#""\u00e9\ud83d\ude00""#),
        (
            r#""\u0000\u001B\b\t\n\f\r\"\\\/""#,
            r#""\u0000\u001b\b\t\n\f\r\"\\/""#,
            r#""\u0000\u001b\b\t\n\f\r\"\\/""#,
        ),
        ("\"\u{7f}\u{2028}\"", "\"\u{7f}\u{2028}\"", r#""\u007f\u2028""#),
        (r#"{"a":1,"b":2,"\u0061":3}"#, r#"{"a":3,"b":2}"#, r#"{"a": 3, "b": 2}"#),
        (
            r#"{"b":1,"a":[{"c":1,"c":2}],"b":{}}"#,
            r#"{"b":{},"a":[{"c":2}]}"#,
            r#"{"b": {}, "a": [{"c": 2}]}"#,
        ),
        (r#"{"":1,"":{"":2,"":3}}"#, r#"{"":{"":3}}"#, r#"{"": {"": 3}}"#),
        ("18446744073709551615", "18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
        ("-0", "0", "0"),
        ("-0.0", "-0.0", "-0.0"),
        ("1.50", "1.5", "1.5"),
        ("1E2", "100.0", "100.0"),
        ("0.0001", "0.0001", "0.0001"),
        ("123456789012345.67", "123456789012345.67", "123456789012345.67"),
        ("1e15", "1000000000000000.0", "1000000000000000.0"),
        ("5e-324", "5e-324", "5e-324"),
        // Two shortest spellings are equally near; the even digit wins.
        ("603713003675060.25", "603713003675060.2", "603713003675060.2"),
        ("1e999", "null", "null"),
        ("[-1e999]", "[null]", "[null]"),
    ];
    for (text, compact, spaced) in cases {
        assert_eq!(parse(text).compact().unwrap(), compact, "{text}");
        assert_eq!(parse(text).spaced().unwrap(), spaced, "{text}");
    }
    // Python's spelling of exponents, which compact text need not have (ruling R12).
    for (text, spaced) in [
        ("0.00001", "1e-05"),
        ("0.000012345", "1.2345e-05"),
        ("1e16", "1e+16"),
        ("12345678901234567.0", "1.2345678901234568e+16"),
        ("-1.5E300", "-1.5e+300"),
    ] {
        assert_eq!(parse(text).spaced().unwrap(), spaced, "{text}");
    }
}

#[test]
fn what_the_original_refuses_to_write_is_refused() {
    for (text, reason) in [
        ("18446744073709551616", "the integer 18446744073709551616 does not fit into 64 bits"),
        ("[-9223372036854775809]", "the integer -9223372036854775809 does not fit into 64 bits"),
        (r#""\ud800""#, "holds \\ud800, half of a surrogate pair, which is no character"),
        (r#"{"\udc00\ud800":1}"#, "holds \\udc00, half of a surrogate pair, which is no character"),
        (r#""\ud800\u0041""#, "holds \\ud800, half of a surrogate pair, which is no character"),
    ] {
        let error = parse(text).compact().expect_err(text).within("payload");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), format!("payload: {reason}"));
        assert!(parse(text).spaced().is_err());
    }
}

#[test]
fn equality_is_that_of_values() {
    for (a, b) in [
        (r#"{"a":1,"b":[2,3]}"#, r#"{ "b": [2, 3], "a": 1 }"#),
        (r#""\u00e9""#, "\"é\""),
        ("[1, 1.0, 1e0, 100]", "[1.0, 1, 1, 1E2]"),
        ("[-0, -0.0]", "[0, 0]"),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        ("\"\\ud800\"", "\"\\ud800\""),
    ] {
        assert_eq!(parse(a), parse(b));
    }
    for (a, b) in [
        ("[1,2]", "[2,1]"),
        ("1", "\"1\""),
        ("36893488147419103232", "36893488147419103233"),
        ("9007199254740993", "9007199254740992"),
        ("1e999", "1e998"),
        ("{}", "[]"),
        (r#"{"a":null}"#, "{}"),
    ] {
        assert_ne!(parse(a), parse(b));
    }
}

#[test]
fn decoding_names_the_path() {
    #[derive(serde::Deserialize, Debug)]
    #[expect(dead_code, reason = "only decoded")]
    struct Host {
        port: u16,
    }
    let json = parse(r#"{"a": [{"port": 1}, {"port": "x"}]}"#);
    let error = json.decode::<std::collections::BTreeMap<String, Vec<Host>>>().unwrap_err().within("config");
    assert!(
        error.to_string().starts_with("config.a[1].port: invalid type: string \"x\", expected u16"),
        "{error}"
    );
    let error = parse("1").decode::<String>().unwrap_err();
    assert!(error.to_string().starts_with("invalid type: integer `1`"), "{error}");
    let long = Json::of(&"x".repeat(1 << 20)).unwrap();
    assert!(long.decode::<u8>().unwrap_err().to_string().len() < 300);
}

#[test]
fn values_inside_arguments_are_kept_whatever_they_are_decoded_from() {
    #[derive(serde::Deserialize)]
    struct Arguments {
        value: Json,
        payload: Option<JsonOrText>,
    }
    let text = r#"{"value": [1.50, 123456789012345678901], "payload": {"a": 1}}"#;
    let arguments: Arguments = parse(text).decode().unwrap();
    assert_eq!(arguments.value.as_str(), "[1.50, 123456789012345678901]");
    assert_eq!(arguments.payload.unwrap().text(), r#"{"a": 1}"#);
    let value = json!({"value": null, "payload": null});
    let arguments: Arguments = serde_path_to_error::deserialize(value).unwrap();
    assert!(arguments.value.is_null());
    assert_eq!(arguments.payload, None);
}

#[test]
fn kinds_and_constructors() {
    assert!(Json::null().is_null() && Json::default().is_null() && Json::of(&()).unwrap().is_null());
    assert!(parse(" {}").is_object() && parse("[]").is_array() && parse("\"\"").is_string());
    assert!(!parse("\"null\"").is_null());
    assert_eq!(Json::of(&f64::NAN).unwrap(), Json::null());
    assert!(Json::of(&std::collections::BTreeMap::from([((1, 2), 3)])).is_err());
    assert_eq!(serde_json::from_value::<Json>(json!({"a": [1]})).unwrap(), parse(r#"{"a":[1]}"#));
    assert_eq!(format!("{:?}", parse("[1]")), "Json(\"[1]\")");
}

#[test]
fn a_json_column_shows_json_or_its_text() {
    let shown = |text: &str| serde_json::to_string(&JsonOrText::from(text)).unwrap();
    assert_eq!(shown(r#" {"id": 123456789012345678901} "#), r#"{"id": 123456789012345678901}"#);
    for text in ["NaN", "", "root", "{", "01", "\0"] {
        assert_eq!(shown(text), serde_json::to_string(text).unwrap());
        assert!(JsonOrText::from(text).json().is_none());
    }
    let taken = |json: &str| serde_json::from_str::<JsonOrText>(json).map(JsonOrText::into_text);
    assert_eq!(taken(r#""{ \"a\": 1 }\u00e9""#).unwrap(), "{ \"a\": 1 }é");
    assert_eq!(taken(r#"{ "b": 1, "a": [1.50] }"#).unwrap(), r#"{ "b": 1, "a": [1.50] }"#);
    assert_eq!(taken("null").unwrap(), "null");
    // No text, so it is JSON that is stored: what is shown of it is taken back.
    assert_eq!(taken("\"\\ud800\"").unwrap(), "\"\\ud800\"");
    assert_eq!(taken("18446744073709551616").unwrap(), "18446744073709551616");
    for json in [r#""5""#, "5", r#""[1]""#, r#""root""#, r#""\"5\"""#, "\"\"", "null", r#""null""#] {
        let text: JsonOrText = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&text).unwrap(), json);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(?s).{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("(?s).{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn rewriting_keeps_the_value(value in any_value()) {
        let json = Json::from(value.clone());
        let pretty = Json::parse(serde_json::to_string_pretty(&value).unwrap()).unwrap();
        let compact = json.compact().unwrap();
        prop_assert_eq!(&compact, &value.to_string());
        prop_assert_eq!(&pretty.compact().unwrap(), &compact);
        prop_assert_eq!(Json::parse(compact.clone()).unwrap().compact().unwrap(), compact);
        let spaced = json.spaced().unwrap();
        prop_assert!(spaced.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert_eq!(serde_json::from_str::<Value>(&spaced).unwrap(), value);
        prop_assert_eq!(Json::parse(spaced).unwrap(), json);
    }

    #[test]
    fn no_text_makes_anything_panic(text in r#"[\[\]{}",:0-9eE.+ \\uabdtrn-]{0,40}"#) {
        if let Ok(json) = Json::parse(text.clone()) {
            let _ = (json.compact(), json.spaced(), json.to_value(), json == Json::null());
        }
        let _ = serde_json::to_string(&JsonOrText::from(text));
    }
}
