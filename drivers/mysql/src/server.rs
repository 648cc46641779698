//! What a server says of itself, read once when the database is opened.

use decnet_db_core::{Error, Result};

use crate::error::tell;
use crate::flavour::Flavour;
use crate::legacy::cut_columns::Cuts;
use crate::legacy::float_columns::Floats;
use crate::read::connection::Connection;

/// The first versions that have what the statements need: MySQL's `utf8mb4_0900_bin`, MariaDB's bulk execution and
/// atomic DDL.
const MYSQL: [u32; 3] = [8, 0, 17];
const MARIADB: [u32; 3] = [10, 11, 0];

/// Facts that decide how statements are written and how large they may be.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) version: String,
    pub(crate) flavour: Flavour,
    /// The most bytes that one packet may have.
    pub(crate) max_packet: usize,
    /// Whether the database has text columns in other character sets than Unicode's.
    pub(crate) other_charsets: bool,
    /// The columns that DECNET made for floats.
    pub(crate) floats: Floats,
    /// The columns that DECNET made for shorter text.
    pub(crate) cuts: Cuts,
    /// The name by which all who use the database know it, however their URLs spell it.
    pub(crate) database: String,
    pub(crate) cluster: Cluster,
    /// Settings that weaken a promise, by name, each with what it means.
    pub(crate) weak: Vec<(&'static str, &'static str)>,
    /// Tables of the database that InnoDB does not keep.
    pub(crate) other_engines: Vec<String>,
}

/// What keeps several servers in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cluster {
    /// One server, with or without replicas.
    None,
    /// Galera: each node takes writes.
    Galera,
    /// Group Replication, which InnoDB Cluster is made of.
    Group {
        /// Whether one member alone takes writes.
        single_primary: bool,
    },
}

impl Cluster {
    /// Whether others may write to the same tables at another server, where this one's named locks are not known.
    pub(crate) const fn has_several_writers(self) -> bool {
        !matches!(self, Self::None | Self::Group { single_primary: true })
    }
}

impl Server {
    /// The first numbers of the version.
    pub(crate) fn release(&self) -> [u32; 3] {
        release(&self.version)
    }

    /// Asks the server.
    ///
    /// # Errors
    /// Configuration, when it is too old, or no MySQL at all; what asking may meet.
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self> {
        let reading = |error| tell(error, "asking the server for its version");
        let row: Option<(String, u64, Option<String>, u64)> = connection
            .first("SELECT VERSION(), @@max_allowed_packet, DATABASE(), @@lower_case_table_names")
            .await
            .map_err(reading)?;
        let Some((version, max_packet, database, lower_case)) = row else {
            return Err(Error::configuration(format!(
                "what answers at {} does not say which version it is: it is no MySQL or MariaDB server",
                connection.host().name()
            )));
        };
        let flavour = Flavour::of(&version);
        check_version(&version, flavour)?;
        let others: Option<u64> = connection
            .first(
                "SELECT COUNT(*) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL \
                 AND character_set_name NOT IN ('utf8mb4', 'utf8mb3', 'utf8', 'ascii')",
            )
            .await
            .map_err(reading)?;
        let settings: Vec<(String, String)> = connection
            .rows(
                "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_provider', \
                 'group_replication_group_name', 'group_replication_single_primary_mode', \
                 'innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'innodb_doublewrite')",
            )
            .await
            .map_err(reading)?;
        let setting = |name: &str| {
            let found = settings.iter().find(|(variable, _)| variable.eq_ignore_ascii_case(name));
            found.map_or("", |(_, value)| value.as_str())
        };
        let cluster = cluster(setting);
        let database = database.unwrap_or_default();
        Ok(Self {
            flavour,
            max_packet: usize::try_from(max_packet).unwrap_or(usize::MAX).max(64 * 1024),
            other_charsets: others.unwrap_or_default() > 0,
            floats: Floats::read(connection).await.map_err(reading)?,
            cuts: Cuts::read(connection).await.map_err(reading)?,
            database: if lower_case > 0 { database.to_lowercase() } else { database },
            cluster,
            weak: weak(cluster, setting),
            other_engines: connection
                .rows(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                     AND engine IS NOT NULL AND engine <> 'InnoDB' ORDER BY table_name",
                )
                .await
                .map_err(reading)?,
            version,
        })
    }
}

fn cluster<'s>(setting: impl Fn(&str) -> &'s str) -> Cluster {
    let is_on = |name: &str| matches!(setting(name), "ON" | "1");
    if is_on("wsrep_on") && !matches!(setting("wsrep_provider"), "" | "none") {
        return Cluster::Galera;
    }
    match setting("group_replication_group_name") {
        "" => Cluster::None,
        _ => Cluster::Group { single_primary: is_on("group_replication_single_primary_mode") },
    }
}

fn weak<'s>(cluster: Cluster, setting: impl Fn(&str) -> &'s str) -> Vec<(&'static str, &'static str)> {
    let is_on = |name: &str| matches!(setting(name), "ON" | "1");
    let mut weak = Vec::new();
    if !matches!(setting("innodb_flush_log_at_trx_commit"), "" | "1" | "3") {
        weak.push((
            "innodb_flush_log_at_trx_commit",
            "what was acknowledged in the last second is lost with the machine",
        ));
    }
    if is_on("log_bin") && cluster == Cluster::None && setting("sync_binlog") == "0" {
        weak.push((
            "sync_binlog",
            "after a crash of the machine replicas may have more, or less, than the server",
        ));
    }
    if matches!(setting("innodb_doublewrite"), "OFF" | "0") {
        weak.push(("innodb_doublewrite", "a page that was written in part when the power failed is lost"));
    }
    if cluster == (Cluster::Group { single_primary: false }) {
        weak.push((
            "group_replication_single_primary_mode",
            "with several primaries, tables with cascading foreign keys take no writes while \
             group_replication_enforce_update_everywhere_checks is on",
        ));
    }
    weak
}

fn check_version(version: &str, flavour: Flavour) -> Result<()> {
    let (needed, name) = match flavour {
        Flavour::MariaDb => (MARIADB, "MariaDB"),
        Flavour::MySql => (MYSQL, "MySQL"),
    };
    if release(version) >= needed {
        return Ok(());
    }
    let [major, minor, patch] = needed;
    Err(Error::configuration(format!(
        "the database server says that it is {}: {name} {major}.{minor}.{patch} or later is needed",
        decnet_db_core::one_line(version)
    )))
}

fn release(version: &str) -> [u32; 3] {
    // What MariaDB once put in front, so that replicas take it for a MySQL.
    let version = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|text| text.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_or_something_else_is_recognised() {
        for version in [
            "8.0.17",
            "8.4.3",
            "9.7.4-2",
            "10.11.19-MariaDB-0+deb12u1",
            "5.5.5-10.11.2-MariaDB",
            "11.8.9-MariaDB",
        ] {
            assert!(check_version(version, Flavour::of(version)).is_ok(), "{version}");
        }
        for version in [
            "5.7.25-OceanBase-v4.3",
            "8.0.16",
            "8.0.11-TiDB-v7.5.0",
            "10.6.12-MariaDB",
            "5.5.5-10.3.1-MariaDB",
            "",
            "x",
        ] {
            let error = check_version(version, Flavour::of(version)).unwrap_err();
            assert!(error.to_string().contains(version) && error.to_string().contains("or later"), "{error}");
        }
    }

    #[test]
    fn clusters_are_told_apart() {
        let with = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| *value)
        };
        assert_eq!(cluster(with(&[("wsrep_on", "OFF"), ("wsrep_provider", "none")])), Cluster::None);
        assert_eq!(
            cluster(with(&[("wsrep_on", "ON"), ("wsrep_provider", "/libgalera_smm.so")])),
            Cluster::Galera
        );
        let group = [("group_replication_group_name", "a"), ("group_replication_single_primary_mode", "ON")];
        let group: &'static [_] = Box::leak(Box::new(group));
        assert_eq!(cluster(with(group)), Cluster::Group { single_primary: true });
        assert!(!Cluster::Group { single_primary: true }.has_several_writers());
        assert!(Cluster::Group { single_primary: false }.has_several_writers());
        assert_eq!(weak(Cluster::None, with(&[("innodb_flush_log_at_trx_commit", "2")])).len(), 1);
        assert_eq!(weak(Cluster::None, with(&[("innodb_flush_log_at_trx_commit", "1")])), []);
    }
}
