//! The progress of deploying and mutating deckies (contract document 60).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// The progress of deploying and mutating deckies.
///
/// The statuses `succeeded` and `failed` are final (rulings R14, 60.9, and R16).
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::DeckyLifecycle;
/// use decnet_db_core::sql::Changeset;
///
/// let began = Changeset::new().set(DeckyLifecycle::DECKY_NAME, "decky-01").set(DeckyLifecycle::OPERATION, "deploy");
/// let id = repository.create_lifecycle(began).await?;
/// repository.update_lifecycle(&id, Changeset::new().set(DeckyLifecycle::STATUS, "succeeded")).await?;
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait DeckyLifecycles: Transactional {
    /// Inserts an operation and returns its id: the given one, or a fresh uuid where it is absent or null.
    ///
    /// `updated_at` is now, whatever is given.
    ///
    /// # Errors
    /// `Conflict` when the id is taken; `InvalidInput` without `decky_name` or `operation`, and for an unknown member or one
    /// that its column can't hold.
    #[write]
    async fn create_lifecycle(&self, data: Changeset<DeckyLifecycle>) -> Result<String>;

    /// Sets the given columns of an operation, and `updated_at` to now; an unknown id changes nothing.
    ///
    /// A status that ends the operation sets `completed_at` to now too, unless the fields have one. Giving the final status
    /// that the row has once more is allowed and keeps `completed_at`; of several callers that end it differently at the
    /// same time one wins.
    ///
    /// # Errors
    /// `Conflict` when the operation has ended with another status than the given one; `InvalidInput` for an unknown column
    /// or a value that its column can't hold.
    #[write]
    async fn update_lifecycle(&self, lifecycle_id: &str, fields: Changeset<DeckyLifecycle>) -> Result<()>;

    /// The operations with those ids, oldest first, those of one instant by id; unknown ids are left out.
    async fn get_lifecycle_by_ids(&self, lifecycle_ids: &[String]) -> Result<Vec<DeckyLifecycle>>;

    /// The newest operation of that kind on a decky that is `pending` or `running`, or null. Without a host: on any host.
    async fn find_open_lifecycle(
        &self,
        decky_name: &str,
        operation: &str,
        host_uuid: Option<&str>,
    ) -> Result<Option<DeckyLifecycle>>;

    /// Ends every `pending` or `running` operation that began before an instant as `failed`, and says how many there were.
    ///
    /// `reason` becomes their `error`.
    #[write]
    async fn sweep_stale_lifecycle(&self, older_than: Timestamp, reason: &str) -> Result<u64>;
}

/// One deployment or mutation of a decky; the table `decky_lifecycle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "decky_lifecycle")]
#[non_exhaustive]
pub struct DeckyLifecycle {
    /// The operation's key: a uuid.
    #[column(key, default = uuid)]
    pub id: String,
    /// The decky.
    #[column(index)]
    pub decky_name: String,
    /// The host that does it; null for the master.
    #[column(index)]
    pub host_uuid: Option<String>,
    /// `deploy` or `mutate`.
    #[column(index)]
    pub operation: String,
    /// `pending`, then `running`, then `succeeded` or `failed`, which are final.
    #[column(index, default = "pending")]
    pub status: String,
    /// Why it failed.
    #[column(long)]
    pub error: Option<String>,
    /// When it was asked for.
    #[column(default = now)]
    pub started_at: Timestamp,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
    /// When it became final; null before.
    pub completed_at: Option<Timestamp>,
}
