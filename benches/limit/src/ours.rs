//! decnet-db itself, as its users call it.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::Result;
use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::{
    self, AttackerOrder, AttackerQuery, BountyQuery, LogFilter, LogQuery, NewBounty, NewLog,
};
use decnet_db::json::Json;
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;
use decnet_db_harness::{Layer, Search};
use decnet_db_workload::{Attacker, Bounty, Log, SEED_USER};

/// An open repository.
pub(crate) struct Ours(Arc<dyn Repository>);

impl Ours {
    /// Opens the database of a URL and makes its tables and the administrator.
    pub(crate) async fn initialize(url: &str) -> Result<Self> {
        let mut config = Config::new(url.parse::<DatabaseUrl>()?);
        config.seed = config.seed.with_admin_password("a bench's password");
        config.seed.admin_user = SEED_USER.to_owned();
        let repository = decnet_db::connect_with(&config).await?;
        repository.initialize().await?;
        Ok(Self(repository))
    }

    /// What is behind it.
    pub(crate) fn repository(&self) -> &dyn Repository {
        &*self.0
    }
}

fn time(seconds: i64) -> Result<Timestamp> {
    Ok(Timestamp::from_microseconds(seconds * 1_000_000)?)
}

fn filter(search: Option<Search>) -> LogFilter {
    search.map_or_else(LogFilter::all, |search| LogFilter::all().search(search.text()))
}

impl Layer for Ours {
    type Log = NewLog;
    type Bounty = NewBounty;
    type Attacker = Changeset<contract::Attacker>;
    type State = (String, Json);

    async fn open(url: &str) -> Result<Self> {
        Ok(Self(decnet_db::connect_with(&Config::new(url.parse::<DatabaseUrl>()?)).await?))
    }

    fn log(log: Log) -> Result<NewLog> {
        let fields = log.fields_json();
        let time = time(log.seconds)?;
        let new = NewLog::new(log.decky, log.service, log.event_type, log.attacker_ip);
        Ok(new.timestamp(time).raw_line(log.raw_line).fields(fields).msg(log.msg))
    }

    fn bounty(row: Bounty) -> Result<NewBounty> {
        let new = NewBounty::new(row.decky, row.service, row.attacker_ip, row.bounty_type);
        Ok(new.payload(row.payload).timestamp(time(row.seconds)?))
    }

    fn attacker(row: Attacker) -> Result<Self::Attacker> {
        let fields = Changeset::new()
            .set(decnet_db::contract::Attacker::IP, row.ip)
            .set(decnet_db::contract::Attacker::FIRST_SEEN, time(row.first_seen)?)
            .set(decnet_db::contract::Attacker::LAST_SEEN, time(row.last_seen)?)
            .set(decnet_db::contract::Attacker::EVENT_COUNT, row.event_count)
            .set(decnet_db::contract::Attacker::SERVICE_COUNT, row.service_count)
            .set(decnet_db::contract::Attacker::DECKY_COUNT, row.decky_count)
            .set(decnet_db::contract::Attacker::SERVICES, row.services)
            .set(decnet_db::contract::Attacker::DECKIES, row.deckies)
            .set(decnet_db::contract::Attacker::TRAVERSAL_PATH, row.traversal_path)
            .set(decnet_db::contract::Attacker::IS_TRAVERSAL, row.is_traversal)
            .set(decnet_db::contract::Attacker::BOUNTY_COUNT, row.bounty_count)
            .set(decnet_db::contract::Attacker::CREDENTIAL_COUNT, row.credential_count)
            .set(decnet_db::contract::Attacker::FINGERPRINTS, row.fingerprints)
            .set(decnet_db::contract::Attacker::COMMANDS, row.commands)
            .set(decnet_db::contract::Attacker::COUNTRY_CODE, row.country_code)
            .set(decnet_db::contract::Attacker::COUNTRY_SOURCE, row.country_source)
            .set(decnet_db::contract::Attacker::ASN, row.asn)
            .set(decnet_db::contract::Attacker::AS_NAME, row.as_name)
            .set(decnet_db::contract::Attacker::BGP_PREFIX, row.bgp_prefix)
            .set(decnet_db::contract::Attacker::ASN_SOURCE, row.asn_source)
            .set(decnet_db::contract::Attacker::UPDATED_AT, time(row.last_seen)?);
        Ok(fields)
    }

    fn state(key: String, value: String) -> Result<Self::State> {
        Ok((key, Json::parse(value)?))
    }

    async fn add_log(&self, log: NewLog) -> Result<()> {
        Ok(self.0.add_log(log).await?)
    }

    async fn add_logs(&self, logs: Vec<NewLog>) -> Result<()> {
        Ok(self.0.add_logs(logs).await?)
    }

    async fn get_logs(&self, limit: u64, offset: u64, search: Option<Search>) -> Result<usize> {
        let query = search.map_or_else(LogQuery::new, |search| LogQuery::new().search(search.text()));
        Ok(black_box(self.0.get_logs(query.limit(limit).offset(offset)).await?).len())
    }

    async fn get_total_logs(&self, search: Option<Search>) -> Result<u64> {
        Ok(self.0.get_total_logs(filter(search)).await?)
    }

    async fn get_log_histogram(&self, minutes: i64) -> Result<usize> {
        Ok(black_box(self.0.get_log_histogram(LogFilter::all(), minutes).await?).len())
    }

    async fn get_stats_summary(&self) -> Result<[u64; 4]> {
        let stats = self.0.get_stats_summary().await?;
        Ok([stats.total_logs, stats.unique_attackers, stats.active_deckies, stats.deployed_deckies])
    }

    async fn get_logs_after_id(&self, id: i64, limit: u64) -> Result<usize> {
        Ok(black_box(self.0.get_logs_after_id(id, limit, LogFilter::all()).await?).len())
    }

    async fn get_bounties(&self, limit: u64) -> Result<usize> {
        let query = BountyQuery::new().limit(limit);
        Ok(black_box(self.0.get_bounties(query).await?).len())
    }

    async fn get_attackers(&self, limit: u64) -> Result<usize> {
        Ok(black_box(self.0.get_attackers(AttackerQuery::new().limit(limit), AttackerOrder::Recent).await?)
            .len())
    }

    async fn get_user_by_username(&self, name: &str) -> Result<bool> {
        Ok(black_box(self.0.get_user_by_username(name).await?).is_some())
    }

    async fn get_state(&self, key: &str) -> Result<bool> {
        Ok(black_box(self.0.get_state(key).await?).is_some())
    }

    async fn set_state(&self, (key, value): Self::State) -> Result<()> {
        Ok(self.0.set_state(&key, value).await?)
    }

    async fn upsert_attacker(&self, attacker: Self::Attacker) -> Result<()> {
        self.0.upsert_attacker(attacker).await?;
        Ok(())
    }

    async fn add_bounty(&self, bounty: NewBounty) -> Result<()> {
        self.0.add_bounty(bounty).await?;
        Ok(())
    }
}
