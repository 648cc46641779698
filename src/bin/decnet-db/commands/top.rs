//! `decnet-db top`.

use clap::ValueEnum;
use decnet_db::reports::{Facet, TopValues, top_values};

use crate::args::Global;
use crate::connection::{existing, with_open};
use crate::errors::{Failure, note, one_line};
use crate::output::{Align, Output, table};
use crate::selection::Selection;

#[derive(clap::Args)]
pub(crate) struct TopArgs {
    /// What is counted
    #[arg(value_enum, value_name = "WHAT")]
    what: What,

    #[command(flatten)]
    selection: Selection,

    /// At most so many values
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    limit: u32,
}

/// What events are counted by.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Source addresses
    Attackers,
    /// Services
    Services,
    /// User names: `username`, `user` of the fields
    Usernames,
    /// Passwords: `password`, `pass` of the fields
    Passwords,
    /// Commands: `input`, `command`, `cmd` of the fields
    Commands,
    /// Fake hosts
    Deckies,
    /// Types of events
    Events,
    /// Countries of the addresses, where DECNET's profiler noted them
    Countries,
}

impl What {
    fn facet(self) -> Facet<'static> {
        match self {
            Self::Attackers => Facet::Attackers,
            Self::Services => Facet::Services,
            Self::Usernames => Facet::USERNAMES,
            Self::Passwords => Facet::PASSWORDS,
            Self::Commands => Facet::COMMANDS,
            Self::Deckies => Facet::Deckies,
            Self::Events => Facet::EventTypes,
            Self::Countries => Facet::Countries,
        }
    }

    /// The heading of its values.
    fn title(self) -> &'static str {
        match self {
            Self::Attackers => "ATTACKER",
            Self::Services => "SERVICE",
            Self::Usernames => "USERNAME",
            Self::Passwords => "PASSWORD",
            Self::Commands => "COMMAND",
            Self::Deckies => "DECKY",
            Self::Events => "EVENT",
            Self::Countries => "COUNTRY",
        }
    }
}

pub(crate) async fn run(global: &Global, arguments: &TopArgs, output: &mut Output) -> Result<(), Failure> {
    let filter = arguments.selection.filter()?;
    let config = existing(global)?;
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let top = with_open(&config, async |repository| {
        Ok(top_values(&*repository, arguments.what.facet(), filter, limit).await?)
    })
    .await?;
    if top.events == 0 {
        arguments.selection.explain();
        if arguments.what == What::Countries {
            note("hint: countries are noted by DECNET's profiler alone");
        }
    }
    if output.is_json() { output.json(&top) } else { output.text(&described(arguments.what, &top)) }
}

fn described(what: What, top: &TopValues) -> String {
    if top.values.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 3]> = top
        .values
        .iter()
        .map(|value| {
            let share = value.count as f64 / top.events as f64 * 100.0;
            let text = if value.value.is_empty() { "(empty)".into() } else { one_line(&value.value) };
            [value.count.to_string(), format!("{share:.1} %"), text.into_owned()]
        })
        .collect();
    let columns = [("EVENTS", Align::Right), ("SHARE", Align::Right), (what.title(), Align::Left)];
    let mut text = table(columns, &rows);
    let hidden = top.distinct.saturating_sub(top.values.len() as u64);
    if hidden > 0 {
        text += &format!("… {hidden} more; {} events in all\n", top.events);
    }
    text
}
