//! Topologies, their parts, their history and their queue of changes (contract document 70).

use super::{
    Cursor, DesignedDecky, Lan, Page, Topology, TopologyDecky, TopologyEdge, TopologyMutation,
    TopologyStatusEvent, Transactional,
};
use crate::error::Result;
use crate::json::Json;
use crate::sql::Changeset;

/// Topologies: networks of deckies, as they are designed, deployed and changed.
///
/// A write of a topology's design takes two guards, each checked in the unit that writes (rulings R7 and R18). With an
/// `expected_version` it is a conflict, which begins with `stale expected_version`, unless the topology is at that version,
/// which then goes up by one; without one the version stays. With `enforce_pending` it is a conflict unless the topology is
/// `pending`. `id`, `uuid` and `topology_id` can't be changed: an update takes their present value alone. The functions of
/// [`topology`](crate::topology) know which statuses follow one another, and store and load whole designs.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::Topology;
/// use decnet_db_core::sql::Changeset;
///
/// let id = repository.create_topology(Changeset::new().set(Topology::NAME, "office")).await?;
/// repository.update_topology_status(&id, "deploying", Some("asked for by an operator")).await?;
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Topologies: Transactional {
    /// Inserts a topology and returns its id: the given one, or a fresh uuid where it is absent or null.
    ///
    /// # Errors
    /// `Conflict` when the id or the name is taken, or its host does not exist; `InvalidInput` without `name`, and for an
    /// unknown member or one that its column can't hold.
    #[write]
    async fn create_topology(&self, data: Changeset<Topology>) -> Result<String>;

    /// The topology with that id, or null.
    async fn get_topology(&self, topology_id: &str) -> Result<Option<Topology>>;

    /// The topologies, or those of one status, newest first, those of one instant by descending id. An empty status means all.
    async fn list_topologies(
        &self,
        status: Option<&str>,
        limit: Option<u64>,
        #[default(0)] offset: u64,
    ) -> Result<Vec<Topology>>;

    /// How many topologies there are, or how many of one status. An empty status means all.
    async fn count_topologies(&self, status: Option<&str>) -> Result<u64>;

    /// Sets the status, and adds an event that has the status before; an unknown id changes nothing.
    ///
    /// Any status may follow any other, itself too: [`transition_status`](crate::topology::transition_status) has the rules.
    /// Each event begins where the one before it ended, also when several callers come at once: its time, and that of the
    /// change, is the later of now and the next instant that the table can hold after the newest event.
    ///
    /// # Errors
    /// `InvalidInput` for a status of more than 32 characters.
    #[writes]
    async fn update_topology_status(
        &self,
        topology_id: &str,
        new_status: &str,
        reason: Option<&str>,
    ) -> Result<()>;

    /// Sets whether the topology's host has to be told about changes; an unknown id changes nothing.
    #[write]
    async fn set_topology_resync(&self, topology_id: &str, value: bool) -> Result<()>;

    /// Stores the text of a JSON list as it is, and says whether there is such a topology.
    ///
    /// # Errors
    /// `InvalidInput` for anything else than text.
    #[write]
    async fn set_topology_email_personas(&self, topology_id: &str, personas_json: &str) -> Result<bool>;

    /// The topologies whose hosts have to be told about changes, by id.
    async fn list_topologies_needing_resync(&self) -> Result<Vec<Topology>>;

    /// The ids of the topologies in status `active` or `degraded`, in order.
    async fn list_live_topology_ids(&self) -> Result<Vec<String>>;

    /// Deletes a topology of any status with all that is part of it, and says whether there was one.
    ///
    /// An edge of another topology that uses one of its LANs or deckies goes too (ruling R18), and so does what is part of a
    /// topology that is not there any more. Tarpit rules and canary tokens stay.
    #[write]
    async fn delete_topology_cascade(&self, topology_id: &str) -> Result<bool>;

    /// Inserts a LAN and returns its id: the given one, or a fresh uuid where it is absent or null.
    ///
    /// # Errors
    /// `Conflict` for an unknown topology, a stale version, and when the id or the topology's LAN of that name is there;
    /// `InvalidInput` without `topology_id`, `name` or `subnet`, and for an unknown member or one that its column can't hold.
    #[write]
    async fn add_lan(&self, data: Changeset<Lan>, expected_version: Option<i64>) -> Result<String>;

    /// Sets the given columns of a LAN; none of them changes and checks nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown id; `Conflict` of the guards, and for a name that another LAN of the topology has;
    /// `InvalidInput` for an unknown column, a value that its column can't hold, or another id or topology.
    #[write]
    async fn update_lan(
        &self,
        lan_id: &str,
        fields: Changeset<Lan>,
        expected_version: Option<i64>,
        #[default(false)] enforce_pending: bool,
    ) -> Result<()>;

    /// Deletes a LAN and its edges; an unknown id changes and checks nothing.
    ///
    /// # Errors
    /// `Conflict` of the guards, and when a decky would be orphaned: left without any edge, in whatever topology.
    #[write]
    async fn delete_lan(
        &self,
        lan_id: &str,
        expected_version: Option<i64>,
        #[default(true)] enforce_pending: bool,
    ) -> Result<()>;

    /// The LANs of a topology, by name.
    async fn list_lans_for_topology(&self, topology_id: &str) -> Result<Vec<Lan>>;

    /// Inserts a decky and returns its uuid: the given one, or a fresh one where it is absent or null.
    ///
    /// # Errors
    /// `Conflict` for an unknown topology, a stale version, and when the uuid or the topology's decky of that name is there;
    /// `InvalidInput` without `topology_id` or `name`, and for an unknown member or one that its column can't hold.
    #[write]
    async fn add_topology_decky(
        &self,
        data: Changeset<TopologyDecky>,
        expected_version: Option<i64>,
    ) -> Result<String>;

    /// Sets the given columns of a decky, and `updated_at` to now unless it is given; none of them changes and checks nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown uuid; `Conflict` of the guards, and for a name that another decky of the topology has;
    /// `InvalidInput` for an unknown column, a value that its column can't hold, or another uuid or topology.
    #[write]
    async fn update_topology_decky(
        &self,
        decky_uuid: &str,
        fields: Changeset<TopologyDecky>,
        expected_version: Option<i64>,
        #[default(false)] enforce_pending: bool,
    ) -> Result<()>;

    /// Deletes a decky and its edges, those in other topologies too; an unknown uuid changes and checks nothing.
    ///
    /// # Errors
    /// `Conflict` of the guards.
    #[write]
    async fn delete_topology_decky(
        &self,
        decky_uuid: &str,
        expected_version: Option<i64>,
        #[default(true)] enforce_pending: bool,
    ) -> Result<()>;

    /// The deckies of a topology, by name. Services or a configuration that are not JSON are shown as text (ruling R18).
    async fn list_topology_deckies(&self, topology_id: &str) -> Result<Vec<DesignedDecky>>;

    /// The deckies of all topologies in state `running`, with all columns, by uuid.
    async fn list_running_topology_deckies(&self) -> Result<Vec<TopologyDecky>>;

    /// Inserts an edge and returns its id: the given one, or a fresh uuid where it is absent or null.
    ///
    /// The same decky and LAN may be joined more than once.
    ///
    /// # Errors
    /// `Conflict` for an unknown topology, a stale version, a taken id, and a decky or LAN that is not the topology's;
    /// `InvalidInput` without `topology_id`, `decky_uuid` or `lan_id`, and for an unknown member.
    #[write]
    async fn add_topology_edge(
        &self,
        data: Changeset<TopologyEdge>,
        expected_version: Option<i64>,
    ) -> Result<String>;

    /// Deletes an edge, even a decky's last one; an unknown id changes and checks nothing.
    ///
    /// # Errors
    /// `Conflict` of the guards.
    #[write]
    async fn delete_topology_edge(
        &self,
        edge_id: &str,
        expected_version: Option<i64>,
        #[default(true)] enforce_pending: bool,
    ) -> Result<()>;

    /// The edges of a topology, by id.
    async fn list_topology_edges(&self, topology_id: &str) -> Result<Vec<TopologyEdge>>;

    /// The newest changes of a topology's status, newest first, those of one instant by descending id.
    async fn list_topology_status_events(
        &self,
        topology_id: &str,
        #[default(100)] limit: u64,
    ) -> Result<Vec<TopologyStatusEvent>>;

    /// Adds a change to the topology's queue, in state `pending`, and returns its id.
    ///
    /// `payload` is any JSON value, stored in compact form; neither the status nor `op` is checked. `requested_at` is the
    /// later of now and the next instant that the table can hold after the topology's newest (ruling R18), so that changes
    /// are applied in the order in which they were stored.
    ///
    /// # Errors
    /// `Conflict` for an unknown topology and a stale version; `InvalidInput` for an `op` of more than 32 characters.
    #[writes]
    async fn enqueue_topology_mutation(
        &self,
        topology_id: &str,
        op: &str,
        payload: Json,
        expected_version: Option<i64>,
    ) -> Result<String>;

    /// Takes the oldest pending change of a topology over, in state `applying`, and returns it; null where there is none.
    ///
    /// Of several callers each gets another change. What a caller that crashed left in `applying` stays (ruling R18).
    #[writes]
    async fn claim_next_mutation(&self, topology_id: &str) -> Result<Option<TopologyMutation>>;

    /// Marks a change of whatever state as applied now; an unknown id changes nothing.
    #[write]
    async fn mark_mutation_applied(&self, mutation_id: &str) -> Result<()>;

    /// Marks a change of whatever state as failed now; an unknown id changes nothing.
    #[write]
    async fn mark_mutation_failed(&self, mutation_id: &str, reason: &str) -> Result<()>;

    /// The changes of a topology, or those in one state, newest first, those of one instant by descending id.
    async fn list_topology_mutations(
        &self,
        topology_id: &str,
        state: Option<&str>,
    ) -> Result<Vec<TopologyMutation>>;

    /// The changes of a topology, or those in one state, by id, page by page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_topology_mutations_page(
        &self,
        topology_id: &str,
        state: Option<&str>,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<TopologyMutationCursor>,
    ) -> Result<Page<TopologyMutation, TopologyMutationCursor>>;

    /// Whether a change is pending of any topology in status `active` or `degraded`.
    async fn has_pending_topology_mutation(&self) -> Result<bool>;
}

/// Where a page of changes ended.
pub type TopologyMutationCursor = Cursor<TopologyMutation>;
