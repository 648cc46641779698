//! What goes wrong, as answers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::{StatusCode, header};
use decnet_db::testing::{Interceptor, intercept};
use decnet_db::{Error, Result};

use crate::client::Client;
use crate::support::{Database, each_backend};

each_backend!(each_kind_has_its_status, supervisors_are_answered, every_answer_has_the_headers);

/// The statistics fail in this way.
#[derive(Default, Clone)]
struct Fails(Arc<Mutex<Option<Error>>>);

#[async_trait]
impl Interceptor for Fails {
    async fn before(&self, method: &'static str) -> Result<()> {
        match self.0.lock().unwrap().clone() {
            Some(error) if method == "get_stats_summary" => Err(error),
            _ => Ok(()),
        }
    }
}

async fn each_kind_has_its_status(database: Database) {
    let fails = Fails::default();
    let client = Client::signed_in(&intercept(Arc::clone(&database.repository), fails.clone())).await;
    client.json("/stats").await;
    let secret = || std::io::Error::other("secret words");
    for (error, status, kind) in [
        (Error::unavailable("away", secret()), 503, "unavailable"),
        (Error::invalid_input("search", "too long"), 422, "invalid_input"),
        (Error::NotFound("gone".into()), 404, "not_found"),
        (Error::conflict("there already"), 409, "conflict"),
        (Error::Unsupported("not here".into()), 501, "unsupported"),
        (Error::configuration("/secret words: no schema"), 500, "configuration"),
        (Error::UnknownOutcome { message: "secret words".into(), source: None }, 500, "unknown_outcome"),
        (Error::backend("secret words", secret()), 500, "backend"),
    ] {
        *fails.0.lock().unwrap() = Some(error);
        let answer = client.get("/stats").await;
        let (found, name, argument) = answer.wrong();
        assert_eq!((found, &*name), (status, kind));
        assert_eq!(argument.is_some(), kind == "invalid_input");
        assert_eq!(answer.headers.get(header::RETRY_AFTER).is_some(), status == 503, "{kind}");
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
    assert_eq!(client.get("/nothing").await.wrong(), (404, "not_found".into(), None));
    assert_eq!(client.get("/auth/login").await.wrong(), (405, "method_not_allowed".into(), None));
    for path in [
        "/attackers/nobody",
        "/attackers/nobody/commands",
        "/attackers/nobody/smtp-targets",
        "/sessions/none",
    ] {
        assert_eq!(client.get(path).await.wrong(), (404, "not_found".into(), None), "{path}");
    }
}

async fn supervisors_are_answered(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    assert_eq!(client.root("/livez").await.text, "live\n");
    assert_eq!(client.root("/readyz").await.text, "ready\n");
    let health = client.json("/health").await;
    assert_eq!(
        (&health["status"], &health["components"]["database"]["status"]),
        (&"healthy".into(), &"ok".into())
    );
    assert!(health["components"]["database"]["version"].is_string(), "{health}");
    assert!(health["components"]["database"]["pool"]["max"].is_u64(), "{health}");

    // About to end: alive, not ready.
    client.shutdown.cancel();
    assert_eq!(client.root("/readyz").await.wrong(), (503, "unavailable".into(), None));
    assert_eq!(client.root("/livez").await.status, StatusCode::OK);

    // Without its database.
    let client = Client::over(&database.repository);
    database.repository.close().await;
    let answer = client.root("/readyz").await;
    assert_eq!(answer.wrong(), (503, "unavailable".into(), None));
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(client.root("/livez").await.status, StatusCode::OK);
    assert_eq!(client.login("alice", "x").await.wrong(), (503, "unavailable".into(), None));
}

async fn every_answer_has_the_headers(database: Database) {
    let client = Client::signed_in(&database.repository).await;
    for path in ["/", "/api/v1/stats", "/api/v1/logs?limit=0", "/api/v1/none", "/none", "/livez"] {
        let answer = client.root(path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        let stored = answer.headers.get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap());
        assert_eq!(stored == Some("no-store"), path.starts_with("/api/"), "{path}");
    }
}
