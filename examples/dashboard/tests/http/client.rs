//! A client of the router, without a network.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use decnet_dashboard::{State, TokenSettings, router};
use decnet_db::Repository;
use decnet_db::contract::NewUser;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long anything may take that has to come.
pub(crate) const BOUND: Duration = Duration::from_secs(30);
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const ALICE: &str = "00000000-0000-4000-8000-00000000000a";

/// bcrypt is slow on purpose: one hash for all tests.
pub(crate) static HASH: LazyLock<String> = LazyLock::new(|| decnet_db::password::hash(PASSWORD).unwrap());

pub(crate) fn tokens() -> TokenSettings {
    TokenSettings::new("a secret that is only for the tests")
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What is wrong: status, kind, argument.
    pub(crate) fn wrong(&self) -> (u16, String, Option<String>) {
        let body = self.json();
        assert!(body["detail"].is_string(), "{body}");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        (self.status.as_u16(), text("kind").unwrap(), text("argument"))
    }
}

/// A service and somebody who uses it.
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) shutdown: CancellationToken,
    pub(crate) token: Option<String>,
}

impl Client {
    /// Nobody is signed in.
    pub(crate) fn over(repository: &Arc<dyn Repository>) -> Self {
        Self::with(repository, &tokens(), Duration::from_secs(15))
    }

    pub(crate) fn with(
        repository: &Arc<dyn Repository>,
        tokens: &TokenSettings,
        keep_alive: Duration,
    ) -> Self {
        Self::of(repository, tokens, |state| state.keep_alive(keep_alive).answer_age(Duration::ZERO))
    }

    /// Over a service that is set as it is said.
    pub(crate) fn of(
        repository: &Arc<dyn Repository>,
        tokens: &TokenSettings,
        set: impl FnOnce(State) -> State,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let state = State::new(Arc::clone(repository), tokens, shutdown.clone()).unwrap();
        Self { router: router(set(state)), shutdown, token: None }
    }

    /// Alice is there, and signed in.
    pub(crate) async fn signed_in(repository: &Arc<dyn Repository>) -> Self {
        let mut client = Self::over(repository);
        add_alice(&**repository, false).await;
        client.sign_in().await;
        client
    }

    pub(crate) async fn sign_in(&mut self) {
        let answer = self.login("alice", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        self.token = Some(answer.json()["access_token"].as_str().unwrap().to_owned());
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Answer {
        self.post("/auth/login", &json!({ "username": username, "password": password })).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.send(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let builder = Request::builder().method(method).uri(path);
        match &self.token {
            Some(token) => builder.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => builder,
        }
    }

    /// `GET` below `/api/v1`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.root(&format!("/api/v1{path}")).await
    }

    pub(crate) async fn root(&self, path: &str) -> Answer {
        self.answer(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    /// The body of an answer that is fine.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request("POST", &format!("/api/v1{path}"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.answer(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn raw(&self, request: Request<Body>) -> Answer {
        self.answer(request).await
    }

    /// A stream of messages.
    pub(crate) async fn stream(&self, path: &str, last: Option<&str>) -> Messages {
        let mut request = self.request("GET", &format!("/api/v1{path}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Messages { body: response.into_body(), text: String::new(), last: BTreeMap::new() }
    }
}

pub(crate) async fn add_alice(repository: &dyn Repository, must_change_password: bool) {
    let mut alice = NewUser::new(ALICE, "alice", HASH.as_str()).role("viewer");
    alice.must_change_password = Some(must_change_password);
    repository.create_user(alice).await.unwrap();
}

/// The messages of a stream.
pub(crate) struct Messages {
    body: Body,
    text: String,
    /// The last of each type.
    last: BTreeMap<String, Value>,
}

/// A message; a comment has no data.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
    pub(crate) comment: bool,
}

impl Messages {
    /// The next message; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        tokio::time::timeout(BOUND, self.read()).await.expect("a message in time, or the end")
    }

    async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
                let message = Message {
                    id: field("id: ").map(str::to_owned),
                    data: field("data: ").map_or(Value::Null, |data| serde_json::from_str(data).unwrap()),
                    comment: message.starts_with(':'),
                };
                self.text = rest.to_owned();
                if let Some(kind) = message.data["type"].as_str() {
                    self.last.insert(kind.to_owned(), message.data["data"].clone());
                }
                return Some(message);
            }
            let data: Bytes = self.body.frame().await?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// The next message of that type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Message {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if message.data["type"] == kind {
                return message;
            }
        }
    }

    /// Waits until the last figures of a type are these; they may have come already, before the events that they count.
    pub(crate) async fn figures(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) {
        let reading = async {
            while !self.last.get(kind).is_some_and(&wanted) {
                self.next().await.expect("the stream goes on");
            }
        };
        if tokio::time::timeout(BOUND, reading).await.is_err() {
            panic!("the last figures are {:?}", self.last.get(kind));
        }
    }

    /// The lines of the next `count` events, and the id behind them.
    pub(crate) async fn lines(&mut self, count: usize) -> (Vec<String>, String) {
        let (mut lines, mut id) = (Vec::new(), String::new());
        while lines.len() < count {
            let message = self.next_of("logs").await;
            let events = message.data["data"].as_array().unwrap();
            lines.extend(events.iter().map(|event| event["raw_line"].as_str().unwrap().to_owned()));
            id = message.id.unwrap();
        }
        (lines, id)
    }
}
