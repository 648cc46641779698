//! What every connection is set to, in one statement, when it is opened.

use std::time::Duration;

use crate::flavour::Flavour;
use crate::server::Server;

/// The statement. It is sent once for each connection: nothing here changes session variables later.
///
/// - utf8mb4 both ways, with a binary collation, so that parameters bring no rules of equality of their own;
/// - time zone `+00:00`: what is bound and what is read is UTC (ruling R1);
/// - strict mode: what a column can't hold is an error, never cut; `NO_AUTO_VALUE_ON_ZERO`: an id 0 that is copied stays
///   0. A DATETIME without fraction, as in tables that DECNET made, cuts the fraction on MariaDB and rounds it on MySQL
///   unless `TIME_TRUNCATE_FRACTIONAL` is set (ruling R3);
/// - READ COMMITTED. The base's units are statements that read and write at once, and guarded units take a named lock
///   first, so nothing depends on a snapshot that outlives a statement; but under REPEATABLE READ the SELECT in an
///   `INSERT … SELECT … WHERE NOT EXISTS` locks the gaps that it looked at, and two inserters beside one another
///   deadlock. It also lets a unit see what the previous holder of its guard committed. (A server whose binary log is
///   in STATEMENT format refuses writes at this level; MIXED, MariaDB's default, and ROW, MySQL's, are fine.)
/// - recursive queries as deep as they need to be: both servers stop after 1000 rounds, MySQL with an error, MariaDB with a
///   part of the answer, while merges of identities are followed to their end (ruling R19);
/// - a time-out for row locks below the time that a caller waits for a connection.
pub(crate) fn setup(server: &Server, wait: Duration) -> String {
    let isolation = match server.flavour {
        // MariaDB took over MySQL's name in 11.1, and may give up its own.
        Flavour::MariaDb if server.release() < [11, 1, 0] => "tx_isolation",
        _ => "transaction_isolation",
    };
    let mode = if server.flavour == Flavour::MySql { ",TIME_TRUNCATE_FRACTIONAL" } else { "" };
    let recursion = match server.flavour {
        Flavour::MariaDb => "max_recursive_iterations",
        Flavour::MySql => "cte_max_recursion_depth",
    };
    let lock_wait = wait.as_secs().clamp(1, 20);
    format!(
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin, time_zone = '+00:00', \
         sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION{mode}', \
         {isolation} = 'READ-COMMITTED', autocommit = 1, {recursion} = 4294967295, innodb_lock_wait_timeout = {lock_wait}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_server() {
        for (version, name, truncates) in [
            ("10.11.19-MariaDB-0+deb12u1", " tx_isolation", false),
            ("11.0.2-MariaDB", " tx_isolation", false),
            ("11.8.1-MariaDB", " transaction_isolation", false),
            ("8.4.3", " transaction_isolation", true),
        ] {
            let server = Server {
                version: version.into(),
                flavour: Flavour::of(version),
                max_packet: 1,
                other_charsets: false,
                floats: Default::default(),
                cuts: Default::default(),
                database: String::new(),
                cluster: crate::server::Cluster::None,
                weak: Vec::new(),
                other_engines: Vec::new(),
            };
            let setup = setup(&server, Duration::from_secs(30));
            assert!(setup.contains(name), "{setup}");
            assert_eq!(setup.contains("TIME_TRUNCATE_FRACTIONAL"), truncates);
        }
    }
}
