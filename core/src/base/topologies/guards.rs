//! What is checked in the unit that changes a topology's design: that the topology and the part are there, that it is pending,
//! and that it is at the version that the caller knows.

use crate::base::support::new_row;
use crate::contract::unit::{Steps, UnitOfWork};
use crate::contract::{Lan, Topology, TopologyDecky, TopologyEdge};
use crate::error::{Error, Result};
use crate::sql::{Changeset, Col, Column, Expect, Record, Sql, Value};
use crate::text::excerpt;

/// The status in which a design can be edited.
pub(super) const EDITABLE: &str = "pending";

/// A row that is part of a topology.
pub(super) trait Part: Record + 'static {
    /// What it is called.
    const WHAT: &'static str;
    /// Its key.
    const KEY: Col<Self, String>;
    /// Its topology.
    const OF: Col<Self, String>;
    /// A column without index and reference, which a statement that only looks writes again as it is.
    const SAME: &'static Column;
}

impl Part for Lan {
    const WHAT: &'static str = "LAN";
    const KEY: Col<Self, String> = Self::ID;
    const OF: Col<Self, String> = Self::TOPOLOGY_ID;
    const SAME: &'static Column = Self::SUBNET.column();
}

impl Part for TopologyDecky {
    const WHAT: &'static str = "decky";
    const KEY: Col<Self, String> = Self::UUID;
    const OF: Col<Self, String> = Self::TOPOLOGY_ID;
    const SAME: &'static Column = Self::IP.column();
}

impl Part for TopologyEdge {
    const WHAT: &'static str = "edge";
    const KEY: Col<Self, String> = Self::ID;
    const OF: Col<Self, String> = Self::TOPOLOGY_ID;
    const SAME: &'static Column = Self::IS_BRIDGE.column();
}

impl<'r, T> UnitOfWork<'r, T> {
    /// Adds a part to its topology, when what else it refers to is there; answers with its key.
    pub(super) fn add_part<P: Part>(
        self,
        data: Changeset<P>,
        expected_version: Option<i64>,
        refers: impl FnOnce(&mut Steps<'r>, &str) -> Result<()>,
    ) -> UnitOfWork<'r, String> {
        self.returning(|steps| {
            let topology_id = data.text(P::OF).unwrap_or_default().to_owned();
            let (row, key) = new_row(data, P::KEY)?;
            steps.add_to_topology(&topology_id, expected_version)?;
            refers(steps, &topology_id)?;
            steps.insert(row);
            Ok(|_: &mut _| Ok(key))
        })
    }
}

/// An update that changes nothing: it makes units on one topology wait for each other. A condition follows.
pub(super) fn lock<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.update::<Topology>().assign(Topology::VERSION).column(Topology::VERSION)
}

/// An update that changes nothing of the part with this key.
pub(super) fn look<'s, 'd, P: Part>(sql: &'s mut Sql<'d>, key: &str) -> &'s mut Sql<'d> {
    sql.update::<P>().assign(P::SAME).column(P::SAME).only(P::KEY, key)
}

/// A condition: the topology is the part's.
fn of_part<'s, 'd, P: Part>(sql: &'s mut Sql<'d>, key: &str) -> &'s mut Sql<'d> {
    sql.and()
        .column(Topology::ID)
        .push(" = ")
        .subquery(|sql| sql.push("SELECT ").column(P::OF).from::<P>().only(P::KEY, key))
}

/// A condition on a part: its topology is not there, or its column has another value.
fn unless<'s, 'd, P: Part>(
    sql: &'s mut Sql<'d>,
    column: impl Into<&'static Column>,
    value: impl Into<Value>,
) -> &'s mut Sql<'d> {
    sql.and().push("NOT EXISTS ").subquery(|sql| {
        let sql = sql.push("SELECT 1").from::<Topology>().and().column_of(Topology::TABLE.name, Topology::ID);
        sql.push(" = ").column_of(P::TABLE.name, P::OF).only(column, value)
    })
}

fn stale(expected: i64) -> String {
    format!("stale expected_version: the topology is not at version {expected}")
}

impl<'d> Steps<'d> {
    /// Locks the topology that something is added to, which must be there and, if a version is expected, at that one.
    pub(super) fn add_to_topology(&mut self, topology_id: &str, expected_version: Option<i64>) -> Result<()> {
        let missing = Expect::one_row("topology_id: no topology has this id");
        self.expect(missing, |sql| lock(sql).only(Topology::ID, topology_id))?;
        let Some(expected) = expected_version else { return Ok(()) };
        self.explain_stale(expected, |sql| sql.only(Topology::ID, topology_id))?;
        self.expect(Expect::one_row(stale(expected)), |sql| {
            let sql = next_version(sql).only(Topology::ID, topology_id);
            sql.only(Topology::VERSION, expected)
        })?;
        Ok(())
    }

    /// Locks the topology of a part.
    pub(super) fn lock_topology_of<P: Part>(&mut self, key: &str) -> Result<()> {
        self.execute(|sql| of_part::<P>(lock(sql), key)).map(drop)
    }

    /// Locks the topology of a part that is to be updated, and takes its key and topology out of the fields: they are accepted
    /// with their present values only (ruling R18).
    pub(super) fn update_part<P: Part>(&mut self, key: &str, fields: Changeset<P>) -> Result<Changeset<P>> {
        const FIXED: &str = "can't be changed: leave it out, or give its present value";
        let mut fields = fields.check()?;
        if fields.remove(P::KEY).is_some_and(|given| given != Value::from(key)) {
            return Err(Error::invalid_input(P::KEY.name(), FIXED));
        }
        self.lock_topology_of::<P>(key)?;
        let missing = Expect::one_row(format!("no {} has this {}", P::WHAT, P::KEY.name()));
        self.expect(missing.or_not_found(), |sql| look::<P>(sql, key))?;
        if let Some(given) = fields.remove(P::OF) {
            let other = Expect::no_row(FIXED).or_invalid_input(P::OF.name());
            self.expect(other, |sql| look::<P>(sql, key).and().column(P::OF).push(" <> ").bind(given))?;
        }
        Ok(fields)
    }

    /// Refuses the unit when the part is there and its topology is not pending.
    pub(super) fn pending_only<P: Part>(&mut self, key: &str, enforce_pending: bool) -> Result<()> {
        if !enforce_pending {
            return Ok(());
        }
        let refused = Expect::no_row(format!(
            "enforce_pending: the {} can be edited only while its topology is {EDITABLE}",
            P::WHAT
        ));
        self.explain(
            &refused,
            |sql| of_part::<P>(sql.push("SELECT ").column(Topology::STATUS).from::<Topology>(), key),
            |row| {
                let status = row.read(Topology::STATUS)?;
                Ok((status != EDITABLE).then(|| {
                    Error::conflict(format!(
                        "enforce_pending: the {} can be edited only while its topology is {EDITABLE}, and it is {}",
                        P::WHAT,
                        excerpt(&status)
                    ))
                }))
            },
        )?;
        self.expect(refused, |sql| unless::<P>(look::<P>(sql, key), Topology::STATUS, EDITABLE))?;
        Ok(())
    }

    /// Refuses the unit when the part is there and its topology is not at the expected version; raises the version otherwise.
    pub(super) fn next_version_of<P: Part>(
        &mut self,
        key: &str,
        expected_version: Option<i64>,
    ) -> Result<()> {
        let Some(expected) = expected_version else { return Ok(()) };
        self.explain_stale(expected, |sql| of_part::<P>(sql, key))?;
        let refused = Expect::no_row(stale(expected));
        self.expect(refused, |sql| unless::<P>(look::<P>(sql, key), Topology::VERSION, expected))?;
        self.execute(|sql| of_part::<P>(next_version(sql), key))?;
        Ok(())
    }

    /// Lets a stale version be told together with the present one.
    fn explain_stale(
        &mut self,
        expected: i64,
        of: impl for<'s> FnOnce(&'s mut Sql<'d>) -> &'s mut Sql<'d>,
    ) -> Result<()> {
        self.explain(
            &Expect::no_row(stale(expected)),
            |sql| of(sql.push("SELECT ").column(Topology::VERSION).from::<Topology>()),
            move |row| {
                let current = row.read(Topology::VERSION)?;
                Ok((current != expected).then(|| {
                    Error::conflict(format!(
                        "stale expected_version: {expected}, and the topology is at version {current}"
                    ))
                }))
            },
        )
    }
}

fn next_version<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.update::<Topology>().assign(Topology::VERSION).push("version + 1")
}
