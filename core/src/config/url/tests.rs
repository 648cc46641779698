use proptest::prelude::*;

use super::*;
use crate::ErrorKind;

fn parse(text: &str) -> DatabaseUrl {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    let error = text.parse::<DatabaseUrl>().expect_err(text);
    assert_eq!(error.kind(), ErrorKind::Configuration);
    error.to_string()
}

#[test]
fn server_urls_follow_the_table() {
    type Parts<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [(&'a str, Option<u16>)], &'a str);
    let table: &[(&str, Parts<'_>)] = &[
        ("mysql://u:p@h:3306/d", ("mysql", Some("u"), Some("p"), &[("h", Some(3306))], "d")),
        ("MySQL+asyncmy://u@h/d", ("mysql", Some("u"), None, &[("h", None)], "d")),
        ("mariadb://u:@h", ("mariadb", Some("u"), Some(""), &[("h", None)], "")),
        ("mysql://h/", ("mysql", None, None, &[("h", None)], "")),
        ("mysql://h?a=b", ("mysql", None, None, &[("h", None)], "")),
        ("mysql:///d", ("mysql", None, None, &[], "d")),
        ("mysql://u:p@/d", ("mysql", Some("u"), Some("p"), &[], "d")),
        ("mysql://:p@h/d", ("mysql", None, Some("p"), &[("h", None)], "d")),
        ("mysql://:3307/d", ("mysql", None, None, &[("localhost", Some(3307))], "d")),
        ("mysql://h:/d", ("mysql", None, None, &[("h", None)], "d")),
        (
            "mysql://a:1,b,[::1]:2,[fe80::1%25eth0]/d",
            (
                "mysql",
                None,
                None,
                &[("a", Some(1)), ("b", None), ("::1", Some(2)), ("fe80::1%eth0", None)],
                "d",
            ),
        ),
        ("mysql://u:p@%2Frun%2Fdb.sock/d", ("mysql", Some("u"), Some("p"), &[("/run/db.sock", None)], "d")),
        ("postgres://u:p@h/d", ("postgres", Some("u"), Some("p"), &[("h", None)], "d")),
        ("x-y.z+q+r://h/a/b", ("x-y.z", None, None, &[("h", None)], "a/b")),
        // Encoding, and what needs none.
        (
            "mysql://a%40b:p%3Aw%20x+y%2B@h/d%2Fe",
            ("mysql", Some("a@b"), Some("p:w x+y+"), &[("h", None)], "d/e"),
        ),
        ("mysql://u:100%@h/d", ("mysql", Some("u"), Some("100%"), &[("h", None)], "d")),
        ("mysql://u:a@b@h/d", ("mysql", Some("u"), Some("a@b"), &[("h", None)], "d")),
        ("mysql://u:a:b#c@h/d", ("mysql", Some("u"), Some("a:b#c"), &[("h", None)], "d")),
        ("mysql://u:a/b?c@h/d?x=y", ("mysql", Some("u"), Some("a/b?c"), &[("h", None)], "d")),
    ];
    for (text, (scheme, user, password, hosts, database)) in table {
        let url = parse(text);
        assert_eq!(url.scheme(), *scheme, "{text}");
        assert_eq!(url.user(), *user, "{text}");
        assert_eq!(url.password().map(Secret::expose), *password, "{text}");
        let found: Vec<_> = url.hosts().iter().map(|host| (host.name.as_str(), host.port)).collect();
        assert_eq!(found, *hosts, "{text}");
        assert_eq!(url.database(), *database, "{text}");
        assert_eq!(parse(&url.expose()), url, "{text}");
    }
    assert_eq!(parse("mysql+asyncmy://h").driver_suffix(), Some("asyncmy"));
}

#[test]
fn sqlite_urls_follow_the_table() {
    for (text, path, options) in [
        ("sqlite:///relative.db", "relative.db", 0),
        ("sqlite:////absolute.db", "/absolute.db", 0),
        ("sqlite:///:memory:", ":memory:", 0),
        ("SQLITE+aiosqlite:///a/b.db", "a/b.db", 0),
        ("sqlite:///C:\\data\\x.db", "C:\\data\\x.db", 0),
        ("sqlite:///a b#c+d.db", "a b#c+d.db", 0),
        ("sqlite:///a%3Fb%23c%25d%20e", "a?b#c%d e", 0),
        ("sqlite:///100%.db", "100%.db", 0),
        ("sqlite:///u:p@h.db", "u:p@h.db", 0),
        ("sqlite:///x.db?mode=ro&cache=shared", "x.db", 2),
        ("sqlite:///file:x.db?uri=true", "file:x.db", 1),
        ("sqlite:///é.db", "é.db", 0),
    ] {
        let url = parse(text);
        assert_eq!((url.scheme(), url.database(), url.options().len()), ("sqlite", path, options), "{text}");
        assert!(url.hosts().is_empty() && url.user().is_none(), "{text}");
        assert_eq!(parse(&url.expose()), url, "{text}");
    }
}

#[test]
fn options_are_decoded_and_keep_their_order() {
    let url = parse("mysql://h/d?b=1&a=x%26y+z&flag&b=2&&=e&c=p=q");
    let pairs: Vec<_> = url.options().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("b", "1"), ("a", "x&y+z"), ("flag", ""), ("b", "2"), ("", "e"), ("c", "p=q")]);
    assert_eq!((url.option("b"), url.option("B"), url.option("flag")), (Some("2"), None, Some("")));
}

#[test]
fn errors_say_what_to_write() {
    for (text, part) in [
        ("", "empty"),
        ("decnet.db", "scheme"),
        ("/var/lib/x.db", "scheme"),
        ("://h/d", "scheme"),
        ("1sql://h/d", "scheme"),
        ("my sql://h/d", "scheme"),
        ("mysql+://h/d", "scheme"),
        ("mysql:h/d", "scheme"),
        (" mysql://h/d", "scheme"),
        ("sqlite:x.db", "sqlite:///relative.db"),
        ("sqlite::memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite:///:memory:"),
        ("sqlite:///", "sqlite:///:memory:"),
        ("sqlite:///?mode=ro", "sqlite:///:memory:"),
        ("sqlite://:memory:", "sqlite:///:memory:"),
        ("sqlite://foo/bar.db", "sqlite:///foo/bar.db"),
        ("sqlite://foo.db", "sqlite:////foo.db"),
        ("sqlite://localhost/bar.db", "sqlite:///bar.db"),
        ("sqlite:///a%00b", "NUL"),
        ("sqlite:///a%FF", "path"),
        ("mysql://h:x/d", "1 to 65535"),
        ("mysql://h:0/d", "1 to 65535"),
        ("mysql://h:65536/d", "1 to 65535"),
        ("mysql://h:+1/d", "1 to 65535"),
        ("mysql://[::1]x/d", "1 to 65535"),
        ("mysql://[::1/d", "bracket"),
        ("mysql://[1.2.3.4]/d", "IPv6"),
        ("mysql://::1/d", "IPv6"),
        ("mysql://a,,b/d", "host1:port1"),
        ("mysql://a,/d", "host1:port1"),
        ("mysql://%FF@h/d", "user"),
        ("mysql://h/d?a=%FF", "option"),
        ("mysql://u:p@h/d@e", "%40"),
        ("mysql://h:1/d?mail=a@b", "%40"),
    ] {
        let error = refused(text);
        assert!(error.contains(part) && !error.contains('\n'), "{text}: {error}");
    }
}

#[test]
fn no_piece_of_a_password_is_ever_shown() {
    // Alone, in malformed URLs, and raw among the characters that mean something in a URL.
    for text in [
        "hunter2",
        "u:hunter2@h",
        "mysql:u:hunter2@h/d",
        "mysql//u:hunter2@h/d",
        "mysql://u:hunter2",
        "mysql://u:hunter2/d",
        "mysql://u:hunter2,h/d",
        "mysql://u:hunter2@h:x/d",
        "mysql://u:hunter2@[::1/d",
        "mysql://u:hunter2%FF@h/d",
        "mysql://u:hunter2@h,,/d",
        "mysql://u:a@b/hunter2@h/d",
        "mysql://u:a/hunter2@b@h/d",
        "mysql://u:1/hunter2@h/d",
        "mysql://us/er:hunter2@h/d",
        "mysql://u:a?b=hunter2&c@d@h/d",
        "mysql://u:a@b?hunter2@h/d",
        "mysql://u:a/hunter2@h/d",
        "mysql://u:a@hunter2@h/d",
        "mysql://u:hunter2#@h/d",
        "mysql://u:hunter2:@h/d",
        "mysql://u:%hunter2@h/d",
        "mysql://h/d?password=hunter2",
        "mysql://h/d?SSL-Key-Password=hunter2&api_token=hunter2&client_secret=hunter2",
        "mysql://h/d?ssl_key=-----BEGIN%20PRIVATE%20KEY-----hunter2",
        "sqlite:///x.db?key=hunter2",
        "sqlite://u:hunter2@h/d",
        "sqlite:u:hunter2@h/d",
    ] {
        let shown = match text.parse::<DatabaseUrl>() {
            Ok(url) => {
                assert!(url.expose().contains("hunter2"), "{text}");
                format!("{url} {url:?} {url:#?}")
            }
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
    }
    assert_eq!(parse("mysql://u:p@h/d?a=b&token=t").to_string(), "mysql://u:***@h/d?a=b&token=***");
    assert!(parse("mysql://h/d?ssl_key=/etc/key.pem").to_string().contains("/etc/key.pem"));
}

#[test]
fn builders_refuse_what_no_url_can_say() {
    assert!(DatabaseUrl::new("my sql").is_err());
    assert!(DatabaseUrl::new("").is_err());
    assert!(DatabaseUrl::new("sqlite").is_err());
    assert!(DatabaseUrl::sqlite("").is_err());
    assert!(DatabaseUrl::sqlite("a\0b").is_err());
    #[cfg(unix)]
    {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let error = DatabaseUrl::sqlite(OsStr::from_bytes(b"a\xffb")).unwrap_err().to_string();
        assert!(error.contains("UTF-8"), "{error}");
    }
    let url = DatabaseUrl::new("mysql").unwrap().with_user("").with_host(Host::new("", Some(0)));
    assert_eq!(url.to_string(), "mysql://localhost");
    let url = url.with_host(Host::new("[::1]", Some(1)));
    assert_eq!(url.to_string(), "mysql://localhost,[::1]:1");
}

/// Text that is rich in the characters that a URL gives a meaning to.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-c@:/?#%+&=,\\[\\] .0-9é]{0,12}"]
}

fn host_name() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
        text().prop_map(|zone| format!("fe80::1%{zone}")),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
    ]
}

proptest! {
    #[test]
    fn any_text_round_trips_through_build_and_parse(
        user in text(),
        password in proptest::option::of(text()),
        hosts in proptest::collection::vec((host_name(), proptest::option::of(any::<u16>())), 0..3),
        database in text(),
        options in proptest::collection::vec((text(), text()), 0..3),
    ) {
        let mut url = DatabaseUrl::new("mysql+asyncmy").unwrap().with_user(&user).with_database(&database);
        if let Some(password) = &password {
            url = url.with_password(password.as_str());
        }
        for (name, port) in &hosts {
            url = url.with_host(Host::new(name, *port));
        }
        for (key, value) in &options {
            url = url.with_option(key, value);
        }
        let parsed = parse(&url.expose());
        prop_assert_eq!(&parsed, &url);
        prop_assert_eq!(parsed.expose(), url.expose());
        prop_assert_eq!(parsed.user().unwrap_or_default(), user);
        prop_assert_eq!(parsed.password().map(Secret::expose), password.as_deref());
        prop_assert_eq!(parsed.database(), database);
        prop_assert_eq!(parsed.options(), options);
    }

    #[test]
    fn any_path_round_trips(path in text().prop_filter("a file name", |p| !p.is_empty() && !p.contains('\0'))) {
        let url = DatabaseUrl::sqlite(&path).unwrap();
        let parsed = parse(&url.expose());
        prop_assert_eq!(parsed.database(), path);
        prop_assert_eq!(parse(&url.to_string()), url);
    }

    #[test]
    fn any_text_parses_or_is_an_error_of_one_line(text in text(), scheme in "|sqlite://|mysql://|x:") {
        let text = format!("{scheme}{text}");
        match text.parse::<DatabaseUrl>() {
            Ok(url) => prop_assert_eq!(parse(&url.expose()), url),
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }

    #[test]
    fn a_raw_password_is_never_shown(middle in "[a-c@:/?#%+&=, 0-9]{0,8}") {
        // Whatever stands around it, the marked part of the password must not show up.
        let url = format!("mysql://user:{middle}SECRET{middle}@host/name");
        let shown = match url.parse::<DatabaseUrl>() {
            Ok(url) => format!("{url} {url:?}"),
            Err(error) => error.to_string(),
        };
        prop_assert!(!shown.contains("SECRET"), "{} -> {}", url, shown);
    }
}
