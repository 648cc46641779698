//! The examination of a database, before trust is put in it. For the operator's tool and programs like it.
//!
//! It only reads. What holds for every engine is looked at here; what is an engine's own (settings, integrity, room on the
//! disk) its driver tells ([`Backend::examine`](crate::driver::Backend::examine)).

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Repository;
use crate::contract::tables::SCHEMA;
use crate::driver::{Bootstrap, Finding};
use crate::error::{ErrorKind, Result};
use crate::sql::Unit;
use crate::text::one_line;
use crate::transfer::broken_references;

/// What Alembic, by which DECNET numbers its schema, calls its table.
const STAMP: &str = "alembic_version";
/// How the tables of this library begin that DECNET does not know (ruling R20).
const OURS: &str = "decnet_db_";
/// The names that a finding lists.
const LISTED: usize = 5;

/// Looks at everything; `full` also at what takes long on a large database, which is the whole of every table.
///
/// # Errors
/// `Unavailable` when the engine does not answer; otherwise what a read may return. What is wrong with the database itself is a
/// finding.
pub async fn examine(repository: &dyn Repository, full: bool) -> Result<Vec<Finding>> {
    let server = repository.ping().await?;
    let mut findings =
        vec![Finding::ok("engine", format!("{} {}", server.system, one_line(&server.version)))];
    let present = schema(repository, &mut findings).await?;
    stamp(repository, present.is_empty(), &mut findings).await?;
    findings.extend(repository.engine().examine(full).await?);
    if !present.is_empty() {
        references(repository, &present, &mut findings).await?;
    }
    Ok(findings)
}

/// Tables and indexes; returns DECNET's tables that are there.
async fn schema(repository: &dyn Repository, findings: &mut Vec<Finding>) -> Result<BTreeSet<String>> {
    const CHECK: &str = "schema";
    let engine = repository.engine();
    let dialect = engine.dialect();
    let work = Bootstrap::new(SCHEMA, Unit::new(), dialect);
    let catalog = engine.query(work.catalog(dialect)).await?;
    let mut tables = BTreeMap::new();
    for row in catalog.clone().decode(|row| {
        let (_kind, table): (String, String) = (row.value("kind")?, row.value("table")?);
        Ok(table)
    })? {
        *tables.entry(row).or_insert(0_u64) += 1;
    }
    let known = |name: &str| SCHEMA.table(name).is_some();
    let present: BTreeSet<String> = tables.keys().filter(|name| known(name)).cloned().collect();
    let others: Vec<&str> = tables
        .keys()
        .map(String::as_str)
        .filter(|name| {
            !known(name) && *name != STAMP && !name.starts_with(OURS) && !name.starts_with("sqlite_")
        })
        .collect();
    let missing: Vec<&str> =
        SCHEMA.tables.iter().map(|table| table.name).filter(|name| !present.contains(*name)).collect();
    const INIT: &str = "`decnet-db init` creates what is missing";
    findings.push(match work.missing(catalog, dialect) {
        Err(error) if error.kind() == ErrorKind::Configuration => {
            Finding::failed(CHECK, error.to_string(), "look at the URL")
        }
        Err(error) => return Err(error),
        Ok(_) if present.is_empty() => Finding::failed(CHECK, "none of DECNET's tables is there", INIT),
        Ok(_) if !missing.is_empty() => {
            let what = format!(
                "{} of {} tables are missing: {}",
                missing.len(),
                SCHEMA.tables.len(),
                listed(&missing)
            );
            Finding::failed(CHECK, what, INIT)
        }
        Ok(statements) if !statements.is_empty() => {
            Finding::warning(CHECK, format!("{} indexes are missing", statements.len()), INIT)
        }
        Ok(_) => {
            Finding::ok(CHECK, format!("all {} tables with their columns and indexes", SCHEMA.tables.len()))
        }
    });
    findings.push(if others.is_empty() {
        Finding::ok("other tables", "none")
    } else {
        let what = format!("{} tables are another program's: {}", others.len(), listed(&others));
        Finding::warning(
            "other tables",
            what,
            "two programs in one database share its locks and backups: give each its own",
        )
    });
    Ok(present)
}

async fn stamp(repository: &dyn Repository, no_tables: bool, findings: &mut Vec<Finding>) -> Result<()> {
    const CHECK: &str = "revision";
    let stamps = repository.revisions().await?;
    let shown: Vec<&str> = stamps.iter().map(String::as_str).collect();
    findings.push(match shown.as_slice() {
        [one] if *one == SCHEMA.revision => Finding::ok(CHECK, *one),
        [] if no_tables => return Ok(()),
        [] => Finding::warning(
            CHECK,
            "the schema has no stamp",
            "`decnet-db init` adds it, so that DECNET does not begin anew",
        ),
        others => Finding::warning(
            CHECK,
            format!("the schema has the stamp of another version of DECNET: {}", listed(others)),
            format!("this program knows {}: use the release that knows the other one", SCHEMA.revision),
        ),
    });
    Ok(())
}

async fn references(
    repository: &dyn Repository,
    present: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    const CHECK: &str = "references";
    let broken = broken_references(repository.engine(), |table| present.contains(table)).await?;
    findings.push(if broken.is_empty() {
        Finding::ok(CHECK, "each one leads to a row")
    } else {
        let first: Vec<String> = broken.first.iter().take(LISTED).map(ToString::to_string).collect();
        let what = format!("{} lead to rows that are gone: {}", broken.total, first.join("; "));
        Finding::warning(CHECK, what, "DECNET leaves such rows behind; `decnet-db copy --mend-references` makes a database without them")
    });
    Ok(())
}

fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(LISTED).map(|name| one_line(name)).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}
