//! Opening one connection: the hosts in turn, each within a time-out, until one is fit.

use std::fmt;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use decnet_db_core::{Error, Result};
use mysql_async::{Conn, DriverError, Error as Wire, IoError, Opts};
use tokio::time::timeout;

use crate::codes::WRONG_PASSWORD;
use crate::error::{may_connect_later, tell};
use crate::fitness::{Fitness, fitness};
use crate::hosts::{Host, Hosts};
use crate::options::{Access, Target, Targets};
use crate::read::connection::Connection;

/// How long a host has to let us in while there is another one to try: a frozen one would cost each new process the
/// whole time-out.
const IMPATIENT: Duration = Duration::from_secs(3);

/// Opens connections to the first host that is fit.
#[derive(Clone)]
pub(crate) struct Connector {
    targets: Targets,
    hosts: Hosts,
}

/// Why no connection could be opened.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: Error,
    /// Whether trying again may help.
    pub(crate) retry: bool,
    /// Whether nothing came back in the time that was given.
    silent: bool,
}

impl Connector {
    pub(crate) fn new(targets: Targets) -> Self {
        let hosts = targets.servers.iter().map(|target| (target.name.clone(), target.opts.clone())).collect();
        Self { targets, hosts: Hosts::new(hosts) }
    }

    /// The same with every connection set up by `setup`.
    pub(crate) fn with_session(&self, setup: &str, max_packet: usize) -> Self {
        Self { targets: self.targets.with_session(setup, max_packet), hosts: self.hosts.clone() }
    }

    /// The longest time for an answer.
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.targets.answer_timeout
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Tries the hosts in their order: a first time impatiently, then those that were silent with all the patience of
    /// `connect-timeout`. One that refuses the account ends the search: the others of a cluster would too.
    ///
    /// # Errors
    /// What the last host said, or why none of them is fit.
    pub(crate) async fn connect(&self, access: Access) -> Result<Connection, Refused> {
        let mut hosts = self.hosts.order();
        let mut limit = if hosts.len() > 1 {
            self.targets.connect_timeout.min(IMPATIENT)
        } else {
            self.targets.connect_timeout
        };
        let mut refused = None;
        let (mut unfit, mut reader) = (Vec::new(), None);
        loop {
            let mut silent = Vec::new();
            for host in hosts {
                match self.fit(&host, limit).await {
                    Ok((connection, Fitness::Fit)) => {
                        self.hosts.choose(&host);
                        return Ok(connection);
                    }
                    Ok((connection, fitness)) => {
                        unfit.push(format!("{} {}", host.name(), fitness.reason()));
                        if fitness == Fitness::ReadOnly && reader.is_none() {
                            reader = Some((connection, host));
                        }
                    }
                    Err(error) if !error.retry => return Err(error),
                    Err(error) => {
                        if error.silent {
                            silent.push(host);
                        }
                        refused = Some(error);
                    }
                }
            }
            if let Some((mut connection, host)) = reader.take()
                && access == Access::Read
            {
                connection.set_fit(false);
                self.hosts.choose(&host);
                return Ok(connection);
            }
            if silent.is_empty() || limit >= self.targets.connect_timeout {
                break;
            }
            (hosts, limit) = (silent, self.targets.connect_timeout);
        }
        if !unfit.is_empty() {
            let others = refused.map(|refused| format!("; {}", refused.error)).unwrap_or_default();
            let message = format!("no host of the database URL takes writes: {}{others}", unfit.join(", "));
            return Err(Refused {
                error: Error::Unavailable { message, source: None },
                retry: true,
                silent: false,
            });
        }
        Err(refused.unwrap_or_else(|| Refused {
            error: Error::configuration("the database URL names no server"),
            retry: false,
            silent: false,
        }))
    }

    /// Whether a host that the URL prefers to the one in use is fit again: then it is in use from now on.
    pub(crate) async fn return_to_preferred(&self) -> Option<Connection> {
        for host in self.hosts.preferred() {
            if let Ok((connection, Fitness::Fit)) = self.fit(&host, self.targets.connect_timeout).await {
                self.hosts.choose(&host);
                return Some(connection);
            }
        }
        None
    }

    /// A connection to the host, and what the host is good for. It is asked only where there are others.
    async fn fit(&self, host: &Arc<Host>, limit: Duration) -> Result<(Connection, Fitness), Refused> {
        let target = self.targets.servers.get(host.position()).ok_or_else(|| Refused {
            error: Error::configuration("the database URL names no server"),
            retry: false,
            silent: false,
        })?;
        let conn = self.reach(target, limit).await.inspect_err(|refused| {
            if refused.retry {
                host.avoid();
            }
        })?;
        let mut connection = Connection::new(conn, host.clone(), Some(self.targets.answer_timeout));
        if !host.has_alternatives() || self.targets.access == Access::Read {
            return Ok((connection, Fitness::Fit));
        }
        let asked = timeout(limit, fitness(&mut connection)).await;
        let found = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                host.avoid();
                let error = tell(error, &format!("asking {} what it is good for", host.name()));
                return Err(Refused { error, retry: true, silent: false });
            }
            Err(_) => {
                host.avoid();
                return Err(no_answer(host.name(), limit));
            }
        };
        if found == Fitness::Fit {
            host.is_fit()
        } else {
            host.avoid()
        }
        Ok((connection, found))
    }

    async fn reach(&self, target: &Target, limit: Duration) -> Result<Conn, Refused> {
        let mut outcome = open(&target.opts, limit).await;
        if let (Some(Err(Wire::Driver(DriverError::NoClientSslFlagFromServer))), Some(opts)) =
            (&outcome, &target.without_tls)
        {
            outcome = open(opts, limit).await;
        }
        if matches!(outcome, Some(Err(Wire::Driver(DriverError::PublicKeyRetrievalDisabled))))
            && self.introduced_by_socket(target, limit).await
        {
            outcome = open(&target.opts, limit).await;
        }
        let name = &target.name;
        match outcome {
            Some(Ok(conn)) => Ok(conn),
            Some(Err(error)) => Err(refused(target, error)),
            None => Err(no_answer(name, limit)),
        }
    }

    /// A login over one of the server's own sockets on this machine, after which the server needs the password itself no
    /// more. Nobody but the server can be behind such a socket, as its folder is not open to others.
    async fn introduced_by_socket(&self, target: &Target, limit: Duration) -> bool {
        for opts in &target.sockets {
            if let Some(Ok(conn)) = open(opts, limit).await {
                let _ = timeout(limit, conn.disconnect()).await;
                return true;
            }
        }
        false
    }
}

/// `None` when it takes too long.
async fn open(opts: &Opts, limit: Duration) -> Option<Result<Conn, Wire>> {
    let mut work = Conn::new(opts.clone());
    // The library panics where a server lies.
    let work = poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(outcome) => outcome,
        Err(_) => Poll::Ready(Err(Wire::Io(IoError::Io(std::io::Error::other(
            "the server's answer to the login makes no sense",
        ))))),
    });
    timeout(limit, work).await.ok()
}

fn no_answer(name: &str, limit: Duration) -> Refused {
    let seconds = limit.as_secs();
    let message = format!("no answer from the database server at {name} within {seconds} s");
    Refused { error: Error::Unavailable { message, source: None }, retry: true, silent: true }
}

fn refused(target: &Target, error: Wire) -> Refused {
    let name = &target.name;
    let tls = if target.opts.ssl_opts().is_some() { tls_error(&error) } else { None };
    if let Some(reason) = tls {
        let hint = if reason.contains("not valid for") {
            "the certificate is for another name, as those are that MySQL makes for itself: use ssl-mode=verify-ca, or a \
             certificate for that name"
        } else {
            "ssl-ca names the file of the authority that signed its certificate"
        };
        let error =
            Error::configuration(format!("no TLS with the database server at {name}: {reason}; {hint}"));
        return Refused { error, retry: false, silent: false };
    }
    let retry = may_connect_later(&error);
    let error = match error {
        Wire::Driver(DriverError::NoClientSslFlagFromServer) if target.tls_by_default => {
            Error::configuration(format!(
                "the database server at {name} offers no TLS, and the password does not go over an open network \
                 unasked: turn TLS on there, or add ssl-mode=off to the database URL"
            ))
        }
        Wire::Driver(DriverError::NoClientSslFlagFromServer) => Error::configuration(format!(
            "the database server at {name} offers no TLS, which the database URL asks for (ssl-mode)"
        )),
        Wire::Driver(DriverError::CleartextPluginDisabled) => Error::configuration(format!(
            "the database server at {name} wants the password in the open, which is never sent: give the account \
             another authentication plugin"
        )),
        Wire::Driver(DriverError::PublicKeyRetrievalDisabled) => Error::configuration(format!(
            "the database server at {name} wants the password itself (caching_sha2_password, the first login since it \
             started), the connection is not encrypted, and anybody might be behind it: add unix-socket=PATH, \
             ssl-mode=verify-ca with ssl-ca=FILE, or server-public-key=FILE (its public_key.pem) to the database URL; \
             or allow-public-key-retrieval=true where nobody else can be there"
        )),
        Wire::Driver(error @ DriverError::UnknownAuthPlugin { .. }) => {
            let user = target.opts.user().unwrap_or_default();
            Error::configuration(format!(
                "logging in as {user} at {name}: {error}: give the account another one; MySQL also answers so for an \
                 account that it does not have"
            ))
        }
        Wire::Server(error)
            if error.code == WRONG_PASSWORD && target.opts.ssl_opts().is_none() && !target.is_socket() =>
        {
            let error = tell(Wire::Server(error), &format!("connecting to {name}"));
            Error::configuration(format!(
                "{error}; the connection is not encrypted: if the account is made with REQUIRE SSL, or the server has \
                 require_secure_transport=ON, add ssl-mode=required to the database URL"
            ))
        }
        error if retry => {
            let reason = match &error {
                Wire::Io(IoError::Io(error)) => error.to_string(),
                error => error.to_string(),
            };
            Error::unavailable(format!("the database server at {name} can't be reached: {reason}"), error)
        }
        error => tell(error, &format!("connecting to {name}")),
    };
    Refused { error, retry, silent: false }
}

/// What is wrong with a certificate or a key, if that is why connecting failed: rustls reports it as invalid data.
fn tls_error(error: &Wire) -> Option<String> {
    match error {
        Wire::Io(IoError::Tls(error)) => Some(error.to_string()),
        Wire::Io(IoError::Io(error)) => match error.kind() {
            ErrorKind::InvalidData => Some(error.to_string()),
            ErrorKind::NotFound | ErrorKind::PermissionDenied => {
                Some(format!("a file of ssl-ca, ssl-cert or ssl-key: {error}"))
            }
            _ => None,
        },
        _ => None,
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hosts.fmt(f)
    }
}
