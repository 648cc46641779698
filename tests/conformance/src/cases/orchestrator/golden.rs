//! Golden data of the orchestrator.

use crate::golden::Coverage;

pub(crate) fn golden() -> Coverage {
    Coverage {
        pending: &[
            "record_orchestrator_event",
            "prune_orchestrator_events",
            "record_orchestrator_email",
            "prune_orchestrator_emails",
            "list_orchestrator_events",
            "count_orchestrator_events",
            "count_orchestrator_failures",
            "list_orchestrator_emails",
            "count_orchestrator_emails",
            "list_orchestrator_email_threads",
        ],
        tables: &["orchestrator_events", "orchestrator_emails"],
        ..Coverage::default()
    }
}
