//! Database URLs.

use decnet_db::ErrorKind;
use decnet_db::config::{Config, DatabaseUrl};

use crate::world::with_world;

/// Stands for a password in the corpus, so that one is known wherever mutations have moved it.
const PASSWORD: &str = "q7Zx9Kv";

/// The database URL: one that parses is shown without its secrets, and both what is shown and what is exposed parse to the
/// same again; one that doesn't is refused in one line, without the password. What follows `sqlite:///:memory:?` is refused
/// as a setting or opens.
pub fn url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<DatabaseUrl>() {
        Ok(url) => parsed(&url),
        Err(error) => {
            let shown = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{shown}");
            assert!(!shown.contains(char::is_control), "{shown:?}");
            // The path of a file is shown, where nothing in it can be a password.
            let is_path = text.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sqlite"));
            assert!(is_path || !shown.contains(PASSWORD), "{shown}");
        }
    }
}

fn parsed(url: &DatabaseUrl) {
    let exposed: DatabaseUrl = url.expose().parse().expect("what is exposed parses");
    assert_eq!((&exposed, exposed.expose()), (url, url.expose()));
    let shown = url.to_string();
    assert_eq!(format!("{url:?}"), format!("DatabaseUrl({shown})"));
    assert!(!shown.contains(char::is_control), "{shown:?}");
    let again: DatabaseUrl = shown.parse().expect("what is shown parses");
    // The asterisks of an option that was not shown are its value now.
    assert_eq!(again.to_string().replace("%2A%2A%2A", "***"), shown.replace("%2A%2A%2A", "***"));
    if url.password().is_some() {
        // Whatever the password is, the same is shown.
        assert_eq!(url.clone().with_password("another").to_string(), shown);
        assert_eq!(again.password().map(|password| password.expose()), Some("***"));
    }
    assert_eq!(again.is_local(), url.is_local());
    let other = url.expose_as("other");
    assert!(other.starts_with("other://"), "{other}");
    if url.scheme() == "sqlite" && url.database() == ":memory:" {
        opens_or_is_refused(url);
    }
}

fn opens_or_is_refused(url: &DatabaseUrl) {
    with_world(|world| {
        world.block_on(async {
            match decnet_db::connect_with(&Config::new(url.clone())).await {
                Ok(repository) => repository.close().await,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
                    assert!(!error.to_string().contains(char::is_control), "{:?}", error.to_string());
                }
            }
        });
    });
}
