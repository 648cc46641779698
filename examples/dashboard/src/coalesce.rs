//! One answer for all who ask the same at about the same moment.
//!
//! Everybody who has the page open asks for the same lists. One of them reads; its answer is for all who ask until it is
//! [`AGE`] old, or while it is being made. So a question reaches the database a few times a second, however many ask it, and
//! never twice at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::OnceCell;

use crate::state::State;

/// How long before somebody asked his answer may have been read, unless said otherwise: as fast as a person sees.
pub(crate) const AGE: Duration = Duration::from_millis(200);

/// What is asked for, by path and query.
pub(crate) struct Coalesced {
    age: Duration,
    questions: Mutex<HashMap<String, Arc<Question>>>,
}

/// What some ask for.
#[derive(Default)]
struct Question {
    /// Held by the one that makes an answer.
    making: tokio::sync::Mutex<()>,
    latest: Mutex<Arc<Answer>>,
}

/// An answer that is to be made, is being made, or was made.
#[derive(Default)]
struct Answer {
    begun: OnceLock<Instant>,
    made: OnceCell<(StatusCode, HeaderMap, Bytes)>,
}

impl Answer {
    fn is_older_than(&self, age: Duration) -> bool {
        self.begun.get().is_some_and(|begun| begun.elapsed() >= age)
    }
}

/// Answers a GET whose answer is the same for everybody; whether somebody may ask is for the layers before this one.
pub(crate) async fn coalesce(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let question = state.coalesced.question(request.uri().to_string());
    let answer = question.latest(state.coalesced.age);
    let make = || async {
        let _one = question.making.lock().await;
        answer.begun.get_or_init(Instant::now);
        let (parts, body) = next.run(request).await.into_parts();
        match to_bytes(body, usize::MAX).await {
            Ok(body) => (parts.status, parts.headers, body),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), Bytes::new()),
        }
    };
    // Where the client whose request makes it goes away, the next one begins anew.
    answer.made.get_or_init(make).await.clone().into_response()
}

impl Coalesced {
    /// Answers are shared for so long.
    pub(crate) fn new(age: Duration) -> Self {
        Self { age, questions: Mutex::default() }
    }

    fn question(&self, path: String) -> Arc<Question> {
        let mut questions = locked(&self.questions);
        if !questions.contains_key(&path) {
            // Those that nobody asks any more.
            questions.retain(|_, question| {
                Arc::strong_count(question) > 1 || !locked(&question.latest).is_older_than(self.age)
            });
        }
        Arc::clone(questions.entry(path).or_default())
    }
}

impl Question {
    /// The answer for somebody who asks now.
    fn latest(&self, age: Duration) -> Arc<Answer> {
        let mut latest = locked(&self.latest);
        if latest.is_older_than(age) {
            *latest = Arc::default();
        }
        Arc::clone(&latest)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done in there.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
