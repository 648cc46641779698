//! One server address of a database URL.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::percent;
use crate::{Error, Result};

/// A server to connect to: a host name or an IP address, and the port if one was given.
///
/// `Display` writes it as a URL does: IPv6 addresses in brackets, anything unusual percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Host {
    /// The name or address, decoded, without brackets; an IPv6 zone follows a `%` (`fe80::1%eth0`).
    pub name: String,
    /// The port, never 0; `None` means the driver's default.
    pub port: Option<u16>,
}

impl Host {
    /// A host from plain text. An empty name means `localhost`, brackets around an IPv6 address are taken off, and
    /// port 0 counts as not given.
    pub fn new(name: &str, port: Option<u16>) -> Self {
        let bare =
            name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| is_ipv6(inner));
        let name = match bare.unwrap_or(name) {
            "" => "localhost",
            name => name,
        };
        Self { name: name.to_owned(), port: port.filter(|port| *port != 0) }
    }

    /// Whether what is sent there stays on this machine: `localhost`, a loopback address, or the path of a unix socket.
    /// Drivers encrypt what goes anywhere else, unless the URL says otherwise.
    pub fn is_local(&self) -> bool {
        self.name.eq_ignore_ascii_case("localhost")
            || self.name.starts_with('/')
            || self.name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Parses the comma-separated host part of a URL; an empty part is no host at all. Errors don't repeat the text:
    /// when the `@host` was forgotten, what stands here is a password.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        text.split(',').map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::configuration(
                "the host list in the database URL has an empty entry: write host1:port1,host2:port2",
            ));
        }
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or_else(|| {
                    Error::configuration(
                        "the database URL opens a bracket for an IPv6 address and never closes it: \
                         write [::1] or [::1]:3306",
                    )
                })?;
                let address = percent::decode(address, "host")?;
                if !is_ipv6(&address) {
                    return Err(Error::configuration(
                        "the brackets in the database URL don't hold an IPv6 address: write [::1] or [::1]:3306",
                    ));
                }
                let port = match after {
                    "" => "",
                    after => after.strip_prefix(':').ok_or_else(bad_port)?,
                };
                (address, port)
            }
            None => {
                let (name, port) = text.split_once(':').unwrap_or((text, ""));
                if port.contains(':') {
                    return Err(Error::configuration(
                        "a host in the database URL has more than one colon: put an IPv6 address in brackets, \
                         [::1]:3306, and end a password with @host",
                    ));
                }
                (percent::decode(name, "host")?, port)
            }
        };
        Ok(Self::new(&name, parse_port(port)?))
    }
}

fn parse_port(text: &str) -> Result<Option<u16>> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad_port());
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(bad_port()),
        Ok(port) => Ok(Some(port)),
    }
}

fn bad_port() -> Error {
    Error::configuration(
        "the port in the database URL is not a number from 1 to 65535 (if it was meant as a password, end it with \
         @host and write special characters as %XX)",
    )
}

fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    address.parse::<Ipv6Addr>().is_ok()
        && zone.is_none_or(|zone| !zone.is_empty() && !zone.contains([']', '[']))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.split_once('%') {
            _ if !is_ipv6(&self.name) => write!(f, "{}", percent::encode(&self.name))?,
            Some((address, zone)) => write!(f, "[{address}%25{}]", percent::encode(zone))?,
            None => write!(f, "[{}]", self.name)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}
