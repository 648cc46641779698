//! The names of attributes and metrics, and the descriptions of the metrics.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub(super) const SYSTEM: &str = "db.system.name";
pub(super) const NAMESPACE: &str = "db.namespace";
pub(super) const COLLECTION: &str = "db.collection.name";
pub(super) const OPERATION: &str = "db.operation.name";
pub(super) const STATUS: &str = "db.response.status_code";
pub(super) const ERROR: &str = "error.type";
pub(super) const ADDRESS: &str = "server.address";
pub(super) const PORT: &str = "server.port";

pub(super) const DURATION: &str = "db.client.operation.duration";

pub(super) const POOL: &str = "db.client.connection.pool.name";
pub(super) const STATE: &str = "db.client.connection.state";
pub(super) const COUNT: &str = "db.client.connection.count";
pub(super) const MAX: &str = "db.client.connection.max";
pub(super) const PENDING: &str = "db.client.connection.pending_requests";
pub(super) const TIMEOUTS: &str = "db.client.connection.timeouts";
pub(super) const CREATE_TIME: &str = "db.client.connection.create_time";
pub(super) const WAIT_TIME: &str = "db.client.connection.wait_time";
pub(super) const USE_TIME: &str = "db.client.connection.use_time";

/// The upper ends of a histogram's buckets, in seconds, that the conventions ask for `db.client.operation.duration`.
///
/// Most calls take less than the first of them. Where that matters, put finer ones before it, such as `0.0001, 0.00025,
/// 0.0005`: what is said of the others stays comparable.
pub const DURATION_BOUNDARIES: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Tells the recorder that is installed what the metrics mean.
pub(super) fn describe() {
    describe_histogram!(DURATION, Unit::Seconds, "Duration of database client operations");
    describe_gauge!(COUNT, Unit::Count, "Connections that are open, by their state");
    describe_gauge!(MAX, Unit::Count, "The most connections that may be open");
    describe_gauge!(PENDING, Unit::Count, "Callers that wait for a connection");
    describe_counter!(TIMEOUTS, Unit::Count, "Callers for whom no connection was free in time");
    describe_histogram!(CREATE_TIME, Unit::Seconds, "The time that it took to open a connection");
    describe_histogram!(WAIT_TIME, Unit::Seconds, "The time that it took to get a connection that is open");
    describe_histogram!(USE_TIME, Unit::Seconds, "The time from getting a connection to giving it back");
    describe_counter!("decnet_db.replays", Unit::Count, "Units that were run again, by reason");
}
