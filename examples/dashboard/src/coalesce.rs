//! One answer for all who ask the same at the same moment.
//!
//! Everybody who has the page open asks for the same lists. Of requests that wait at the same time for the same answer, one makes
//! it for all. It begins after each of them came: nobody gets what was read before he asked, and whoever has just stored
//! something finds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::OnceCell;

use crate::error::ApiResult;
use crate::state::State;

/// What is asked for just now, by path and query.
#[derive(Default)]
pub(crate) struct Coalesced(Mutex<HashMap<String, Arc<Question>>>);

/// What some ask for.
#[derive(Default)]
struct Question {
    /// Held by the one that makes the answer.
    turn: tokio::sync::Mutex<()>,
    /// The answer that is not begun yet.
    next: Mutex<Arc<OnceCell<Answer>>>,
}

type Answer = (StatusCode, HeaderMap, Bytes);

/// Answers a GET whose answer is the same for everybody; whether somebody may ask is for the layers before this one.
pub(crate) async fn coalesce(
    Shared(state): Shared<State>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    if request.method() != Method::GET {
        return Ok(next.run(request).await);
    }
    let asking = Asking::of(&state.coalesced, request.uri().to_string());
    Ok(asking.answer(next.run(request)).await.into_response())
}

/// One who asks.
struct Asking<'c> {
    coalesced: &'c Coalesced,
    path: String,
    /// There until the end.
    question: Option<Arc<Question>>,
}

impl<'c> Asking<'c> {
    fn of(coalesced: &'c Coalesced, path: String) -> Self {
        let question = Arc::clone(locked(&coalesced.0).entry(path.clone()).or_default());
        Self { coalesced, path, question: Some(question) }
    }

    async fn answer(&self, response: impl Future<Output = Response>) -> Answer {
        let question = self.question.clone().unwrap_or_default();
        let answer = Arc::clone(&locked(&question.next));
        let make = || async {
            let _turn = question.turn.lock().await;
            {
                // Who comes from here on might miss what was stored meanwhile.
                let mut next = locked(&question.next);
                if Arc::ptr_eq(&next, &answer) {
                    *next = Arc::default();
                }
            }
            let (parts, body) = response.await.into_parts();
            match to_bytes(body, usize::MAX).await {
                Ok(body) => (parts.status, parts.headers, body),
                Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), Bytes::new()),
            }
        };
        // Where the client whose request makes it goes away, the next one begins anew.
        answer.get_or_init(make).await.clone()
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut questions = locked(&self.coalesced.0);
        self.question = None;
        if questions.get(&self.path).is_some_and(|question| Arc::strong_count(question) == 1) {
            questions.remove(&self.path);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done in there.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
