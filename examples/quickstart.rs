//! The shortest useful program: opens a database, creates its tables, stores two events, finds one of them again.
//!
//! ```text
//! cargo run --example quickstart                           # in memory
//! cargo run --example quickstart -- sqlite:///captures.db
//! ```

#![allow(clippy::print_stdout, reason = "what an example prints is what one wants to see")]

use decnet_db::contract::{LogQuery, NewLog};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite:///:memory:".to_owned());
    let repository = decnet_db::connect(&url).await?;
    // Creates what is missing, and never alters what is there.
    repository.initialize().await?;

    // One commit for both. The time is now, unless the event says otherwise.
    let login = NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7").raw_line("root:123456");
    let query = NewLog::new("decky-02", "mysql", "query", "198.51.100.9").raw_line("SELECT @@version");
    repository.add_logs(vec![login, query]).await?;

    for log in repository.get_logs(LogQuery::new().search("service:ssh root").limit(10)).await? {
        println!("{} {} {} {}: {}", log.timestamp, log.decky, log.attacker_ip, log.event_type, log.raw_line);
    }
    println!("{} events in all", repository.get_total_logs(Default::default()).await?);
    repository.close().await;
    Ok(())
}
