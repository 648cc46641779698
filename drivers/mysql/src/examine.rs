//! The examination of a database on a server: only reads.

use decnet_db_core::driver::Finding;
use decnet_db_core::{Result, one_line};

use crate::error::tell;
use crate::read::connection::Connection;
use crate::server::Server;

/// The settings that are looked at beside those that [`Server`] reads.
const SETTINGS: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
     ('sql_mode', 'max_allowed_packet', 'transaction_isolation', 'tx_isolation', 'time_zone', 'system_time_zone', 'read_only')";
/// Below this a captured payload may not fit into a statement.
const PACKET: u64 = 16 << 20;

/// Looks at the server and the database's tables; `full` lets the server go through all of them.
pub(crate) async fn examine(connection: &mut Connection, full: bool) -> Result<Vec<Finding>> {
    let failed = |error| tell(error, "examining the database");
    let server = Server::read(connection).await?;
    let settings: Vec<(String, String)> = connection.rows(SETTINGS).await.map_err(failed)?;
    let mut findings = durability(&server);
    findings.extend(judged(&|name: &str| {
        let found = settings.iter().find(|(variable, _)| variable.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }));
    findings.push(if server.other_engines.is_empty() {
        Finding::ok("table engines", "InnoDB")
    } else {
        Finding::failed(
            "table engines",
            format!(
                "InnoDB does not keep {}: writes there are not whole",
                one_line(&server.other_engines.join(", "))
            ),
            "ALTER TABLE \u{2026} ENGINE = InnoDB",
        )
    });
    if let Some(statements) = server.floats.widening() {
        findings.push(Finding::warning(
            "epoch columns",
            "hold 32 bits, as DECNET made them: instants are stored to the nearest minute or two",
            statements,
        ));
    }
    if full {
        findings.push(integrity(connection).await?);
    }
    Ok(findings)
}

fn durability(server: &Server) -> Vec<Finding> {
    if server.weak.is_empty() {
        return vec![Finding::ok("durability", "what is acknowledged is on the disk")];
    }
    let weak = server.weak.iter();
    weak.map(|(setting, meaning)| {
        Finding::warning(
            "durability",
            format!("{setting}: {meaning}"),
            format!("set {setting} to its default in the server's configuration"),
        )
    })
    .collect()
}

/// What the server's own settings are to other programs; this library's connections have theirs.
fn judged(setting: &dyn Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(mode) = setting("sql_mode") {
        findings.push(if mode.contains("STRICT_") {
            Finding::ok("sql_mode", "strict")
        } else {
            Finding::warning(
                "sql_mode",
                "not strict: the server cuts what other programs store and does not fit, without a word",
                "add STRICT_TRANS_TABLES to sql_mode",
            )
        });
    }
    if let Some(bytes) = setting("max_allowed_packet").and_then(|text| text.parse::<u64>().ok()) {
        let what = format!("{} MiB in a statement", bytes >> 20);
        findings.push(if bytes < PACKET {
            Finding::warning(
                "packet size",
                what,
                "set max_allowed_packet to 16M or more: larger payloads are refused",
            )
        } else {
            Finding::ok("packet size", what)
        });
    }
    if let Some(level) = setting("transaction_isolation").or_else(|| setting("tx_isolation")) {
        findings.push(if level == "READ-UNCOMMITTED" {
            Finding::warning(
                "isolation",
                "READ-UNCOMMITTED: other programs read what may never be committed",
                "set transaction_isolation to READ-COMMITTED or REPEATABLE-READ",
            )
        } else {
            Finding::ok("isolation", level)
        });
    }
    if let Some(zone) = setting("time_zone") {
        let zone = if zone == "SYSTEM" { setting("system_time_zone").unwrap_or(zone) } else { zone };
        findings.push(if matches!(zone.as_str(), "UTC" | "+00:00" | "GMT" | "Etc/UTC") {
            Finding::ok("time zone", zone)
        } else {
            Finding::warning(
                "time zone",
                format!("{}: times that the server makes for other programs are not those of events, which are UTC", one_line(&zone)),
                "set default_time_zone to +00:00",
            )
        });
    }
    if let Some(value) = setting("read_only").filter(|value| !matches!(value.as_str(), "OFF" | "0")) {
        findings.push(Finding::failed(
            "writes",
            format!("the server takes none: read_only is {}", one_line(&value)),
            "name the server that takes writes, or set read_only to OFF",
        ));
    }
    findings
}

async fn integrity(connection: &mut Connection) -> Result<Finding> {
    const CHECK: &str = "integrity";
    let failed = |error| tell(error, "checking the tables");
    let tables: Vec<String> = connection
        .rows(
            "SELECT CONCAT('`', REPLACE(table_name, '`', '``'), '`') FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name",
        )
        .await
        .map_err(failed)?;
    let mut damaged = Vec::new();
    for table in &tables {
        let found: Vec<(String, String, String, String)> =
            match connection.rows(&format!("CHECK TABLE {table}")).await {
                Ok(found) => found,
                Err(mysql_async::Error::Server(error)) => {
                    return Ok(Finding::warning(
                        CHECK,
                        format!("not looked at: {}", one_line(&error.message)),
                        "let an account look that may SELECT from all tables",
                    ));
                }
                Err(error) => return Err(failed(error)),
            };
        let bad = found
            .into_iter()
            .filter(|(_, _, kind, text)| kind == "error" || (kind == "status" && text != "OK"));
        damaged.extend(bad.map(|(name, _, _, text)| format!("{name}: {}", one_line(&text))));
    }
    Ok(if damaged.is_empty() {
        Finding::ok(CHECK, format!("CHECK TABLE finds nothing in {} tables", tables.len()))
    } else {
        Finding::failed(
            CHECK,
            damaged.join("; "),
            "stop what writes, and restore the last backup, or dump the table and load it again",
        )
    })
}

#[cfg(test)]
mod tests {
    use decnet_db_core::driver::Soundness;

    use super::*;

    #[test]
    fn settings_are_judged() {
        let with = |pairs: &[(&str, &str)]| {
            let found = judged(&|name: &str| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            });
            found.into_iter().map(|finding| (finding.check, finding.verdict)).collect::<Vec<_>>()
        };
        use Soundness::{Failed, Ok as Fine, Warning};
        assert_eq!(
            with(&[("sql_mode", "STRICT_TRANS_TABLES"), ("max_allowed_packet", "16777216")]),
            [("sql_mode", Fine), ("packet size", Fine)]
        );
        assert_eq!(
            with(&[("sql_mode", ""), ("max_allowed_packet", "1048576")]),
            [("sql_mode", Warning), ("packet size", Warning)]
        );
        assert_eq!(with(&[("tx_isolation", "READ-UNCOMMITTED")]), [("isolation", Warning)]);
        assert_eq!(with(&[("time_zone", "SYSTEM"), ("system_time_zone", "CET")]), [("time zone", Warning)]);
        assert_eq!(with(&[("time_zone", "SYSTEM"), ("system_time_zone", "UTC")]), [("time zone", Fine)]);
        assert_eq!(with(&[("read_only", "ON")]), [("writes", Failed)]);
        assert_eq!(with(&[("read_only", "OFF")]), []);
    }
}
