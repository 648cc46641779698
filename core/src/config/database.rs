//! Which database the settings mean (ruling R11, document 10 §3-§5).

use super::{DatabaseUrl, Host, Settings};
use crate::{Error, Result};

/// The backends that `DECNET_DB_TYPE` can name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backend {
    Sqlite,
    Mysql,
}

impl Backend {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "sqlite" => Some(Self::Sqlite),
            "mysql" | "mariadb" => Some(Self::Mysql),
            _ => None,
        }
    }
}

/// `DECNET_DB_URL` if there is one; else what `DECNET_DB_TYPE` says, SQLite by default: the file `DECNET_DB_PATH`, or
/// the MySQL server described by the five components.
pub(super) fn url(settings: &Settings) -> Result<DatabaseUrl> {
    let backend = match settings.text("DECNET_DB_TYPE") {
        None => None,
        Some(name) => Some(Backend::named(name).ok_or_else(|| {
            settings.invalid(
                "DECNET_DB_TYPE",
                "sqlite, mysql or mariadb (leave it unset to let DECNET_DB_URL choose another driver)",
            )
        })?),
    };
    if let Some(url) = settings.text("DECNET_DB_URL") {
        let url: DatabaseUrl = url
            .parse()
            .map_err(|error| Error::configuration(format!("{}: {error}", settings.named("DECNET_DB_URL"))))?;
        if backend.is_some_and(|backend| Backend::named(url.scheme()) != Some(backend)) {
            return Err(Error::configuration(format!(
                "{} is {:?} but {} has the scheme {:?}: make them agree or unset DECNET_DB_TYPE",
                settings.named("DECNET_DB_TYPE"),
                settings.text("DECNET_DB_TYPE").unwrap_or_default(),
                settings.named("DECNET_DB_URL"),
                url.scheme(),
            )));
        }
        return Ok(url);
    }
    match backend {
        Some(Backend::Mysql) => mysql(settings),
        Some(Backend::Sqlite) => sqlite(settings),
        None => {
            if settings.text("DECNET_DB_HOST").is_some() || settings.text("DECNET_DB_PASSWORD").is_some() {
                tracing::warn!(
                    target: "decnet_db::config",
                    "a database host or password is set but neither DECNET_DB_TYPE nor DECNET_DB_URL: using SQLite"
                );
            }
            sqlite(settings)
        }
    }
}

fn sqlite(settings: &Settings) -> Result<DatabaseUrl> {
    let Some(path) = settings.text("DECNET_DB_PATH") else { return DatabaseUrl::sqlite("decnet.db") };
    let named = settings.named("DECNET_DB_PATH");
    if path
        .split_once("://")
        .is_some_and(|(scheme, _)| DatabaseUrl::new(scheme).is_ok() || scheme.starts_with("sqlite"))
    {
        return Err(Error::configuration(format!(
            "{named} holds a URL where a plain path is meant: put the URL into DECNET_DB_URL"
        )));
    }
    DatabaseUrl::sqlite(path).map_err(|error| Error::configuration(format!("{named}: {error}")))
}

fn mysql(settings: &Settings) -> Result<DatabaseUrl> {
    let port = settings.number("DECNET_DB_PORT", 1..=u16::MAX)?.unwrap_or(3306);
    let url = DatabaseUrl::new("mysql")?
        .with_user(settings.text("DECNET_DB_USER").unwrap_or("decnet"))
        .with_host(Host::new(settings.text("DECNET_DB_HOST").unwrap_or("localhost"), Some(port)))
        .with_database(settings.text("DECNET_DB_NAME").unwrap_or("decnet"));
    match settings.secret("DECNET_DB_PASSWORD") {
        Some(password) => Ok(url.with_password(password)),
        None if settings.testing() => Ok(url),
        None => Err(Error::configuration(
            "DECNET_DB_PASSWORD is not set: set it, or give the whole of DECNET_DB_URL, which may have an empty \
             password (DECNET_TESTING=1 allows an empty one here too)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(variables: &[(&str, &str)]) -> Result<DatabaseUrl> {
        url(&Settings::from_map(variables.iter().copied()))
    }

    const TYPE: &str = "DECNET_DB_TYPE";
    const URL: &str = "DECNET_DB_URL";
    const PATH: &str = "DECNET_DB_PATH";
    const HOST: &str = "DECNET_DB_HOST";
    const PORT: &str = "DECNET_DB_PORT";
    const NAME: &str = "DECNET_DB_NAME";
    const USER: &str = "DECNET_DB_USER";
    const PASSWORD: &str = "DECNET_DB_PASSWORD";

    #[test]
    fn the_choice_follows_the_table() {
        let table: &[(&[(&str, &str)], &str)] = &[
            (&[], "sqlite:///decnet.db"),
            (&[(TYPE, "")], "sqlite:///decnet.db"),
            (&[(TYPE, "SQLite")], "sqlite:///decnet.db"),
            (&[(PATH, "/var/lib/decnet/a b?.db")], "sqlite:////var/lib/decnet/a%20b%3F.db"),
            (&[(PATH, ":memory:")], "sqlite:///:memory:"),
            (&[(PATH, "file:x.db")], "sqlite:///file:x.db"),
            (&[(URL, "mysql+asyncmy://u:p@h/d")], "mysql+asyncmy://u:p@h/d"),
            (&[(URL, "mysql://u:@h/d"), (TYPE, "MYSQL")], "mysql://u:@h/d"),
            (&[(URL, "mariadb+asyncmy://h/d"), (TYPE, "mysql")], "mariadb+asyncmy://h/d"),
            (&[(URL, "mysql://h/d"), (TYPE, "MariaDB")], "mysql://h/d"),
            (&[(URL, "sqlite+aiosqlite:///x.db"), (TYPE, "sqlite")], "sqlite+aiosqlite:///x.db"),
            (&[(URL, "sqlite:///x.db"), (PATH, "y.db")], "sqlite:///x.db"),
            (&[(URL, "postgres://u:p@h/d")], "postgres://u:p@h/d"),
            (&[(URL, ""), (PATH, "y.db")], "sqlite:///y.db"),
            (&[(TYPE, "mysql"), (PASSWORD, "pw")], "mysql://decnet:pw@localhost:3306/decnet"),
            (&[(TYPE, "mariadb"), (PASSWORD, "pw")], "mysql://decnet:pw@localhost:3306/decnet"),
            (
                &[(TYPE, "mysql"), (PASSWORD, "pw"), (HOST, ""), (PORT, ""), (NAME, ""), (USER, "")],
                "mysql://decnet:pw@localhost:3306/decnet",
            ),
            (
                &[
                    (TYPE, "mysql"),
                    (PASSWORD, "p @+/%41"),
                    (HOST, "::1"),
                    (PORT, "3307"),
                    (NAME, "d/?#"),
                    (USER, "a b"),
                ],
                "mysql://a%20b:p%20%40%2B%2F%2541@[::1]:3307/d/%3F%23",
            ),
            (&[(TYPE, "mysql"), ("DECNET_TESTING", "1")], "mysql://decnet@localhost:3306/decnet"),
            // The port is looked at only where it is used.
            (&[(PORT, "nonsense")], "sqlite:///decnet.db"),
        ];
        for (variables, expected) in table {
            assert_eq!(resolve(variables).unwrap().expose(), *expected, "{variables:?}");
        }
    }

    #[test]
    fn what_contradicts_or_does_not_parse_is_an_error_that_names_it() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let table: &[Case<'_>] = &[
            (&[(TYPE, "oracle")], &[TYPE, "\"oracle\"", "sqlite, mysql or mariadb", "the environment"]),
            (&[(TYPE, " mysql")], &[TYPE, "\" mysql\""]),
            (&[(TYPE, "postgres"), (URL, "postgres://h/d")], &[TYPE, "unset"]),
            (&[(TYPE, "sqlite"), (URL, "mysql://u:hunter2@h/d")], &[TYPE, URL, "\"sqlite\"", "\"mysql\""]),
            (&[(TYPE, "mysql"), (URL, "sqlite:///x")], &[TYPE, URL, "\"mysql\"", "\"sqlite\""]),
            (&[(TYPE, "mysql"), (URL, "postgres://u:hunter2@h")], &[TYPE, URL, "\"postgres\""]),
            (&[(TYPE, "mysql://u:hunter2@h/d")], &[TYPE, "not shown"]),
            (&[(URL, "mysql://u:hunter2")], &[URL, "port"]),
            (&[(URL, "hunter2")], &[URL, "scheme"]),
            (&[(TYPE, "mysql")], &[PASSWORD, URL, "DECNET_TESTING=1"]),
            (&[(TYPE, "mysql"), (PASSWORD, "")], &[PASSWORD]),
            (&[(TYPE, "mysql"), ("DECNET_TESTING", "true")], &[PASSWORD]),
            (&[(TYPE, "mysql"), (PASSWORD, "hunter2"), (PORT, "0")], &[PORT, "\"0\"", "1 to 65535"]),
            (&[(TYPE, "mysql"), (PASSWORD, "hunter2"), (PORT, "65536")], &[PORT, "\"65536\""]),
            (&[(TYPE, "mysql"), (PASSWORD, "hunter2"), (PORT, "x")], &[PORT, "\"x\""]),
            (&[(PATH, "sqlite:///x.db")], &[PATH, URL]),
            (&[(PATH, "mysql://u:hunter2@h/d")], &[PATH, URL]),
            (&[(PATH, "a\0b")], &[PATH, "NUL"]),
        ];
        for (variables, parts) in table {
            let error = resolve(variables).expect_err(&format!("{variables:?}"));
            assert_eq!(error.kind(), crate::ErrorKind::Configuration);
            let text = error.to_string();
            assert!(parts.iter().all(|part| text.contains(part)), "{variables:?}: {text}");
            assert!(!text.contains("hunter2") && !text.contains('\n'), "{text}");
        }
    }
}
