//! Questions that operators ask of a database, answered by the contract's methods: what came when, from whom, and how often.
//!
//! Each function takes any [`Repository`](crate::Repository), reads page by page, and holds no more than a page of events
//! unless its result is a list. The commands `logs`, `top`, `show`, `histogram` and `export` of the tool `decnet-db` are
//! written on these functions.
//!
//! ```
//! use decnet_db::reports::{self, Events};
//!
//! # async fn f(repository: &dyn decnet_db::Repository) -> decnet_db::Result<()> {
//! let now = decnet_db::time::Timestamp::now();
//! let filter = reports::filter("service:ssh root", Some("24h"), None, now)?;
//! let mut events = Events::by_id(repository, filter);
//! while let Some(page) = events.next().await? {
//!     for event in page {
//!         println!("{} {}", event.timestamp, event.attacker_ip);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod attacker;
mod counts;
mod events;
mod hints;
mod period;
mod session;
mod timeline;
mod top;

pub use attacker::{AttackerReport, attacker};
pub use events::{Events, latest};
pub use hints::hints;
pub use period::{filter, instant};
pub use session::{SessionReport, session};
pub use timeline::{Timeline, timeline};
pub use top::{Facet, TopValue, TopValues, top_values};
