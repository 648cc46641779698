//! `decnet-db init`.

use std::collections::BTreeSet;

use decnet_db::Repository;
use decnet_db::config::Config;
use decnet_db::contract::tables::SCHEMA;
use decnet_db::contract::{Initialized, SeededAdmin};
use decnet_db::excerpt;
use decnet_db::sql::Sql;
use serde::Serialize;

use crate::args::Global;
use crate::confirm::agree;
use crate::connection::{config, with_open};
use crate::errors::Failure;
use crate::output::Output;

#[derive(clap::Args)]
pub(crate) struct InitArgs {
    /// Add the tables to a database that holds another program's, and don't ask
    #[arg(long)]
    yes: bool,
}

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    database: String,
    #[serde(flatten)]
    done: &'a Initialized,
    admin_user: &'a str,
}

pub(crate) async fn run(global: &Global, arguments: &InitArgs, output: &mut Output) -> Result<(), Failure> {
    let config = config(global)?;
    let done = with_open(&config, async |repository| {
        let others = tables_of_others(&*repository).await?;
        if let Some(first) = others.first()
            && !arguments.yes
        {
            agree(&format!(
                "{} holds {} tables of another program, such as {}, and none of DECNET's",
                config.url,
                others.len(),
                excerpt(first)
            ))?;
        }
        Ok(repository.initialize().await?)
    })
    .await?;
    if output.is_json() {
        let report =
            Report { database: config.url.to_string(), done: &done, admin_user: &config.seed.admin_user };
        return output.json(&report);
    }
    output.text(&described(&config, &done))
}

/// The tables of a database that has none of DECNET's.
async fn tables_of_others(repository: &dyn Repository) -> Result<Vec<String>, Failure> {
    let engine = repository.engine();
    let mut sql = Sql::new(engine.dialect());
    sql.push(engine.dialect().catalog());
    let found = engine.query(sql.finish()?).await?;
    let entries = found.decode(|row| {
        Ok((row.value::<String>("kind")?, row.value::<String>("table")?, row.value::<String>("name")?))
    })?;
    let tables: BTreeSet<String> = entries.into_iter().map(|(_, table, _)| table).collect();
    let is_ours = tables.iter().any(|table| SCHEMA.table(table).is_some() || table == "alembic_version");
    Ok(if is_ours { Vec::new() } else { tables.into_iter().collect() })
}

fn described(config: &Config, done: &Initialized) -> String {
    let created = match done.created {
        0 => "nothing was missing".to_owned(),
        count => format!("{count} tables and indexes created"),
    };
    let foreign = if done.foreign_revision { " (of another version of DECNET; left alone)" } else { "" };
    let user = &config.seed.admin_user;
    let admin = match done.admin {
        SeededAdmin::Created => {
            format!("{user} was created, and must change the password at the first login")
        }
        SeededAdmin::PasswordRefreshed => {
            format!("{user} was there, and has the configured password until it is changed")
        }
        SeededAdmin::NoPassword => {
            "nobody was created: set DECNET_ADMIN_PASSWORD and run this again, or let DECNET do it".to_owned()
        }
        _ => format!("{user} was there, with a password of its own"),
    };
    format!(
        "database       {}\nschema         {created}\nrevision       {}{foreign}\nadministrator  {admin}\n",
        config.url, done.revision
    )
}
