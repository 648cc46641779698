//! The server: the pool of connections, and what one connection does.

use std::{error::Error as _, io, pin::pin, sync::Arc};

use async_trait::async_trait;
use deadpool_postgres::RecyclingMethod::{Fast, Verified};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, Runtime};
use decnet_db_core::driver::{Failed, PoolStatus, Session, Sessions};
use decnet_db_core::sql::{Dialect, Insert, Rows, Sql, Statement};
use decnet_db_core::{Error, Result, config::Config};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_postgres::{binary_copy::BinaryCopyInWriter, config::SslMode, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::values::{Bound, read, type_of};

pub(crate) struct Server(Pool);

impl Server {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let limits = config.pool.clone();
        let url = config.url.expose_as("postgres").parse::<tokio_postgres::Config>();
        let mut server = url.map_err(|error| Error::configuration(failed(error).error.to_string()))?;
        if config.url.option("sslmode").is_none() {
            server.ssl_mode(if config.url.is_local() { SslMode::Disable } else { SslMode::Require });
        }
        let mut roots = RootCertStore::empty();
        if server.get_ssl_mode() != SslMode::Disable {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::configuration(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let recycling_method = if limits.pre_ping == Some(true) { Verified } else { Fast };
        let (tls, how) = (MakeRustlsConnect::new(tls), ManagerConfig { recycling_method });
        let lock_timeout = limits.wait_timeout.as_millis().max(1);
        let session = format!("{}SET lock_timeout = {lock_timeout}", include_str!("session.sql"));
        let pool = Pool::builder(Manager::from_config(server, tls, how))
            .max_size(limits.max_connections() as usize)
            .wait_timeout(Some(limits.wait_timeout))
            .create_timeout(Some(limits.wait_timeout))
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(move |client, _| {
                let session = session.clone();
                Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
            }))
            .pre_recycle(Hook::sync_fn(move |_, it| {
                if it.age() < limits.recycle { Ok(()) } else { Err(HookError::message("old")) }
            }));
        Ok(Self(pool.build().map_err(|error| Error::configuration(error.to_string()))?))
    }
}

#[async_trait]
impl Sessions for Server {
    type Session = Connection;
    const VERSION: &'static str = "SHOW server_version";

    async fn session(&self) -> Result<Connection, Failed> {
        self.0.get().await.map(Connection).map_err(|error| match error {
            PoolError::Closed => Error::closed().into(),
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => failed(error),
            error => Error::unavailable(format!("no database connection in time: {error}"), error).into(),
        })
    }

    fn lock(&self, sql: &mut Sql<'_>, number: i64) {
        sql.push("SELECT pg_advisory_xact_lock(").bind(number).push(")");
    }

    fn status(&self) -> PoolStatus {
        let it = self.0.status();
        PoolStatus::counted([it.size, it.available, it.max_size, it.waiting])
    }

    async fn close(&self) {
        self.0.close();
    }
}

pub(crate) struct Connection(Object);

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
        let text = format!("COPY {} FROM STDIN BINARY", rows.target(dialect));
        let copy = self.0.prepare_cached(&text).await.map_err(failed)?;
        let types: Vec<_> = rows.kinds().map(type_of).collect();
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
        // Statements with many values come in too many lengths to be kept.
        let keep = it.values().len() <= 64;
        if keep { self.0.prepare_cached(it.text()).await } else { self.0.prepare(it.text()).await }
    }
}

fn failed(error: tokio_postgres::Error) -> Failed {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    // TLS reports a wrong certificate as data that is invalid.
    let broken = cause.is_some_and(|io| io.kind() != io::ErrorKind::InvalidData);
    match error.as_db_error().cloned() {
        Some(it) => Failed::by_sqlstate(it.code().code(), it.message(), it.column(), error),
        None if broken || error.is_closed() => Failed::lost(error),
        None => Failed::other(error),
    }
}
