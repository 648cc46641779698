//! Opens a PostgreSQL database through the facade, which was built without knowing of it.
//!
//! ```text
//! cargo run --example open -- postgres://decnet:password@localhost/decnet
//! ```

use decnet_db_postgres as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> decnet_db::Result<()> {
    println!("drivers in this program:");
    for driver in decnet_db::drivers() {
        println!("  {} {}: {}", driver.name, driver.version, driver.schemes.join(", "));
    }
    let Some(url) = std::env::args().nth(1) else {
        println!("name a database: open postgres://user:password@host/database");
        return Ok(());
    };
    let repository = decnet_db::connect(&url).await?;
    let server = repository.ping().await?;
    println!("opened {} {}", server.system, server.version);
    let initialized = repository.initialize().await?;
    println!("created {} tables and indexes", initialized.created);
    println!("it holds {} events", repository.get_total_logs(Default::default()).await?);
    repository.close().await;
    Ok(())
}
