//! No secret is in what a program's author or an operator sees: spans, events, logs, metrics, errors, `Debug` output.
//!
//! The whole kit runs while everything is watched that is said at any level. Of each database the password of its URL is known only
//! here; the others are those that the kit stores.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(all(feature = "sqlite", feature = "mysql"))]

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use decnet_db::ErrorKind;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::NewUser;
use decnet_db::driver::Driver;
use decnet_db::password::{self, verify_login};
use decnet_db_conformance::{Files, Server, Suite};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use mysql_async::prelude::Queryable as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The password of the account on the server.
const ACCOUNT: &str = "Tr4celess-2291";
/// The administrator's, secrets of webhooks and canaries, and how each bcrypt hash begins.
const STORED: [&str; 6] = ["correct horse battery", "fake-secret", "fake-seed", "$2a$", "$2b$", "$2y$"];

/// Looks at whatever is said, and keeps what it should not have.
#[derive(Clone, Default)]
struct Watch(Arc<Seen>);

#[derive(Default)]
struct Seen {
    texts: AtomicUsize,
    secrets: Mutex<Vec<String>>,
}

impl Watch {
    fn look(&self, at: &str, text: &str) {
        self.0.texts.fetch_add(1, Ordering::Relaxed);
        if STORED.into_iter().chain([ACCOUNT]).any(|secret| text.contains(secret)) {
            self.0.secrets.lock().unwrap().push(format!("{at}: {text}"));
        }
    }

    /// So many texts were seen, and none had a secret.
    fn assert_none(&self, least: usize) {
        let secrets = self.0.secrets.lock().unwrap();
        assert!(secrets.is_empty(), "{} times: {:.2000}", secrets.len(), secrets.join("\n"));
        let texts = self.0.texts.load(Ordering::Relaxed);
        assert!(texts >= least, "only {texts} texts were seen");
    }
}

impl Visit for &Watch {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.look(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.look(field.name(), &format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Watch {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut &*self);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut &*self);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut &*self);
    }
}

impl log::Log for Watch {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.look(record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}

impl Recorder for Watch {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.look("counter", &key.to_string());
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.look("gauge", &key.to_string());
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.look("histogram", &key.to_string());
        Histogram::noop()
    }
}

fn driver(scheme: &str) -> Driver {
    *decnet_db::registry().find(scheme).unwrap()
}

/// The server that the tests have, and an account there with the password that nobody may see.
async fn with_account() -> (DatabaseUrl, DatabaseUrl) {
    let url: DatabaseUrl =
        std::env::var("DECNET_TEST_MYSQL_URL").expect("tests/run starts a server").parse().unwrap();
    let name = format!("secrets_{}", std::process::id());
    for statement in [
        format!("CREATE USER '{name}'@'%' IDENTIFIED BY '{ACCOUNT}'"),
        format!("GRANT ALL ON *.* TO '{name}'@'%' WITH GRANT OPTION"),
    ] {
        on_the_server(&url, &statement).await.unwrap();
    }
    let exposed = url.expose();
    let (_, place) = exposed.rsplit_once('@').unwrap();
    let account = format!("mysql://{name}:{ACCOUNT}@{place}").parse().unwrap();
    (url, account)
}

async fn on_the_server(url: &DatabaseUrl, statement: &str) -> anyhow::Result<()> {
    let mut connection = mysql_async::Conn::from_url(url.expose()).await?;
    connection.query_drop(statement).await?;
    Ok(connection.disconnect().await?)
}

#[test]
fn no_secret_is_in_what_is_said() {
    let watch = Watch::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(watch.clone())).unwrap();
    log::set_logger(Box::leak(Box::new(watch.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    metrics::set_global_recorder(watch.clone()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (url, account) = runtime.block_on(with_account());

    let files = Files::new(driver("sqlite"), |folder| DatabaseUrl::sqlite(folder.join("decnet.db")));
    let server = {
        let url = url.clone();
        let server = Server::new(driver("mysql"), account.clone(), move |statement| {
            let url = url.clone();
            async move { on_the_server(&url, &statement).await }
        });
        server.options("CHARACTER SET utf8mb4")
    };
    for suite in [Suite::new(files), Suite::new(server)] {
        let report = suite.run();
        watch.look("the report", &report.to_string());
        assert!(report.failures().is_empty(), "{report}");
    }
    runtime.block_on(said_when_it_fails(&watch, &account));
    runtime
        .block_on(on_the_server(&url, &format!("DROP USER 'secrets_{}'@'%'", std::process::id())))
        .unwrap();
    watch.assert_none(100_000);
}

/// What is shown of settings, and of databases that do not open.
async fn said_when_it_fails(watch: &Watch, account: &DatabaseUrl) {
    let refused = |url: &DatabaseUrl| {
        let config = Config::new(url.clone());
        watch.look("the settings", &format!("{config:?} {url:?} {url}"));
        async move { decnet_db::connect_with(&config).await.map(drop).expect_err("it does not open") }
    };
    let wrong = account.clone().with_database("decnet_not_there");
    let nobody = account.expose().replacen("secrets_", "nobody_", 1).parse().unwrap();
    let nowhere = format!("mysql://u:{ACCOUNT}@127.0.0.1:1/d").parse().unwrap();
    let options = account.clone().with_option("password", ACCOUNT);
    for (url, kind) in [
        (wrong, ErrorKind::Configuration),
        (nobody, ErrorKind::Configuration),
        (nowhere, ErrorKind::Unavailable),
        (options, ErrorKind::Configuration),
    ] {
        let error = refused(&url).await;
        assert_eq!(error.kind(), kind, "{error}");
        let chain = anyhow::Error::from(error);
        watch.look("an error", &format!("{chain} {chain:#} {chain:?}"));
    }
    let repository = decnet_db::connect_with(&Config::new(account.clone())).await.unwrap();
    watch.look("a repository", &format!("{:?} {:?}", repository.pool(), repository.ping().await));
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_costs_what_a_wrong_password_costs() {
    let config = Config::new(DatabaseUrl::sqlite(":memory:").unwrap());
    let db = decnet_db::connect_with(&config).await.unwrap();
    db.initialize().await.unwrap();
    db.create_user(NewUser::new("u", "bob", password::hash("correct horse").unwrap())).await.unwrap();
    let bob = verify_login(&*db, "bob", "correct horse").await.unwrap().expect("it is bob's");
    assert_eq!((bob.uuid.as_str(), bob.role.as_str()), ("u", "viewer"));
    let mut took = [Duration::MAX; 2];
    for _ in 0..3 {
        for (place, name) in ["bob", "nobody"].into_iter().enumerate() {
            let begun = Instant::now();
            assert_eq!(verify_login(&*db, name, "wrong horse").await.unwrap(), None);
            took[place] = took[place].min(begun.elapsed());
        }
    }
    // A name that is looked up and no more would be answered within microseconds; the other test runs at the same time.
    assert!(took[1] > took[0] / 4 && took[1] < took[0] * 4, "{took:?}");
    db.close().await;
}
