//! From the database URL to connection options, one set for each host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use decnet_db_core::config::{DatabaseUrl, Host};
use decnet_db_core::{Error, Result};
use mysql_async::{ClientIdentity, Opts, OptsBuilder, SslOpts};

use crate::public_key;

const PORT: u16 = 3306;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements that each connection keeps. The base has well under a hundred texts, and an insert of many rows
/// has up to ten for its table; 60 connections stay far below the server's own limit of 16,382.
const STATEMENTS: usize = 128;
/// The name that is asked for where any name will do. mysql_async 0.37 lets a certificate for another name pass when this
/// word is in rustls' error, and since rustls 0.23.21 it is there only as the name that was asked for. rustls compares
/// names after it has checked the signatures, so a certificate of a stranger still fails. A test with a real server holds
/// this together.
const ANY_NAME: &str = "NotValidForName";
const KNOWN: &str = "ssl-mode, ssl-ca, ssl-cert, ssl-key, ssl-check-hostname, server-public-key, \
    allow-public-key-retrieval, unix-socket, connect-timeout, answer-timeout, access, charset";
/// How long an answer may take. More than the longest wait for a row lock (20 s) and for a guard (30 s).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// When the kernel looks whether the other side is still there while nothing is sent.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How long what was sent may stay without an acknowledgement from the other side's kernel.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);
/// Where packages put the server's socket: folders that belong to the server or to root.
#[cfg(unix)]
const SOCKETS: [&str; 3] =
    ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/var/run/mysqld/mysqld.sock"];

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SslMode {
    /// No TLS.
    Off,
    /// TLS if the server has it; its certificate is not checked.
    Preferred,
    /// TLS; the certificate is not checked: nobody can listen, somebody may pose as the server.
    Required,
    /// TLS with a certificate of a known authority, whatever host it is for.
    VerifyCa,
    /// TLS with a certificate of a known authority for this host.
    VerifyIdentity,
}

/// One server to try.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Host and port, or the socket's path, for messages.
    pub(crate) name: String,
    pub(crate) opts: Opts,
    /// What to try where the server has no TLS and the mode says that it need not have.
    pub(crate) without_tls: Option<Opts>,
    /// Whether TLS is asked for only because the URL says nothing.
    pub(crate) tls_by_default: bool,
    /// For a server on this machine: its sockets, as far as they are where packages put them.
    pub(crate) sockets: Vec<Opts>,
}

impl Target {
    /// Whether it is a socket of this machine, where nobody can listen.
    pub(crate) fn is_socket(&self) -> bool {
        self.opts.socket().is_some()
    }
}

/// What the URL says: servers in the order in which they are tried.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    pub(crate) servers: Vec<Target>,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    /// What the connections are for.
    pub(crate) access: Access,
}

/// What connections are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// For reads: a host that only answers reads will do.
    Read,
    /// For writes too.
    Write,
}

/// The options of a URL, before they are put together.
#[derive(Debug, Default)]
struct Options {
    mode: Option<SslMode>,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    check_hostname: Option<bool>,
    socket: Option<String>,
    connect_timeout: Option<Duration>,
    answer_timeout: Option<Duration>,
    access: Option<Access>,
    public_key: Option<Vec<u8>>,
    public_key_retrieval: bool,
}

impl Targets {
    /// Reads the URL.
    ///
    /// # Errors
    /// Configuration: no database name, an unknown option (the text lists the known ones), a malformed value.
    pub(crate) fn of(url: &DatabaseUrl) -> Result<Self> {
        if url.database().is_empty() {
            return Err(Error::configuration(format!(
                "the database URL {url} names no database: end it with /name"
            )));
        }
        let options = Options::of(url)?;
        let base = OptsBuilder::default()
            .user(url.user())
            .pass(url.password().map(|password| password.expose()))
            .db_name(Some(url.database()))
            .stmt_cache_size(STATEMENTS)
            // Left to itself, the library would look for the server's socket after it has connected by TCP.
            .prefer_socket(false)
            .tcp_keepalive(Some(KEEPALIVE))
            .tcp_user_timeout(Some(UNACKNOWLEDGED))
            .server_public_key(options.public_key.clone())
            .allow_public_key_retrieval(options.public_key_retrieval)
            .tcp_nodelay(true);
        let servers = match &options.socket {
            Some(path) => vec![Target {
                name: path.clone(),
                opts: base.socket(Some(path)).into(),
                without_tls: None,
                tls_by_default: false,
                sockets: Vec::new(),
            }],
            None => {
                let localhost = [Host::new("localhost", None)];
                let hosts = if url.hosts().is_empty() { &localhost[..] } else { url.hosts() };
                hosts
                    .iter()
                    .map(|host| options.target(base.clone(), host, url.password().is_some()))
                    .collect()
            }
        };
        Ok(Self {
            servers,
            connect_timeout: options.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            answer_timeout: options.answer_timeout.unwrap_or(ANSWER_TIMEOUT),
            access: options.access.unwrap_or(Access::Write),
        })
    }

    /// The same with every connection set up by `setup`, and without asking the server for its packet size each time.
    pub(crate) fn with_session(&self, setup: &str, max_packet: usize) -> Self {
        let complete = |opts: &Opts| -> Opts {
            OptsBuilder::from_opts(opts.clone())
                .setup(vec![setup])
                .max_allowed_packet(Some(max_packet))
                .wait_timeout(Some(28_800))
                .into()
        };
        let servers = self.servers.iter().map(|target| Target {
            opts: complete(&target.opts),
            without_tls: target.without_tls.as_ref().map(complete),
            ..target.clone()
        });
        Self { servers: servers.collect(), ..self.clone() }
    }
}

impl Options {
    fn of(url: &DatabaseUrl) -> Result<Self> {
        let mut options = Self::default();
        for (key, value) in url.options() {
            let malformed = |expected: &str| {
                Error::configuration(format!("the option {key} of the database URL must be {expected}"))
            };
            let seconds = || {
                let seconds: u64 = value.parse().ok().filter(|v| (1..=3_600).contains(v))?;
                Some(Duration::from_secs(seconds))
            };
            match key.to_ascii_lowercase().replace('-', "_").as_str() {
                "ssl_mode" | "sslmode" => {
                    options.mode = Some(SslMode::parse(value).ok_or_else(|| {
                        malformed("one of off, preferred, required, verify-ca and verify-identity")
                    })?);
                }
                "ssl_ca" => options.ca = Some(value.into()),
                "ssl_cert" => options.cert = Some(value.into()),
                "ssl_key" => options.key = Some(value.into()),
                "ssl_check_hostname" => {
                    options.check_hostname = Some(boolean(value).ok_or_else(|| malformed("true or false"))?);
                }
                "unix_socket" | "socket" => options.socket = Some(value.clone()),
                "connect_timeout" => {
                    options.connect_timeout =
                        Some(seconds().ok_or_else(|| malformed("a number of seconds from 1 to 3600"))?);
                }
                "answer_timeout" => {
                    options.answer_timeout =
                        Some(seconds().ok_or_else(|| malformed("a number of seconds from 1 to 3600"))?);
                }
                "access" => {
                    options.access = Some(match value.to_ascii_lowercase().as_str() {
                        "read" => Access::Read,
                        "write" => Access::Write,
                        _ => return Err(malformed("read or write")),
                    });
                }
                "server_public_key" => {
                    options.public_key = Some(public_key::read(value)?);
                }
                "allow_public_key_retrieval" => {
                    options.public_key_retrieval =
                        boolean(value).ok_or_else(|| malformed("true or false"))?;
                }
                "charset" if value.eq_ignore_ascii_case("utf8mb4") => {}
                "charset" => return Err(malformed("utf8mb4: nothing else holds all text")),
                _ => {
                    return Err(Error::configuration(format!(
                        "the database URL has an unknown option, {key}: known are {KNOWN}"
                    )));
                }
            }
        }
        if options.cert.is_some() != options.key.is_some() {
            return Err(Error::configuration(
                "the database URL must have both ssl-cert and ssl-key, or neither",
            ));
        }
        Ok(options)
    }

    fn target(&self, base: OptsBuilder, host: &Host, has_password: bool) -> Target {
        let port = host.port.unwrap_or(PORT);
        let plain = base.clone().ip_or_hostname(host.name.clone()).tcp_port(port);
        let mode = self.mode_for(host, has_password);
        #[cfg(unix)]
        let sockets = if host.is_local() {
            let there = SOCKETS.into_iter().filter(|path| Path::new(path).exists());
            there.map(|path| base.clone().socket(Some(path)).into()).collect()
        } else {
            Vec::new()
        };
        #[cfg(not(unix))]
        let sockets = Vec::new();
        Target {
            name: Host::new(&host.name, Some(port)).to_string(),
            opts: plain.clone().ssl_opts((mode != SslMode::Off).then(|| self.ssl(mode, host))).into(),
            without_tls: (mode == SslMode::Preferred).then(|| plain.into()),
            tls_by_default: self.mode.is_none() && self.ca.is_none() && self.cert.is_none(),
            sockets,
        }
    }

    /// Without a word in the URL: a CA file means that the server must prove who it is, as for DECNET; a password does
    /// not go to another machine in the open; and what stays on this machine needs no TLS.
    fn mode_for(&self, host: &Host, has_password: bool) -> SslMode {
        match self.mode {
            Some(mode) => mode,
            None if self.ca.is_some() && self.check_hostname == Some(false) => SslMode::VerifyCa,
            None if self.ca.is_some() || self.check_hostname == Some(true) => SslMode::VerifyIdentity,
            None if self.cert.is_some() => SslMode::Required,
            None if host.is_local() => SslMode::Off,
            None if has_password => SslMode::Required,
            None => SslMode::Preferred,
        }
    }

    fn ssl(&self, mode: SslMode, host: &Host) -> SslOpts {
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some(ClientIdentity::new(cert.clone().into(), key.clone().into())),
            _ => None,
        };
        let roots: Vec<_> = self.ca.iter().map(|path| path.clone().into()).collect();
        let name = if mode == SslMode::VerifyCa {
            ANY_NAME
        } else {
            // Without the zone of a link-local address, which no certificate has.
            host.name.split('%').next().unwrap_or_default()
        };
        SslOpts::default()
            .with_client_identity(identity)
            // The stated authority alone counts; without one, those that browsers know.
            .with_disable_built_in_roots(!roots.is_empty())
            .with_root_certs(roots)
            .with_danger_accept_invalid_certs(matches!(mode, SslMode::Preferred | SslMode::Required))
            .with_danger_skip_domain_validation(mode == SslMode::VerifyCa)
            .with_danger_tls_hostname_override(Some(name.to_owned()))
    }
}

impl SslMode {
    /// MySQL's names and those of others, in any case.
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().replace('_', "-").as_str() {
            "off" | "disabled" | "disable" | "false" | "0" => Self::Off,
            "preferred" | "prefer" => Self::Preferred,
            "required" | "require" | "true" | "1" => Self::Required,
            "verify-ca" => Self::VerifyCa,
            "verify-identity" | "verify-full" => Self::VerifyIdentity,
            _ => return None,
        })
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Option<(bool, bool, bool)> {
        let targets = Targets::of(&url.parse().unwrap()).unwrap();
        targets.servers[0].opts.ssl_opts().map(|ssl| {
            (
                ssl.accept_invalid_certs(),
                ssl.skip_domain_validation(),
                targets.servers[0].without_tls.is_some(),
            )
        })
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted_unless_the_url_says_otherwise() {
        assert_eq!(mode("mysql://u:p@127.0.0.1/d"), None);
        assert_eq!(mode("mysql://u:p@[::1]/d"), None);
        assert_eq!(mode("mysql://u:p@localhost/d"), None);
        assert_eq!(mode("mysql://u:p@db1/d"), Some((true, false, false)));
        assert_eq!(mode("mysql://u@db1/d"), Some((true, false, true)));
        assert_eq!(mode("mysql://u:p@db1/d?ssl-mode=off"), None);
        assert_eq!(mode("mysql://u:p@db1/d?ssl_mode=PREFERRED"), Some((true, false, true)));
        assert_eq!(mode("mysql://u:p@db1/d?ssl_ca=/ca.pem"), Some((false, false, false)));
        assert_eq!(
            mode("mysql://u:p@db1/d?ssl_ca=/ca.pem&ssl_check_hostname=false"),
            Some((false, true, false))
        );
        assert_eq!(mode("mysql://u:p@db1/d?ssl-mode=verify-identity"), Some((false, false, false)));
    }

    #[test]
    fn hosts_are_tried_in_their_order() {
        let targets =
            Targets::of(&"mysql://u:p@db1:3307,[::1],db3/d?connect_timeout=3".parse().unwrap()).unwrap();
        let names: Vec<_> = targets.servers.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["db1:3307", "[::1]:3306", "db3:3306"]);
        assert_eq!(targets.connect_timeout, Duration::from_secs(3));
    }

    #[test]
    fn what_is_unknown_or_malformed_is_said_without_the_password() {
        for (url, part) in [
            ("mysql://u:hunter2@h/d?sslmod=off", "ssl-mode, ssl-ca"),
            ("mysql://u:hunter2@h/d?ssl-mode=maybe", "verify-identity"),
            ("mysql://u:hunter2@h/d?charset=latin1", "utf8mb4"),
            ("mysql://u:hunter2@h/d?connect_timeout=0", "1 to 3600"),
            ("mysql://u:hunter2@h/d?ssl_cert=/c.pem", "ssl-key"),
            ("mysql://u:hunter2@h", "names no database"),
            ("mysql://u:hunter2@h/d?access=all", "read or write"),
            ("mysql://u:hunter2@h/d?server-public-key=/nonexistent.pem", "can't be read"),
        ] {
            let error = Targets::of(&url.parse().unwrap()).unwrap_err();
            assert_eq!(error.kind(), decnet_db_core::ErrorKind::Configuration);
            let text = error.to_string();
            assert!(text.contains(part) && !text.contains("hunter2"), "{text}");
        }
    }
}
