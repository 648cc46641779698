//! What rows are made of.

use std::sync::LazyLock;

use crate::Rng;

/// How many deckies there are.
pub const DECKIES: u64 = 50;
pub(crate) const SERVICES: [&str; 12] =
    ["ssh", "telnet", "ftp", "http", "https", "smtp", "smb", "rdp", "mysql", "redis", "mqtt", "ldap"];
pub(crate) const EVENTS: [&str; 20] = [
    "connect",
    "disconnect",
    "login_attempt",
    "login_success",
    "login_failure",
    "command",
    "file_upload",
    "file_download",
    "http_request",
    "http_response",
    "port_scan",
    "banner_grab",
    "tls_hello",
    "dns_query",
    "mail_from",
    "rcpt_to",
    "query",
    "bind",
    "session_open",
    "session_close",
];
pub(crate) const USERS: [&str; 24] = [
    "root", "admin", "user", "test", "guest", "oracle", "postgres", "mysql", "ubuntu", "pi", "ftp", "www",
    "git", "jenkins", "deploy", "backup", "nagios", "tomcat", "hadoop", "support", "service", "operator",
    "info", "demo",
];
pub(crate) const STATUSES: [&str; 8] =
    ["ok", "fail", "denied", "timeout", "reset", "closed", "partial", "unknown"];
pub(crate) const BOUNTY_TYPES: [&str; 6] =
    ["credential", "fingerprint", "artifact", "ip_leak", "probe_relay", "url"];
const FIRST_OCTETS: [u64; 8] = [45, 91, 103, 141, 178, 185, 193, 218];
pub(crate) const ADDRESSES: u64 = 5000;

/// A text that one log row in a thousand has in its message.
pub const TOKEN: &str = "zx9probe";
/// A search by two keys, of which `username` lies in the fields.
pub const KEY_VALUE_SEARCH: &str = "service:ssh username:root";
/// The user that `initialize` creates.
pub const SEED_USER: &str = "admin";
/// When the preloaded rows begin: 2026-01-01, in microseconds since 1970.
pub const T0_US: i64 = 1_767_225_600_000_000;
/// How many microseconds the preloaded rows are spread over: 30 days.
pub const SPAN_US: i64 = 30 * 86_400 * 1_000_000;

/// `T0_US + numerator/denominator` of the span, rounded down.
pub(crate) fn part_of_span(numerator: u64, denominator: u64) -> i64 {
    let offset = i128::from(numerator) * i128::from(SPAN_US) / i128::from(denominator.max(1));
    T0_US + i64::try_from(offset).unwrap_or(SPAN_US)
}

/// One entry of a table.
pub(crate) fn one_of(rng: &mut Rng, table: &'static [&'static str]) -> &'static str {
    table[rng.below(table.len() as u64) as usize]
}

/// A service.
pub fn draw_service(rng: &mut Rng) -> &'static str {
    one_of(rng, &SERVICES)
}

/// A user's name.
pub fn draw_user(rng: &mut Rng) -> &'static str {
    one_of(rng, &USERS)
}

/// `decky-01` … `decky-50`, by its number from 0.
pub fn decky(number: u64) -> String {
    format!("decky-{:02}", number % DECKIES + 1)
}

/// The attacker's address of a rank, 0 to 4999.
pub fn ip(rank: u64) -> String {
    let n = (rank * 10_007) & 0xFF_FFFF;
    format!("{}.{}.{}.{}", FIRST_OCTETS[(rank % 8) as usize], n >> 16, (n >> 8) & 255, n & 255)
}

/// Running sums of the ranks' weights, `floor(2^32 / (rank + 1))`.
static ZIPF: LazyLock<Vec<u64>> = LazyLock::new(|| {
    (1..=ADDRESSES)
        .scan(0, |sum, place| {
            *sum += (1 << 32) / place;
            Some(*sum)
        })
        .collect()
});

/// The sum of all weights.
pub fn zipf_total() -> u64 {
    ZIPF.last().copied().unwrap_or(0)
}

/// A rank, 0 to 4999, by Zipf's law: rank r is drawn 1/(r + 1) times as often as rank 0.
pub fn zipf(rng: &mut Rng) -> u64 {
    let drawn = rng.below(zipf_total());
    ZIPF.partition_point(|sum| *sum <= drawn) as u64
}
