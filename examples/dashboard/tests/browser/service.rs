//! The service that the browser looks at.

use std::sync::Arc;

use decnet_dashboard::{State, TokenSettings, router, sample};
use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::NewUser;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::browser::Browser;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A service on a port of its own, with the sample in a SQLite file.
pub(crate) struct Service {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) url: String,
    shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = DatabaseUrl::sqlite(folder.path().join("decnet.db")).unwrap();
        let repository = decnet_db::connect_with(&Config::new(file)).await.unwrap();
        repository.initialize().await.unwrap();
        let hash = decnet_db::password::hash(PASSWORD).unwrap();
        let user = NewUser::new("00000000-0000-4000-8000-00000000000a", "alice", hash).role("viewer");
        repository.create_user(user).await.unwrap();
        sample::load(&*repository).await.unwrap();
        let shutdown = CancellationToken::new();
        let tokens = TokenSettings::new("a secret that is only for the tests");
        let state = State::new(Arc::clone(&repository), &tokens, shutdown.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let end = shutdown.clone();
        tokio::spawn(async move {
            let ended = async move { end.cancelled().await };
            axum::serve(listener, router(state)).with_graceful_shutdown(ended).await
        });
        Self { repository, url, shutdown, _folder: folder }
    }

    pub(crate) async fn sign_in(&self, browser: &Browser) {
        browser.open(&self.url).await;
        browser.type_into("[name=username]", "alice").await;
        browser.type_into("[name=password]", PASSWORD).await;
        browser.press("\u{e007}").await;
        browser.until("return document.querySelectorAll('tr.event').length === 50").await;
        browser.until("return document.querySelector('.status')?.textContent.includes('live')").await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
