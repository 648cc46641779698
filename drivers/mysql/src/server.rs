//! What a server says of itself, read once when the database is opened.

use crate::flavour::Flavour;
use crate::legacy::float_columns::Floats;
use crate::read::connection::Connection;

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
}

impl Server {
    /// The first two numbers of the version.
    pub(crate) fn release(&self) -> (u32, u32) {
        let mut numbers =
            self.version.split(|c: char| !c.is_ascii_digit()).map(|text| text.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    pub(crate) async fn read(connection: &mut Connection) -> mysql_async::Result<Self> {
        let row: Option<(String, u64, u64)> = connection
            .first(
                "SELECT VERSION(), @@max_allowed_packet, (SELECT COUNT(*) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL \
                 AND character_set_name NOT IN ('utf8mb4', 'utf8mb3', 'utf8', 'ascii'))",
            )
            .await?;
        let (version, max_packet, others) = row.unwrap_or_default();
        Ok(Self {
            flavour: Flavour::of(&version),
            version,
            max_packet: usize::try_from(max_packet).unwrap_or(usize::MAX).max(64 * 1024),
            other_charsets: others > 0,
            floats: Floats::read(connection).await?,
        })
    }
}
