//! Whether a host can do what is asked of it, asked once after login where there are several to choose from.

use mysql_async::Error as Wire;

use crate::read::connection::Connection;

/// What a host is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fitness {
    /// It takes writes.
    Fit,
    /// It answers reads only: a replica, a secondary, a primary that was put aside.
    ReadOnly,
    /// It is cut off from its cluster: what it would answer may be old, and it takes nothing.
    Apart,
}

impl Fitness {
    /// The reason for the one who gets no other host.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Fit => "takes writes",
            Self::ReadOnly => "is read-only",
            Self::Apart => "is not part of its cluster",
        }
    }
}

/// Asks by SHOW: a Galera node that is cut off answers that, and hardly anything else.
pub(crate) async fn fitness(connection: &mut Connection) -> Result<Fitness, Wire> {
    let variables: Vec<(String, String)> = connection
        .rows(
            "SHOW VARIABLES WHERE Variable_name IN \
             ('read_only', 'super_read_only', 'wsrep_on', 'wsrep_provider', 'group_replication_group_name')",
        )
        .await?;
    let value = |name: &str| {
        let found = variables.iter().find(|(variable, _)| variable.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    };
    if is_on(value("wsrep_on")) && !matches!(value("wsrep_provider"), "" | "none") {
        let ready: Option<(String, String)> = connection.first("SHOW STATUS LIKE 'wsrep_ready'").await?;
        if ready.is_some_and(|(_, ready)| !is_on(&ready)) {
            return Ok(Fitness::Apart);
        }
    }
    if !value("group_replication_group_name").is_empty() && !has_majority(connection).await? {
        return Ok(Fitness::Apart);
    }
    let read_only = is_on(value("read_only")) || is_on(value("super_read_only"));
    Ok(if read_only { Fitness::ReadOnly } else { Fitness::Fit })
}

/// Whether a member of a replication group sees most of it. A primary without the others keeps a COMMIT waiting for ever.
async fn has_majority(connection: &mut Connection) -> Result<bool, Wire> {
    let members: Result<Option<(u64, u64)>, Wire> = connection
        .first(
            "SELECT CAST(COUNT(*) AS UNSIGNED), CAST(COALESCE(SUM(member_state IN ('ONLINE', 'RECOVERING')), 0) AS UNSIGNED) \
             FROM performance_schema.replication_group_members",
        )
        .await;
    match members {
        Ok(members) => Ok(members.is_none_or(|(all, there)| all == 0 || there * 2 > all)),
        // The account may not look: then whether it is read-only must do.
        Err(Wire::Server(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// How servers spell it: `ON`, and since MariaDB 12 also how far it goes.
fn is_on(value: &str) -> bool {
    !matches!(value, "" | "0") && !value.eq_ignore_ascii_case("OFF")
}
