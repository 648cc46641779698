//! The server that the tests use.

use tokio_postgres::{Client, NoTls};

/// The URL of a database that exists already, from the environment.
pub(crate) fn url() -> String {
    std::env::var("DECNET_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "DECNET_TEST_POSTGRES_URL names no server: run tests/run of decnet-db, or start one with \
             tests/servers/postgres.sh start and export DECNET_TEST_POSTGRES_URL=$(tests/servers/postgres.sh url)"
        )
    })
}

/// A connection past the driver; it ends with the runtime of the test.
pub(crate) async fn client(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
