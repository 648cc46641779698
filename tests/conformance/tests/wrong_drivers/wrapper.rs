//! The SQLite driver with one fault: what the fault does not touch goes through as it is.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use decnet_db_core::config::Config;
use decnet_db_core::driver::{Backend, Bootstrap, Bootstrapped, Driver, OpenFuture, PoolStatus, ServerInfo};
use decnet_db_core::sql::{Column, Dialect, Receipt, Rows, Sql, Statement, Table, Unit, Value};
use decnet_db_core::{Error, Result};

use crate::rewrite;

/// The driver underneath, which does everything right.
pub(crate) type Right = Arc<dyn Backend>;

/// What a wrong driver does otherwise. A fault answers the one or two methods that it is about.
#[async_trait]
pub(crate) trait Fault: Debug + Default + Send + Sync + 'static {
    /// What the driver says of itself.
    fn declares(driver: Driver) -> Driver {
        driver
    }

    /// The database was opened.
    fn opened(&self, _right: &Right) {}

    /// The text of each statement, placeholders and all.
    fn text(&self, text: String) -> String {
        text
    }

    /// Each value on its way in.
    fn value(&self, value: Value) -> Value {
        value
    }

    /// Each unit before it is committed.
    fn unit(&self, unit: Unit) -> Unit {
        unit
    }

    /// The rows of each read.
    fn rows(&self, rows: Rows) -> Rows {
        rows
    }

    /// Each error on its way out.
    fn error(&self, error: Error) -> Error {
        error
    }

    async fn query(&self, right: &Right, statement: Statement) -> Result<Rows> {
        right.query(statement).await
    }

    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        right.commit(unit).await
    }

    async fn bootstrap(&self, right: &Right, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        right.bootstrap(bootstrap).await
    }

    async fn ping(&self, right: &Right) -> Result<ServerInfo> {
        right.ping().await
    }

    async fn close(&self, right: &Right) {
        right.close().await;
    }

    fn contains(&self, right: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        right.contains(sql, column, needle);
    }

    fn json_member_equals(
        &self,
        right: &dyn Dialect,
        sql: &mut Sql<'_>,
        column: &'static Column,
        key: &str,
        text: &str,
    ) {
        right.json_member_equals(sql, column, key, text);
    }

    fn exactly(&self, right: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        right.exactly(sql, column, text);
    }

    fn bucket(&self, right: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        right.bucket(sql, column, seconds);
    }

    fn upsert(
        &self,
        right: &dyn Dialect,
        sql: &mut Sql<'_>,
        key: &[&'static Column],
        update: &[&'static Column],
    ) {
        right.upsert(sql, key, update);
    }

    fn keys_in_commit_order(&self, right: &dyn Dialect) -> bool {
        right.keys_in_commit_order()
    }
}

/// The SQLite driver with this fault.
pub(crate) fn driver<F: Fault>() -> Driver {
    F::declares(decnet_db_sqlite::DRIVER.opened_by(open::<F>))
}

fn open<F: Fault>(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let right = decnet_db_sqlite::DRIVER.backend(config).await?;
        let fault = F::default();
        fault.opened(&right);
        Ok(Arc::new(Wrong { right, fault }) as Arc<dyn Backend>)
    })
}

struct Wrong<F> {
    right: Right,
    fault: F,
}

impl<F: Fault> Debug for Wrong<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wrong").field(&self.fault).finish()
    }
}

#[async_trait]
impl<F: Fault> Backend for Wrong<F> {
    fn dialect(&self) -> &dyn Dialect {
        self
    }

    async fn query(&self, statement: Statement) -> Result<Rows> {
        let statement = rewrite::statement(&self.fault, self.right.dialect(), statement);
        let rows = self.fault.query(&self.right, statement).await;
        rows.map(|rows| self.fault.rows(rows)).map_err(|error| self.fault.error(error))
    }

    async fn commit(&self, unit: Unit) -> Result<Receipt> {
        let unit = rewrite::unit(&self.fault, self.right.dialect(), unit);
        self.fault.commit(&self.right, unit).await.map_err(|error| self.fault.error(error))
    }

    async fn bootstrap(&self, bootstrap: Bootstrap) -> Result<Bootstrapped> {
        self.fault.bootstrap(&self.right, bootstrap).await.map_err(|error| self.fault.error(error))
    }

    async fn ping(&self) -> Result<ServerInfo> {
        self.fault.ping(&self.right).await
    }

    fn pool(&self) -> PoolStatus {
        self.right.pool()
    }

    async fn close(&self) {
        self.fault.close(&self.right).await;
    }
}

/// What the SQLite driver's dialect answers; what it leaves to the interface is left to it here too.
impl<F: Fault> Dialect for Wrong<F> {
    fn system(&self) -> &'static str {
        self.right.dialect().system()
    }

    fn column_type(&self, table: &Table, column: &Column) -> String {
        self.right.dialect().column_type(table, column)
    }

    fn contains(&self, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        self.fault.contains(self.right.dialect(), sql, column, needle);
    }

    fn json_member_equals(&self, sql: &mut Sql<'_>, column: &'static Column, key: &str, text: &str) {
        self.fault.json_member_equals(self.right.dialect(), sql, column, key, text);
    }

    fn bucket(&self, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        self.fault.bucket(self.right.dialect(), sql, column, seconds);
    }

    fn upsert(&self, sql: &mut Sql<'_>, key: &[&'static Column], update: &[&'static Column]) {
        self.fault.upsert(self.right.dialect(), sql, key, update);
    }

    fn exactly(&self, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        self.fault.exactly(self.right.dialect(), sql, column, text);
    }

    fn catalog(&self) -> &'static str {
        self.right.dialect().catalog()
    }

    fn keys_in_commit_order(&self) -> bool {
        self.fault.keys_in_commit_order(self.right.dialect())
    }

    fn enforces_types(&self) -> bool {
        self.right.dialect().enforces_types()
    }
}
