//! Arguments of requests: what is wrong with one is an answer that names it.

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use decnet_db::contract::{LogFilter, Page};
use decnet_db::time::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{ApiError, ApiResult};

/// The most rows of a page.
const MOST: u64 = 1_000;
/// The longest search, in characters.
const LONGEST_SEARCH: usize = 512;

/// The query string. As axum's `Query`, which does not say which argument it refused.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let name = error.path().to_string();
            // A name that is not known has no place: serde's message quotes it.
            let known = !matches!(name.as_str(), "." | "?");
            ApiError::invalid(if known { name } else { String::new() }, error.into_inner().to_string())
        })
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::JsonDataError(error)) => Err(ApiError::invalid("", error.body_text())),
            Err(other) => {
                let kind = if other.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                    "unsupported_media_type"
                } else {
                    "bad_request"
                };
                Err(ApiError::new(other.status(), kind, other.body_text()))
            }
        }
    }
}

/// How many rows: 1 to 1,000, 50 unless given.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(crate) struct Limit(pub(crate) u64);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(limit @ 1..=MOST) => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("must be a whole number from 1 to {MOST}"))),
        }
    }
}

/// How many rows are skipped.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Offset(pub(crate) u64);

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Engines count in 63 bits.
        match String::deserialize(deserializer)?.parse::<i64>().map(u64::try_from) {
            Ok(Ok(offset)) => Ok(Self(offset)),
            _ => Err(D::Error::custom("must be a whole number that is not negative")),
        }
    }
}

/// A text to look for.
pub(crate) fn search<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.chars().count() > LONGEST_SEARCH {
        return Err(D::Error::custom(format!("must be at most {LONGEST_SEARCH} characters long")));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Whatever is read from text; an empty one counts as absent, since forms send empty fields.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    match String::deserialize(deserializer)? {
        empty if empty.is_empty() => Ok(None),
        text => text.parse().map(Some).map_err(D::Error::custom),
    }
}

/// The filter that all readers of events take.
pub(crate) fn log_filter(
    search: Option<String>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
) -> LogFilter {
    let mut filter = LogFilter::all();
    filter.search = search.map(Into::into);
    (filter.start_time, filter.end_time) = (start_time, end_time);
    filter
}

/// A page by offset, in DECNET's shape, with this library's cursor for pages by key beside it.
#[derive(Serialize)]
pub(crate) struct Listing<T, C> {
    /// How many match. A page by key is not counted again: what the first page said is still the answer.
    pub(crate) total: Option<u64>,
    pub(crate) limit: Limit,
    pub(crate) offset: Offset,
    pub(crate) data: Vec<T>,
    /// What `after` of the next request is; null on the last page, and after an offset.
    pub(crate) next: Option<C>,
}

impl<T, C> Listing<T, C> {
    /// The same page with other rows.
    pub(crate) fn map<U>(self, row: impl FnMut(T) -> U) -> Listing<U, C> {
        let Self { total, limit, offset, data, next } = self;
        Listing { total, limit, offset, data: data.into_iter().map(row).collect(), next }
    }

    /// The page that is asked for: behind `after`, or at an offset, or the first one, from which both go on. Of the futures,
    /// those are run that it takes.
    pub(crate) async fn of<P: Future<Output = decnet_db::Result<Page<T, C>>>>(
        (limit, offset, after): (Limit, Offset, Option<C>),
        total: impl Future<Output = decnet_db::Result<u64>>,
        by_key: impl FnOnce(Option<C>) -> P,
        by_offset: impl Future<Output = decnet_db::Result<Vec<T>>>,
    ) -> ApiResult<Self> {
        if offset.0 > 0 && after.is_some() {
            return Err(ApiError::invalid("after", "goes with no offset: both say where the page begins"));
        }
        let total = if after.is_none() { Some(total.await?) } else { None };
        let (data, next) = if offset.0 == 0 {
            let page = by_key(after).await?;
            (page.data, page.next)
        } else {
            (by_offset.await?, None)
        };
        Ok(Self { total, limit, offset, data, next })
    }
}
