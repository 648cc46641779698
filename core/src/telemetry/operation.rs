//! What is known of an operation before it runs: its name, its table, the database, the labels of its metrics.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Key, Label, SharedString};

use super::collections::collection_of;
use super::names::{self, DURATION};
use crate::config::DatabaseUrl;
use crate::contract::CONTRACT;
use crate::error::Error;

/// One operation of this program: each call site has one.
pub(crate) struct Operation {
    name: &'static str,
    facts: OnceLock<Facts>,
}

struct Facts {
    /// Counted from 0, in the order of the first calls.
    number: usize,
    collection: Option<&'static str>,
    /// The span's name by the conventions: `{operation} {target}`.
    title: String,
}

impl Operation {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, facts: OnceLock::new() }
    }

    fn facts(&self) -> &Facts {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        self.facts.get_or_init(|| {
            let collection = collection_of(self.name);
            Facts {
                number: NEXT.fetch_add(1, Ordering::Relaxed),
                collection,
                title: [Some(self.name), collection].into_iter().flatten().collect::<Vec<_>>().join(" "),
            }
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn collection(&self) -> Option<&'static str> {
        self.facts().collection
    }

    pub(crate) fn title(&self) -> &str {
        &self.facts().title
    }
}

/// The database as telemetry names it: nothing of user, password and options.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database {
    namespace: Option<SharedString>,
    address: Option<SharedString>,
    port: Option<u16>,
    /// The pool's name: servers and namespace.
    pub(super) pool: Option<SharedString>,
}

impl Database {
    /// The database that a URL names. An address is there only for one server: of several, any may be in use.
    pub(crate) fn of(url: &DatabaseUrl) -> Self {
        let namespace = match url.database() {
            "" => None,
            ":memory:" => Some(":memory:"),
            path if url.scheme() == "sqlite" => Path::new(path).file_name().and_then(|name| name.to_str()),
            name => Some(name),
        };
        let server = if let [host] = url.hosts() { Some(host) } else { None };
        let hosts: Vec<_> = url.hosts().iter().map(ToString::to_string).collect();
        let parts = [hosts.join(","), namespace.unwrap_or_default().to_owned()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let shared = |text: String| SharedString::from_shared(text.into());
        Self {
            namespace: namespace.map(|name| shared(name.to_owned())),
            address: server.map(|host| shared(host.name.clone())),
            port: server.and_then(|host| host.port),
            pool: Some(shared(parts.join("/"))),
        }
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub(crate) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.port
    }

    /// The key of an operation's duration; `failed` adds why it failed.
    fn key(&self, system: &'static str, operation: &Operation, failed: Option<&Error>) -> Key {
        let mut labels =
            vec![Label::new(names::SYSTEM, system), Label::new(names::OPERATION, operation.name)];
        labels.extend(operation.collection().map(|name| Label::new(names::COLLECTION, name)));
        labels.extend(self.namespace.clone().map(|name| Label::new(names::NAMESPACE, name)));
        labels.extend(self.address.clone().map(|name| Label::new(names::ADDRESS, name)));
        labels.extend(self.port.map(|port| Label::new(names::PORT, port.to_string())));
        if let Some(error) = failed {
            match error.code() {
                Some(code) => {
                    labels.push(Label::new(names::ERROR, code.to_string()));
                    labels.push(Label::new(names::STATUS, code.to_string()));
                }
                None => labels.push(Label::new(names::ERROR, error.kind().as_str())),
            }
        }
        Key::from_parts(DURATION, labels)
    }
}

/// The keys of the operations that succeeded, each made once: the metric costs no memory where nobody listens.
pub(super) struct Keys(Box<[OnceLock<Key>]>);

/// Operations beside the contract's methods.
const OTHERS: usize = 16;

impl Keys {
    pub(super) fn new() -> Self {
        let methods: usize = CONTRACT.iter().map(|methods| methods.len()).sum();
        Self((0..methods + OTHERS).map(|_| OnceLock::new()).collect())
    }

    /// For who records nothing.
    pub(super) fn none() -> Self {
        Self(Box::default())
    }

    /// Hands out the key of an operation's duration.
    pub(super) fn with<T>(
        &self,
        system: &'static str,
        database: &Database,
        operation: &Operation,
        failed: Option<&Error>,
        use_it: impl FnOnce(&Key) -> T,
    ) -> T {
        match self.0.get(operation.facts().number).filter(|_| failed.is_none()) {
            Some(known) => use_it(known.get_or_init(|| database.key(system, operation, None))),
            None => use_it(&database.key(system, operation, failed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_folder_user_password_and_options() {
        let of = |url: &str| {
            let database = Database::of(&url.parse().unwrap());
            let text = |name: Option<&str>| name.unwrap_or("-").to_owned();
            let port = database.port().map_or("-".to_owned(), |port| port.to_string());
            let pool = text(database.pool.as_deref());
            [text(database.namespace()), text(database.address()), port, pool]
        };
        let mysql = of("mysql://tester:hunter2@db1:3307/decnet?ssl-mode=off");
        assert_eq!(mysql, ["decnet", "db1", "3307", "db1:3307/decnet"]);
        assert_eq!(of("mysql://u@[::1]/decnet"), ["decnet", "::1", "-", "[::1]/decnet"]);
        // Any of them may be in use.
        assert_eq!(of("mysql://u@db1,db2:3307/decnet"), ["decnet", "-", "-", "db1,db2:3307/decnet"]);
        let file = of("sqlite:////var/lib/tester/captures.db?timeout=5");
        assert_eq!(file, ["captures.db", "-", "-", "captures.db"]);
        assert_eq!(of("sqlite:///:memory:"), [":memory:", "-", "-", ":memory:"]);
    }

    #[test]
    fn the_key_of_what_succeeds_is_made_once() {
        static OPERATION: Operation = Operation::new("get_logs");
        let (keys, database) = (Keys::new(), Database::default());
        let key = |failed: Option<&Error>| {
            keys.with("plain", &database, &OPERATION, failed, |key| (key.clone(), std::ptr::from_ref(key)))
        };
        let (first, second) = (key(None), key(None));
        assert_eq!(first, second);
        let label = |key: &Key, name: &str| {
            key.labels().find(|label| label.key() == name).map(|label| label.value().to_owned())
        };
        assert_eq!(label(&first.0, "db.collection.name").as_deref(), Some("logs"));
        assert_eq!(label(&first.0, "error.type"), None);
        let error = Error::conflict("x");
        assert_eq!(label(&key(Some(&error)).0, "error.type").as_deref(), Some("conflict"));
    }
}
