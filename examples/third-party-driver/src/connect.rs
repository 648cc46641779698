//! The server and the pool of connections to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use decnet_db_core::config::{Config, Host};
use decnet_db_core::driver::{Failed, PoolStatus, Sessions};
use decnet_db_core::sql::{Dialect, Sql, Value};
use decnet_db_core::{Error, Result};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::dialect::Postgres;
use crate::session::{Connection, failed};

pub(crate) struct Server(Pool);

impl Server {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let wrong =
            |error: &dyn std::error::Error| Error::configuration(format!("the database URL: {error}"));
        let (url, limits) = (config.url.expose(), config.pool.clone());
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let mut server: tokio_postgres::Config =
            format!("postgres://{rest}").parse().map_err(|error| failed(error).error)?;
        if config.url.option("sslmode").is_none() {
            let local = config.url.hosts().iter().all(Host::is_local);
            server.ssl_mode(if local { SslMode::Disable } else { SslMode::Require });
        }
        server.connect_timeout(server.get_connect_timeout().copied().unwrap_or(Duration::from_secs(10)));
        let mut roots = RootCertStore::empty();
        if server.get_ssl_mode() != SslMode::Disable {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let ping = limits.pre_ping == Some(true);
        let recycling_method = if ping { RecyclingMethod::Verified } else { RecyclingMethod::Fast };
        let manager =
            Manager::from_config(server, MakeRustlsConnect::new(tls), ManagerConfig { recycling_method });
        let wait = limits.wait_timeout.as_millis().max(1);
        let session = format!("{}SET lock_timeout = {wait}", include_str!("session.sql"));
        let pool = Pool::builder(manager)
            .max_size(limits.max_connections() as usize)
            .wait_timeout(Some(limits.wait_timeout))
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(move |client, _| {
                let session = session.clone();
                Box::pin(async move { client.batch_execute(&session).await.map_err(HookError::Backend) })
            }))
            .pre_recycle(Hook::sync_fn(move |_, it| {
                if it.age() < limits.recycle { Ok(()) } else { Err(HookError::message("old")) }
            }));
        Ok(Self(pool.build().map_err(|error| wrong(&error))?))
    }
}

#[async_trait]
impl Sessions for Server {
    type Session = Connection;

    fn dialect(&self) -> &dyn Dialect {
        &Postgres
    }

    async fn session(&self) -> Result<Connection, Failed> {
        self.0.get().await.map(Connection).map_err(|error| match error {
            PoolError::Closed => Error::closed().into(),
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => failed(error),
            error => Error::unavailable(format!("no database connection in time: {error}"), error).into(),
        })
    }

    fn version(&self) -> &'static str {
        "SHOW server_version"
    }

    fn lock(&self, sql: &mut Sql<'_>, number: i64) {
        sql.push("SELECT pg_advisory_xact_lock(").bind(number).push(")");
    }

    fn refuses(&self, value: &Value) -> Option<&'static str> {
        value.has_nul().then_some("has a NUL character, which PostgreSQL can't store")
    }

    fn status(&self) -> PoolStatus {
        let status = self.0.status();
        let [size, idle, max, waiting] =
            [status.size, status.available, status.max_size, status.waiting].map(|count| count as u32);
        PoolStatus::new(size, idle, max).queued(waiting)
    }

    async fn close(&self) {
        self.0.close();
    }
}
