//! The contract, on a server: the suite that every driver passes.
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests are tests too")]

mod client;

use decnet_db_conformance::Server;
use decnet_db_core::config::DatabaseUrl;
use decnet_db_mysql::DRIVER;
use mysql_async::prelude::Queryable;

decnet_db_conformance::suite!(server());

fn server() -> Server {
    let url = std::env::var("DECNET_TEST_MYSQL_URL").unwrap_or_else(|_| {
        panic!(
            "DECNET_TEST_MYSQL_URL names no server: run tests/run, or start one with tests/servers/mariadb.sh start \
             and export DECNET_TEST_MYSQL_URL=$(tests/servers/mariadb.sh url)"
        )
    });
    let url: DatabaseUrl = url.parse().expect("DECNET_TEST_MYSQL_URL is a URL");
    let server = Server::new(DRIVER, url.clone(), move |statement| {
        let url = url.clone();
        async move {
            let mut connection = client::connect(&url).await?;
            connection.query_drop(statement).await?;
            Ok(connection.disconnect().await?)
        }
    });
    server.options("CHARACTER SET utf8mb4")
}
