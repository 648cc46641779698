//! The measured operations, with the names of the workload.

/// An operation of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "their names say it, and the workload's table explains them")]
pub enum Op {
    AddLogSeq(Phase),
    AddLogC64(Phase),
    AddLogs500(Phase),
    GetLogsPage1,
    GetLogsDeep,
    GetLogsSearchKv,
    GetLogsSearchText,
    GetTotalLogs,
    GetTotalLogsSearchText,
    GetLogHistogram,
    GetStatsSummary,
    GetLogsAfterId,
    GetBountiesPage1,
    GetAttackersPage1,
    GetUserByUsername,
    SetState,
    GetState,
    UpsertAttackerNew,
    UpsertAttackerExisting,
    AddBountyNew,
    AddBountyDup,
    MixedC64,
}

/// How many rows the table has before log rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// None.
    Empty,
    /// Those that were loaded, and what operations before wrote.
    Full,
}

/// All operations, in the order in which they run. Reads come before writes: they need exactly the loaded rows.
pub const OPS: [Op; 25] = [
    Op::AddLogSeq(Phase::Empty),
    Op::AddLogC64(Phase::Empty),
    Op::AddLogs500(Phase::Empty),
    Op::GetLogsPage1,
    Op::GetLogsDeep,
    Op::GetLogsSearchKv,
    Op::GetLogsSearchText,
    Op::GetTotalLogs,
    Op::GetTotalLogsSearchText,
    Op::GetLogHistogram,
    Op::GetStatsSummary,
    Op::GetLogsAfterId,
    Op::GetBountiesPage1,
    Op::GetAttackersPage1,
    Op::GetUserByUsername,
    Op::SetState,
    Op::GetState,
    Op::UpsertAttackerNew,
    Op::UpsertAttackerExisting,
    Op::AddBountyNew,
    Op::AddBountyDup,
    Op::AddLogSeq(Phase::Full),
    Op::AddLogC64(Phase::Full),
    Op::AddLogs500(Phase::Full),
    Op::MixedC64,
];

impl Op {
    /// The workload's name of it, as the result files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddLogSeq(Phase::Empty) => "add_log_seq@empty",
            Self::AddLogC64(Phase::Empty) => "add_log_c64@empty",
            Self::AddLogs500(Phase::Empty) => "add_logs_500@empty",
            Self::AddLogSeq(Phase::Full) => "add_log_seq@N",
            Self::AddLogC64(Phase::Full) => "add_log_c64@N",
            Self::AddLogs500(Phase::Full) => "add_logs_500@N",
            Self::GetLogsPage1 => "get_logs_page1",
            Self::GetLogsDeep => "get_logs_deep",
            Self::GetLogsSearchKv => "get_logs_search_kv",
            Self::GetLogsSearchText => "get_logs_search_text",
            Self::GetTotalLogs => "get_total_logs",
            Self::GetTotalLogsSearchText => "get_total_logs_search_text",
            Self::GetLogHistogram => "get_log_histogram",
            Self::GetStatsSummary => "get_stats_summary",
            Self::GetLogsAfterId => "get_logs_after_id",
            Self::GetBountiesPage1 => "get_bounties_page1",
            Self::GetAttackersPage1 => "get_attackers_page1",
            Self::GetUserByUsername => "get_user_by_username",
            Self::SetState => "set_state",
            Self::GetState => "get_state",
            Self::UpsertAttackerNew => "upsert_attacker_new",
            Self::UpsertAttackerExisting => "upsert_attacker_existing",
            Self::AddBountyNew => "add_bounty_new",
            Self::AddBountyDup => "add_bounty_dup",
            Self::MixedC64 => "mixed_c64",
        }
    }

    /// The operation with that name.
    pub fn named(name: &str) -> Option<Self> {
        OPS.into_iter().find(|op| op.name() == name)
    }

    /// Whether it needs a database without rows.
    pub fn on_empty(self) -> bool {
        matches!(
            self,
            Self::AddLogSeq(Phase::Empty) | Self::AddLogC64(Phase::Empty) | Self::AddLogs500(Phase::Empty)
        )
    }

    /// The untimed calls before the first timed one.
    pub(crate) fn warm(self) -> u64 {
        match self {
            Self::AddLogSeq(_) => 20,
            Self::AddLogC64(_) | Self::MixedC64 => 64,
            Self::AddLogs500(_) => 2,
            Self::GetLogsDeep
            | Self::GetLogsSearchKv
            | Self::GetLogsSearchText
            | Self::GetTotalLogs
            | Self::GetTotalLogsSearchText
            | Self::GetLogHistogram
            | Self::GetStatsSummary => 1,
            Self::SetState | Self::GetState => 16,
            _ => 3,
        }
    }

    /// How many rows one call writes.
    pub(crate) fn rows(self) -> u64 {
        if let Self::AddLogs500(_) = self { 500 } else { 1 }
    }
}
