//! `GET /stream`: events as they are stored, and the figures that move with them, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use decnet_db::Repository;
use decnet_db::contract::{Bucket, Log, Stats};
use decnet_db::time::Timestamp;
use decnet_db::watch::{Token, Watch, Watcher, watch as watch_events};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::auth::Session;
use crate::error::ApiResult;
use crate::live::{Figures, Scope};
use crate::logs::Interval;
use crate::params::{Params, parsed, search};
use crate::repo::Repo;
use crate::state::State;

/// The most events in a message.
const MOST: usize = 500;
/// What follows events that a client missed and asks for again.
const LAST_EVENT_ID: &str = "last-event-id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct StreamParams {
    #[serde(default, deserialize_with = "parsed")]
    last_event_id: Option<String>,
    #[serde(default, deserialize_with = "search")]
    search: Option<String>,
    #[serde(default, rename = "start_time", deserialize_with = "parsed")]
    start_time: Option<Timestamp>,
    #[serde(default, rename = "end_time", deserialize_with = "parsed")]
    end_time: Option<Timestamp>,
    #[serde(default, rename = "interval_minutes")]
    interval_minutes: Interval,
}

/// `GET /stream`
pub(crate) async fn stream(
    Shared(state): Shared<State>,
    repo: Repo,
    session: Session,
    headers: HeaderMap,
    Params(params): Params<StreamParams>,
) -> ApiResult<impl IntoResponse> {
    // What a browser sends when it comes back is newer than what the page asked for at first.
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let scope = Scope {
        search: params.search,
        start_time: params.start_time,
        end_time: params.end_time,
        interval_minutes: params.interval_minutes.0,
    };
    let mut watch = Watch::new().filter(scope.filter());
    if let Some(id) = header.filter(|id| !id.is_empty()).or(params.last_event_id) {
        watch = watch.after(token(&id)?);
    }
    let mut figures = state.live.figures(scope);
    // What is there already is news for this client.
    figures.mark_changed();
    let left = session.claims.exp.saturating_sub(Timestamp::now().as_seconds_floor());
    let tail = Tail {
        watcher: watch_events(&repo.0, watch).await?,
        figures,
        ready: VecDeque::new(),
        ended: state.auth.ended(),
        expires: Instant::now() + Duration::from_secs(u64::try_from(left).unwrap_or(0)),
        shutdown: state.shutdown.clone(),
        session,
        repository: repo.0,
    };
    let messages = stream::unfold(tail, |mut tail| async move {
        let message = tail.next().await?;
        Some((Ok::<_, Infallible>(message), tail))
    });
    let keep_alive = KeepAlive::new().interval(state.keep_alive).text("still here");
    // A proxy that collects an answer before it passes it on would make the stream stand still.
    Ok(([("x-accel-buffering", "no")], Sse::new(messages).keep_alive(keep_alive)))
}

/// Behind which event: what a message's `id` was, or, as in DECNET, an event's id.
fn token(id: &str) -> ApiResult<Token> {
    let token: decnet_db::Result<Token> = match id.parse::<i64>() {
        Ok(event) => format!("w1:{}:-:", event.max(0)).parse(),
        Err(_) => id.parse(),
    };
    Ok(token.map_err(|error| error.within("lastEventId"))?)
}

/// What `data:` is.
#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
enum Message<'m> {
    Logs(&'m [&'m Log]),
    Stats(&'m Stats),
    Histogram(&'m [Bucket]),
}

/// One client's stream.
struct Tail {
    watcher: Watcher,
    figures: watch::Receiver<Option<Figures>>,
    /// Messages that are made and not sent yet.
    ready: VecDeque<Event>,
    ended: watch::Receiver<u64>,
    expires: Instant,
    shutdown: CancellationToken,
    session: Session,
    repository: Arc<dyn Repository>,
}

impl Tail {
    /// The next message; none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return None,
                () = sleep_until(self.expires) => return None,
                _ = self.ended.changed() => {
                    if !self.session.stands(&*self.repository).await {
                        return None;
                    }
                }
                // Nothing is lost when another branch is faster.
                batch = self.watcher.next_batch(MOST) => match batch? {
                    Ok(events) => self.logs(&events),
                    Err(error) => {
                        tracing::warn!(%error, "a stream waits for the database");
                        self.ready.push_back(Event::default().comment("the database does not answer: waiting"));
                    }
                },
                changed = self.figures.changed() => {
                    changed.ok()?;
                    self.figures();
                }
            }
        }
    }

    fn logs(&mut self, events: &[Arc<Log>]) {
        let events: Vec<&Log> = events.iter().map(|event| &**event).collect();
        self.push(&Message::Logs(&events));
    }

    fn figures(&mut self) {
        let Some(Figures { stats, histogram }) = self.figures.borrow_and_update().clone() else { return };
        self.push(&Message::Stats(&stats));
        self.push(&Message::Histogram(&histogram));
    }

    /// Each message has the place behind it, so that a client that is cut off goes on there.
    fn push(&mut self, message: &Message<'_>) {
        let place = Event::default().id(self.watcher.token().to_string());
        match place.json_data(message) {
            Ok(event) => self.ready.push_back(event),
            Err(error) => tracing::error!(%error, "a message can't be written as JSON"),
        }
    }
}
