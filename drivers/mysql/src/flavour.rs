//! The two servers that speak the protocol.

/// Which of the two servers it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// MariaDB.
    MariaDb,
    /// MySQL, and what claims to be it.
    MySql,
}

impl Flavour {
    pub(crate) fn of(version: &str) -> Self {
        if version.to_ascii_lowercase().contains("mariadb") { Self::MariaDb } else { Self::MySql }
    }

    /// The name that OpenTelemetry's `db.system.name` has for it.
    pub(crate) const fn system(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
    }
}
