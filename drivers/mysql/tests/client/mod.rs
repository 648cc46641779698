//! A client of the server beside the driver.

use decnet_db_core::config::DatabaseUrl;
use mysql_async::{Conn, OptsBuilder};

/// Connects to the first of the URL's hosts that lets us in.
pub(crate) async fn connect(url: &DatabaseUrl) -> mysql_async::Result<Conn> {
    let options = OptsBuilder::default()
        .user(url.user())
        .pass(url.password().map(|password| password.expose()))
        .prefer_socket(false)
        .socket(url.option("unix_socket"));
    let mut connected = None;
    for host in url.hosts() {
        let options = options.clone().ip_or_hostname(host.name.as_str()).tcp_port(host.port.unwrap_or(3306));
        match Conn::new(options).await {
            Ok(connection) => return Ok(connection),
            error => connected = Some(error),
        }
    }
    match connected {
        Some(error) => error,
        // A URL without a host means this machine.
        None => Conn::new(options).await,
    }
}
