//! Two openings of one database, each at its own node of a Galera cluster, that do the same at the same moment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests too")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::{Attacker, NewBounty, Repository};
use decnet_db_core::registry::Registry;
use decnet_db_core::sql::Changeset;
use decnet_db_core::time::Timestamp;
use tokio::task::JoinSet;

/// What both do: so many new addresses, bounties and mail targets.
const ROUNDS: usize = 1_000;
/// So many of them at a time.
const AT_ONCE: usize = 8;

struct Galera(tempfile::TempDir);

impl Galera {
    fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("decnet-galera").tempdir().unwrap();
        // For the account that the nodes run as when root starts them.
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
        let cluster = Self(dir);
        cluster.script(&["start"]);
        cluster
    }

    fn script(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers/galera.sh");
        let mut command = Command::new(script);
        command.args(arguments).env("DECNET_TEST_GALERA_DIR", self.0.path().join("cluster"));
        command
    }

    async fn open(&self, node: &str, account: Option<&str>) -> Arc<dyn Repository> {
        let mut url: DatabaseUrl = self.script(&["url", node]).parse().unwrap();
        if let Some(account) = account {
            url = url.with_user(account).with_password("x");
        }
        Registry::collect(&[decnet_db_mysql::DRIVER], &[]).connect(&Config::new(url)).await.unwrap()
    }

    /// The last field of what a query answers.
    fn number(&self, query: &str) -> usize {
        let answer = self.script(&["sql", "1", query]);
        answer.split_whitespace().last().and_then(|number| number.parse().ok()).expect(&answer)
    }
}

impl Drop for Galera {
    fn drop(&mut self) {
        let _ = self.command(&["clean"]).status();
    }
}

fn seen(ip: &str) -> Changeset<Attacker> {
    let now = Timestamp::now();
    Changeset::new().set(Attacker::IP, ip).set(Attacker::FIRST_SEEN, now).set(Attacker::LAST_SEEN, now)
}

/// One round: both learn of the same address, find the same bounty, and see the same two tries to send mail.
async fn round(one: Arc<dyn Repository>, other: Arc<dyn Repository>, ip: String) {
    let (a, b) = tokio::join!(one.upsert_attacker(seen(&ip)), other.upsert_attacker(seen(&ip)));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a, b, "both are told one uuid of {ip}");
    let bounty = || NewBounty::new("d", "s", &ip, "credential").payload("secret");
    let (c, d) = tokio::join!(one.add_bounty(bounty()), other.add_bounty(bounty()));
    c.and(d).unwrap();
    let mail = "mail.example";
    let (e, f) = tokio::join!(one.increment_smtp_target(&a, mail), other.increment_smtp_target(&a, mail));
    e.and(f).unwrap();
}

async fn race(one: &Arc<dyn Repository>, other: &Arc<dyn Repository>, addresses: Vec<String>) {
    let mut running = JoinSet::new();
    for ip in addresses {
        if running.len() == AT_ONCE {
            running.join_next().await.unwrap().unwrap();
        }
        running.spawn(round(one.clone(), other.clone(), ip));
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_store_nothing_twice_and_lose_no_count() {
    let cluster = Galera::start();
    let (one, other) = (cluster.open("1", None).await, cluster.open("2", None).await);
    // Both, as two programs do: it is there for both of them then, however far behind a node is.
    one.initialize().await.unwrap();
    other.initialize().await.unwrap();

    let addresses: Vec<_> = (0..ROUNDS).map(|n| format!("10.1.{}.{}", n / 250, n % 250)).collect();
    race(&one, &other, addresses).await;
    assert_eq!(cluster.number("SELECT COUNT(*) FROM decnet.attackers"), ROUNDS);
    assert_eq!(cluster.number("SELECT COUNT(DISTINCT ip) FROM decnet.attackers"), ROUNDS);
    assert_eq!(cluster.number("SELECT COUNT(*) FROM decnet.bounty"), ROUNDS);
    assert_eq!(cluster.number("SELECT COUNT(*) FROM decnet.smtp_targets"), ROUNDS);
    assert_eq!(cluster.number("SELECT SUM(count) FROM decnet.smtp_targets"), 2 * ROUNDS);

    // Rows that DECNET made have keys that are made of nothing: they are found by their address.
    let made = 20;
    for n in 0..made {
        let own = format!("10.2.0.{n}");
        cluster.script(&[
            "sql",
            "1",
            &format!(
                "INSERT INTO decnet.attackers (uuid, ip, first_seen, last_seen, event_count, service_count, decky_count, \
                 services, deckies, is_traversal, bounty_count, credential_count, fingerprints, commands, rotation_count, \
                 ipv6_leak_count, updated_at) VALUES (UUID(), '{own}', NOW(6), NOW(6), 0, 0, 0, '[]', '[]', 0, 0, 0, '[]', \
                 '[]', 0, 0, NOW(6))"
            ),
        ]);
    }
    race(&one, &other, (0..made).map(|n| format!("10.2.0.{n}")).collect()).await;
    let theirs =
        "SELECT COUNT(*) FROM decnet.attackers WHERE ip LIKE '10.2.0.%' AND SUBSTR(uuid, 15, 1) = '1'";
    assert_eq!(cluster.number(theirs), made, "no row was added beside them, and none lost its key");

    // An account that may do nothing but read and write.
    cluster.script(&[
        "sql",
        "1",
        "CREATE USER restricted@'%' IDENTIFIED BY 'x'; GRANT SELECT, INSERT, UPDATE, DELETE ON decnet.* TO restricted@'%'",
    ]);
    let (third, fourth) =
        (cluster.open("2", Some("restricted")).await, cluster.open("3", Some("restricted")).await);
    race(&third, &fourth, (0..100).map(|n| format!("10.3.0.{n}")).collect()).await;
    for (table, rows) in [("attackers", ROUNDS + made + 100), ("bounty", ROUNDS + made + 100)] {
        assert_eq!(cluster.number(&format!("SELECT COUNT(*) FROM decnet.{table}")), rows, "{table}");
    }
    for repository in [one, other, third, fourth] {
        repository.close().await;
    }
}
