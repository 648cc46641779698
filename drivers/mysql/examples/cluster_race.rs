//! Two processes' worth of callers, each at its own server, that make the same calls at the same moment; and a count of what
//! was stored twice.
//!
//!     cargo run -p decnet-db-mysql --example cluster_race -- URL_OF_ONE_NODE URL_OF_ANOTHER ROUNDS
//!
//! The last line is for scripts: `rounds=… attackers=… attackers_doubled=… uuids_told_apart=… bounties_doubled=… refused=…`.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::sync::Arc;

use decnet_db_core::call::call;
use decnet_db_core::config::Config;
use decnet_db_core::contract::{AttackerOrder, AttackerQuery, BountyFilter, NewBounty, Repository};
use decnet_db_core::json::Json;
use decnet_db_core::registry::Registry;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [one, other, rounds] = arguments.as_slice() else {
        return Err("arguments: URL_OF_ONE_NODE URL_OF_ANOTHER ROUNDS".into());
    };
    let rounds: u32 = rounds.parse()?;
    let registry = Registry::collect(&[decnet_db_mysql::DRIVER], &[]);
    let one = registry.connect(&Config::new(one.parse()?)).await?;
    let other = registry.connect(&Config::new(other.parse()?)).await?;
    one.initialize().await?;
    let run = std::process::id() % 60_000;
    let mut refused = 0_u32;
    let mut told_apart = 0_u32;
    for round in 0..rounds {
        let address = format!("10.{}.{}.{}", run / 250, run % 250, round % 250);
        let address = if round < 250 { address } else { format!("{address}{}", round / 250) };
        let upsert = |repository: Arc<dyn Repository>| {
            let arguments = format!(
                r#"{{"data": {{"ip": "{address}", "first_seen": "2026-01-02T03:04:05Z", "last_seen": "2026-01-02T03:04:05Z"}}}}"#
            );
            async move { call(&*repository, "upsert_attacker", Json::parse(arguments)?).await }
        };
        let (a, b) = tokio::join!(upsert(one.clone()), upsert(other.clone()));
        let bounty =
            || NewBounty::new("d", "s", &address, "credential").payload(format!("secret-{run}-{round:06}-x"));
        let (c, d) = tokio::join!(one.add_bounty(bounty()), other.add_bounty(bounty()));
        for error in
            [a.as_ref().err(), b.as_ref().err(), c.as_ref().err(), d.as_ref().err()].into_iter().flatten()
        {
            println!("{error}");
            refused += 1;
        }
        if let (Ok(a), Ok(b)) = (&a, &b) {
            told_apart += u32::from(a != b);
        }
    }
    let prefix = format!("10.{}.{}.", run / 250, run % 250);
    let mut addresses = Vec::new();
    let mut query = AttackerQuery::default().limit(1_000);
    loop {
        let page = one.get_attackers(query.clone(), AttackerOrder::default()).await?;
        let Some(count) = u64::try_from(page.len()).ok().filter(|count| *count > 0) else { break };
        addresses.extend(page.into_iter().map(|attacker| attacker.ip).filter(|ip| ip.starts_with(&prefix)));
        query.offset += count;
    }
    let stored = addresses.len();
    addresses.sort();
    addresses.dedup();
    let attackers_doubled = stored - addresses.len();
    let mut bounties_doubled = 0;
    for round in 0..rounds {
        let secret = format!("secret-{run}-{round:06}-x");
        bounties_doubled +=
            one.get_total_bounties(BountyFilter::default().search(secret)).await?.saturating_sub(1);
    }
    println!(
        "rounds={rounds} attackers={} attackers_doubled={attackers_doubled} uuids_told_apart={told_apart} \
         bounties_doubled={bounties_doubled} refused={refused}",
        addresses.len()
    );
    one.close().await;
    other.close().await;
    Ok(())
}
