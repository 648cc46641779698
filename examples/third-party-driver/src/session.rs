//! One connection, and what its errors mean.

use std::io::ErrorKind::{InvalidData, InvalidInput};
use std::pin::pin;

use async_trait::async_trait;
use deadpool_postgres::Object;
use decnet_db_core::Error;
use decnet_db_core::driver::{Failed, Session};
use decnet_db_core::sql::{Dialect, Insert, Rows, Statement};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::ToSql;

use crate::values::{Bound, column_type, read};

/// Statements with more values than that come in too many lengths to be kept prepared.
const KEPT: usize = 64;

pub(crate) struct Connection(pub(crate) Object);

#[async_trait]
impl Session for Connection {
    async fn run(&mut self, text: &str) -> Result<(), Failed> {
        self.0.batch_execute(text).await.map_err(failed)
    }

    async fn query(&mut self, statement: &Statement) -> Result<Rows, Failed> {
        let prepared = self.prepare(statement).await.map_err(failed)?;
        let values: Vec<_> = statement.values().iter().map(Bound).collect();
        let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let mut rows = Rows::new(prepared.columns().len());
        for row in self.0.query(&prepared, &values).await.map_err(failed)? {
            for at in 0..row.len() {
                rows.push(read(&row, at).map_err(failed)?);
            }
        }
        Ok(rows)
    }

    async fn execute(&mut self, statement: &Statement) -> Result<u64, Failed> {
        let prepared = self.prepare(statement).await.map_err(failed)?;
        let values: Vec<_> = statement.values().iter().map(Bound).collect();
        self.0.execute_raw(&prepared, values).await.map_err(failed)
    }

    async fn load(&mut self, rows: &Insert, dialect: &dyn Dialect) -> Result<u64, Failed> {
        let names: Vec<_> = rows.columns().iter().map(|name| dialect.identifier(name)).collect();
        let columns = rows.columns().iter().filter_map(|name| rows.table().column(name));
        let types: Vec<_> = columns.map(|column| column_type(column.kind)).collect();
        let table = dialect.identifier(rows.table().name);
        let text = format!("COPY {table} ({}) FROM STDIN BINARY", names.join(", "));
        let copy = self.0.prepare_cached(&text).await.map_err(failed)?;
        let mut writer = pin!(BinaryCopyInWriter::new(self.0.copy_in(&copy).await.map_err(failed)?, &types));
        for row in rows.iter() {
            let values: Vec<_> = row.iter().map(Bound).collect();
            writer.as_mut().write_raw(values).await.map_err(failed)?;
        }
        writer.finish().await.map_err(failed)
    }

    fn discard(self) {
        drop(Object::take(self.0));
    }
}

impl Connection {
    async fn prepare(&self, it: &Statement) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        let kept = it.values().len() <= KEPT;
        if kept { self.0.prepare_cached(it.text()).await } else { self.0.prepare(it.text()).await }
    }
}

pub(crate) fn failed(error: tokio_postgres::Error) -> Failed {
    if let Some(server) = error.as_db_error().cloned() {
        return Failed::by_sqlstate(server.code().code(), server.message(), server.column(), error);
    }
    let cause = std::error::Error::source(&error);
    let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
    let io = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
    // TLS reports a wrong certificate as data that is invalid.
    if error.is_closed() || io.is_some_and(|io| !matches!(io.kind(), InvalidData | InvalidInput)) {
        return Failed::lost(&text, error);
    }
    Error::backend(text, error).into()
}
