//! Which drivers this program has, as its features chose them: with any combination of features. `tests/features/programs` looks at
//! programs with none of them, one and both.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use decnet_db::{ErrorKind, connect, drivers};

/// What the features promise.
const EXPECTED: &[&str] = &[
    #[cfg(feature = "mysql")]
    "mysql",
    #[cfg(feature = "sqlite")]
    "sqlite",
];

/// Waits for an error; a repository has no Debug to show.
fn error_of(url: &str) -> decnet_db::Error {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match runtime.block_on(connect(url)) {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

#[test]
fn the_drivers_are_those_of_the_features() {
    let names: Vec<_> = drivers().iter().map(|driver| driver.name).collect();
    assert_eq!(names, EXPECTED);
    for driver in drivers() {
        assert!(
            !driver.schemes.is_empty() && !driver.package.is_empty() && !driver.version.is_empty(),
            "{driver:?}"
        );
        assert!(driver.dialect.is_some(), "{driver:?} shows no dialect");
    }
}

#[test]
fn a_scheme_without_a_driver_is_told_what_there_is() {
    let error = error_of("oracle://user:hunter2@host/db");
    assert_eq!(error.kind(), ErrorKind::UnknownDriver);
    let text = error.to_string();
    assert!(text.contains("oracle://"), "{text}");
    for name in EXPECTED {
        assert!(text.contains(name), "{text}");
    }
    if EXPECTED.is_empty() {
        assert!(text.contains("no driver is compiled into this program"), "{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_known_scheme_is_told_which_feature_adds_it() {
    let known = [
        ("sqlite:///a.db", "sqlite"),
        ("mysql://user@host/db", "mysql"),
        ("mariadb://user@host/db", "mysql"),
    ];
    for (url, feature) in known {
        if EXPECTED.contains(&feature) {
            continue;
        }
        let error = error_of(url);
        assert_eq!(error.kind(), ErrorKind::UnknownDriver);
        assert!(
            error.to_string().contains(&format!("the feature `{feature}` of decnet-db adds it")),
            "{error}"
        );
    }
}

#[test]
fn no_password_is_shown_by_an_error() {
    const SECRET: &str = "hunter2";
    let urls = [
        "oracle://user:hunter2@host/db",
        "mysql://user:hunter2@[::1/db",
        "mysql://user:hunter2@host:99999/db",
        "mysql://user:hunter2@127.0.0.1:1/db",
        "mysql://user:hunter2@127.0.0.1:1/db?password=hunter2&nonsense=1",
        "mysql+asyncmy://user:hunter2@host:port/db",
        "sqlite://user:hunter2@host/no/such/folder/decnet.db",
        "sqlite:////no/such/folder/decnet.db?password=hunter2",
        "://user:hunter2@host",
        "user:hunter2@host/db",
    ];
    for url in urls {
        let error = error_of(url);
        let mut shown = format!("{error} {error:?} {error:#?}");
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            shown.push_str(&format!(" {inner} {inner:?}"));
            source = inner.source();
        }
        assert!(!shown.contains(SECRET), "{url}: {shown}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

/// The process-wide repository is one per process, so each of these has a process of its own, with its own environment.
#[cfg(feature = "sqlite")]
mod process_wide {
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;

    use decnet_db::{ErrorKind, get_repository};

    const URL: &str = "DECNET_DB_URL";
    const ROLE: &str = "DECNET_TEST_ROLE";

    fn in_a_process_of_its_own(test: &str, url: &str, folder: &Path) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", &format!("process_wide::{test}"), "--nocapture"]).current_dir(folder);
        for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("DECNET_")) {
            command.env_remove(variable);
        }
        let output = command.env(URL, url).env(ROLE, test).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn is_the_process(test: &str) -> bool {
        std::env::var(ROLE).is_ok_and(|role| role == test)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    #[test]
    fn concurrent_first_calls_open_one() {
        let folder = tempfile::tempdir().unwrap();
        in_a_process_of_its_own("opens_one", "sqlite:///one.db", folder.path());
        assert!(folder.path().join("one.db").exists());
    }

    #[test]
    fn opens_one() {
        if !is_the_process("opens_one") {
            return;
        }
        runtime().block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            (0..16).for_each(|_| drop(tasks.spawn(get_repository())));
            let first = get_repository().await.unwrap();
            while let Some(repository) = tasks.join_next().await {
                assert!(Arc::ptr_eq(&first, &repository.unwrap().unwrap()));
            }
            first.initialize().await.unwrap();
            first.close().await;
        });
    }

    #[test]
    fn an_error_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        in_a_process_of_its_own("tries_again", "sqlite:///later/decnet.db", folder.path());
        assert!(folder.path().join("later/decnet.db").exists());
    }

    #[test]
    fn tries_again() {
        if !is_the_process("tries_again") {
            return;
        }
        runtime().block_on(async {
            let error = get_repository().await.err().expect("there is no such folder");
            assert_ne!(error.kind(), ErrorKind::UnknownDriver, "{error}");
            std::fs::create_dir("later").unwrap();
            get_repository().await.unwrap().initialize().await.unwrap();
        });
    }
}
