//! Creating the schema and the first users.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::tables::SCHEMA;
use crate::contract::{Initialized, Lifecycle, NewUser, SeededAdmin, User};
use crate::driver::Bootstrap;
use crate::error::{Error, Result};
use crate::password;
use crate::sql::{Col, Dialect, Insert, Sql, Statement, StepId, Unit};

const CONTRACT_TEST_UUID: &str = "00000000-0000-0000-0000-000000000001";

/// Where the seed's steps stand in the receipt.
#[derive(Default)]
struct Steps {
    refreshed: Option<StepId>,
    created: Option<StepId>,
}

#[async_trait]
impl Lifecycle for SqlRepository {
    async fn initialize(&self) -> Result<Initialized> {
        let dialect = self.backend.dialect();
        let mut seed = Unit::new();
        let mut steps = Steps::default();
        if let Some(password) = self.seed.admin_password()? {
            // A hash takes a quarter of a second of pure computation.
            let password = password.clone();
            let hash = off_thread(move || password::hash(password.expose())).await?;
            steps = seed_admin(&mut seed, dialect, &self.seed.admin_user, hash)?;
        }
        if self.seed.contract_test {
            let hash = off_thread(|| password::hash(&uuid::Uuid::new_v4().to_string())).await?;
            seed_contract_test(&mut seed, dialect, hash)?;
        }
        let done = self.backend.bootstrap(Bootstrap::new(SCHEMA, seed, dialect)).await?;
        let affected = |step: Option<StepId>| step.is_some_and(|step| done.receipt.affected(step) > 0);
        let admin = if steps.created.is_none() {
            tracing::warn!("no administrator was seeded: DECNET_ADMIN_PASSWORD is not set");
            SeededAdmin::NoPassword
        } else if affected(steps.created) {
            SeededAdmin::Created
        } else if affected(steps.refreshed) {
            SeededAdmin::PasswordRefreshed
        } else {
            SeededAdmin::Unchanged
        };
        let revision = done.stamps.join(", ");
        let foreign = revision != SCHEMA.revision;
        if foreign {
            tracing::warn!(%revision, expected = SCHEMA.revision, "the database has the stamp of another revision");
        }
        Ok(Initialized::new(done.created, revision, foreign, admin))
    }

    async fn reinitialize(&self) -> Result<()> {
        self.initialize().await.map(drop)
    }
}

/// The account that must still change its password gets a fresh hash; a missing one is inserted.
fn seed_admin(unit: &mut Unit, dialect: &dyn Dialect, name: &str, hash: String) -> Result<Steps> {
    let user = NewUser::new(uuid::Uuid::new_v4().to_string(), name, hash.clone())
        .role("admin")
        .must_change_password(true);
    let insert =
        Insert::row(user).map_err(|error| Error::configuration(format!("DECNET_ADMIN_USER: {error}")))?;
    let mut refresh = Sql::new(dialect);
    refresh.update::<User>().set(User::PASSWORD_HASH, hash).only(User::USERNAME, name);
    refresh.only(User::MUST_CHANGE_PASSWORD, true);
    let refreshed = unit.execute(refresh.finish()?);
    let created = unit.execute(insert_unless(dialect, &insert, User::USERNAME, name)?);
    Ok(Steps { refreshed: Some(refreshed), created: Some(created) })
}

fn seed_contract_test(unit: &mut Unit, dialect: &dyn Dialect, hash: String) -> Result<()> {
    let user = NewUser::new(CONTRACT_TEST_UUID, "contract-test", hash).role("admin");
    unit.execute(insert_unless(dialect, &Insert::row(user)?, User::UUID, CONTRACT_TEST_UUID)?);
    Ok(())
}

fn insert_unless(
    dialect: &dyn Dialect,
    insert: &Insert,
    column: Col<User, String>,
    text: &str,
) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.insert_select(insert).and().push("NOT EXISTS ");
    sql.subquery(|sql| sql.push("SELECT 1").from::<User>().only(column, text));
    sql.finish()
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::backend("a computation was cut short", error))?
}
