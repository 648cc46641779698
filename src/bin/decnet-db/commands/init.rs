//! `decnet-db init`.

use decnet_db::config::Config;
use decnet_db::contract::{Initialized, SeededAdmin};
use serde::Serialize;

use crate::args::Global;
use crate::connection::{config, with_open};
use crate::errors::Failure;
use crate::output::Output;

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    database: String,
    #[serde(flatten)]
    done: &'a Initialized,
    admin_user: &'a str,
}

pub(crate) async fn run(global: &Global, output: &mut Output) -> Result<(), Failure> {
    let config = config(global)?;
    let done = with_open(&config, async |repository| Ok(repository.initialize().await?)).await?;
    if output.is_json() {
        let report =
            Report { database: config.url.to_string(), done: &done, admin_user: &config.seed.admin_user };
        return output.json(&report);
    }
    output.text(&described(&config, &done))
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
