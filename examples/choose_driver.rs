//! A program that opens whatever database its user names, as far as the drivers go that it was built with.
//!
//! Cargo features decide what is there, the URL decides what is used; the code is the same for every database.
//!
//! ```text
//! cargo run --example choose_driver -- sqlite:///captures.db
//! cargo run --example choose_driver --features mysql -- mysql://decnet:password@db1/decnet
//! cargo run --example choose_driver --no-default-features --features mysql -- sqlite:///captures.db   # refused
//! ```

#![allow(clippy::print_stdout, reason = "what an example prints is what one wants to see")]

use decnet_db::{Error, ErrorKind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    println!("drivers in this program:");
    for driver in decnet_db::drivers() {
        println!("  {} {}: {}", driver.name, driver.version, driver.schemes.join(", "));
    }

    let Some(url) = std::env::args().nth(1) else {
        println!("name a database: choose_driver sqlite:///captures.db");
        return Ok(());
    };
    match greet(&url).await {
        // The text lists what this program can open, and names the feature that adds the driver, if there is one.
        Err(error) if error.kind() == ErrorKind::UnknownDriver => {
            println!("can't open that: {error}");
            Ok(())
        }
        other => Ok(other?),
    }
}

/// Nothing here knows which database it is.
async fn greet(url: &str) -> Result<(), Error> {
    let repository = decnet_db::connect(url).await?;
    let server = repository.ping().await?;
    println!("opened {} {}", server.system, server.version);
    repository.initialize().await?;
    println!("it holds {} events", repository.get_total_logs(Default::default()).await?);
    repository.close().await;
    Ok(())
}
