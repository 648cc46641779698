//! The contract, on PostgreSQL: the suite that every driver passes.
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests are tests too")]

mod server;

use decnet_db_conformance::Server;
use decnet_db_postgres::DRIVER;

decnet_db_conformance::suite!(harness());

fn harness() -> Server {
    let url = server::url();
    let parsed = url.parse().expect("DECNET_TEST_POSTGRES_URL is a URL");
    Server::new(DRIVER, parsed, move |statement| {
        let url = url.clone();
        async move { Ok(server::client(&url).await?.batch_execute(&statement).await?) }
    })
}
