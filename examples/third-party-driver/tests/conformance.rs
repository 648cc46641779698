//! The contract, on PostgreSQL: the suite that every driver passes.

use decnet_db_conformance::Server;
use decnet_db_postgres::DRIVER;
use tokio_postgres::NoTls;

decnet_db_conformance::suite!(server());

fn server() -> Server {
    let url = std::env::var("DECNET_TEST_POSTGRES_URL").expect(
        "DECNET_TEST_POSTGRES_URL names no server: run tests/run of decnet-db, or start one with \
         tests/servers/postgres.sh start and export DECNET_TEST_POSTGRES_URL=$(tests/servers/postgres.sh url)",
    );
    let parsed = url.parse().expect("DECNET_TEST_POSTGRES_URL is a URL");
    Server::new(DRIVER, parsed, move |statement| {
        let url = url.clone();
        async move {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            let connection = tokio::spawn(connection);
            client.batch_execute(&statement).await?;
            drop(client);
            Ok(connection.await??)
        }
    })
}
