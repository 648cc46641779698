//! Golden data of the orchestrator.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage { tables: &["orchestrator_events", "orchestrator_emails"], ..Coverage::default() }
}
