//! Events and what is counted of them.

use axum::Json;
use decnet_db::contract::{Bucket, Log, LogCursor, LogQuery, Stats};
use decnet_db::time::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::error::ApiResult;
use crate::params::{Limit, Listing, Offset, Params, log_filter, parsed, search};
use crate::repo::Repo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    offset: Offset,
    #[serde(default, deserialize_with = "search")]
    search: Option<String>,
    #[serde(default, deserialize_with = "parsed")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "parsed")]
    end_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "parsed")]
    after: Option<LogCursor>,
}

/// `GET /logs`
pub(crate) async fn list(
    repo: Repo,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<Log, LogCursor>>> {
    let ListParams { limit, offset, search, start_time, end_time, after } = params;
    let filter = log_filter(search, start_time, end_time);
    let query = LogQuery::from(filter.clone()).limit(limit.0).offset(offset.0);
    Listing::of(
        (limit, offset, after),
        repo.get_total_logs(filter.clone()),
        |after| repo.get_logs_page(limit.0, filter, after),
        repo.get_logs(query),
    )
    .await
    .map(Json)
}

/// The minutes of an interval: 15 unless given, a year at most.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval(pub(crate) i64);

impl Default for Interval {
    fn default() -> Self {
        Self(15)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(minutes @ 1..=525_600) => Ok(Self(minutes)),
            _ => Err(D::Error::custom("must be a whole number of minutes from 1 to 525600")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistogramParams {
    #[serde(default, deserialize_with = "search")]
    search: Option<String>,
    #[serde(default, deserialize_with = "parsed")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "parsed")]
    end_time: Option<Timestamp>,
    #[serde(default)]
    interval_minutes: Interval,
}

/// `GET /logs/histogram`
pub(crate) async fn histogram(
    repo: Repo,
    Params(params): Params<HistogramParams>,
) -> ApiResult<Json<Vec<Bucket>>> {
    let filter = log_filter(params.search, params.start_time, params.end_time);
    Ok(Json(repo.get_log_histogram(filter, params.interval_minutes.0).await?))
}

/// `GET /stats`
pub(crate) async fn stats(repo: Repo) -> ApiResult<Json<Stats>> {
    Ok(Json(repo.get_stats_summary().await?))
}
