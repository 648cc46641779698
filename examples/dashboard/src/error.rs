//! What goes wrong, as an answer: `{"detail": …, "kind": …, "argument": …}` and the status that fits.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use decnet_db::{Error, ErrorKind};
use serde::Serialize;

/// An answer that says what is wrong.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    argument: Option<String>,
    /// When it is worth another try.
    retry_after: Option<Duration>,
}

/// A `Result` whose error is an answer.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::from_secs(1));
        Self { status, kind, detail: detail.into(), argument: None, retry_after }
    }

    pub(crate) fn invalid(argument: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::invalid_input(argument, reason).into()
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Error::NotFound(format!("there is no such {what}")).into()
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    pub(crate) fn too_many_tries(wait: Duration) -> Self {
        let detail =
            format!("too many tries to sign in; the next one is allowed in {} s", wait.as_secs() + 1);
        let answer = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail);
        Self { retry_after: Some(wait), ..answer }
    }

    pub(crate) fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Unavailable.as_str(), detail)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let status = match kind {
            ErrorKind::InvalidInput => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
            // Not 503: a write whose outcome is not known must not be repeated unseen.
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut answer = Self::new(status, kind.as_str(), error.to_string());
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            // Paths, tables and the engine's words are for the operator.
            tracing::error!(%error, kind = kind.as_str(), "a request failed");
            "the database failed; the service's log says how".clone_into(&mut answer.detail);
        }
        if let Error::InvalidInput { argument, .. } = error {
            answer.argument = Some(argument).filter(|name| !name.is_empty());
        }
        answer
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            detail: String,
            kind: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            argument: Option<String>,
        }
        let Self { status, kind, detail, argument, retry_after } = self;
        let mut response = (status, Json(Body { detail, kind, argument })).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = retry_after {
            // Whole seconds, rounded up.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1_000) as u64));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub(crate) async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {}", uri.path()))
}

pub(crate) async fn no_such_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the path has other methods")
}
