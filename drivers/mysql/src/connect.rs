//! Opening one connection: the hosts in turn, each within a time-out.

use std::fmt;
use std::io::ErrorKind;

use decnet_db_core::{Error, Result};
use mysql_async::{Conn, DriverError, Error as Wire, IoError, Opts};
use tokio::time::timeout;

use crate::error::{may_connect_later, tell};
use crate::options::{Target, Targets};

/// Opens connections to the first server that takes one.
#[derive(Clone)]
pub(crate) struct Connector {
    targets: Targets,
}

/// Why no connection could be opened.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: Error,
    /// Whether trying again may help.
    pub(crate) retry: bool,
}

impl Connector {
    pub(crate) fn new(targets: Targets) -> Self {
        Self { targets }
    }

    /// Tries every server once. One that refuses the account ends the search: the others of a cluster would too.
    pub(crate) async fn connect(&self) -> Result<Conn, Refused> {
        let mut refused = None;
        for target in &self.targets.servers {
            match self.reach(target).await {
                Ok(conn) => return Ok(conn),
                Err(error) if !error.retry => return Err(error),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| Refused {
            error: Error::configuration("the database URL names no server"),
            retry: false,
        }))
    }

    async fn reach(&self, target: &Target) -> Result<Conn, Refused> {
        let mut outcome = self.open(&target.opts).await;
        if let (Some(Err(Wire::Driver(DriverError::NoClientSslFlagFromServer))), Some(opts)) =
            (&outcome, &target.without_tls)
        {
            outcome = self.open(opts).await;
        }
        let name = &target.name;
        let error = match outcome {
            Some(Ok(conn)) => return Ok(conn),
            Some(Err(error)) => error,
            None => {
                let seconds = self.targets.connect_timeout.as_secs();
                let message = format!("no answer from the database server at {name} within {seconds} s");
                return Err(Refused { error: Error::Unavailable { message, source: None }, retry: true });
            }
        };
        let tls = if target.opts.ssl_opts().is_some() { tls_error(&error) } else { None };
        if let Some(reason) = tls {
            let error = Error::configuration(format!(
                "no TLS with the database server at {name}: {reason}; ssl-ca names the file of the authority that \
                 signed its certificate"
            ));
            return Err(Refused { error, retry: false });
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
            Wire::Driver(error @ DriverError::UnknownAuthPlugin { .. }) => {
                Error::configuration(format!("logging in at {name}: {error}: give the account another one"))
            }
            error if retry => {
                Error::unavailable(format!("the database server at {name} can't be reached: {error}"), error)
            }
            error => tell(error, &format!("connecting to {name}")),
        };
        Err(Refused { error, retry })
    }

    /// `None` when it takes too long.
    async fn open(&self, opts: &Opts) -> Option<Result<Conn, Wire>> {
        timeout(self.targets.connect_timeout, Conn::new(opts.clone())).await.ok()
    }
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
        f.debug_list().entries(self.targets.servers.iter().map(|target| &target.name)).finish()
    }
}
