//! What single domains rest on: conditions that are checked in the unit, counters that the database adds to, orders, groups.

use crate::wrapper::Fault;

/// Drivers that spell a part of some statement otherwise. The placeholders stay the same.
macro_rules! respells {
    ($($fault:ident: $right:literal => $wrong:literal,)+) => {
        $(
            #[derive(Debug, Default)]
            pub(crate) struct $fault;

            impl Fault for $fault {
                fn text(&self, text: String) -> String {
                    text.replace($right, $wrong)
                }
            }
        )+
    };
}

respells! {
    ForgetsEarlierFailures: "consecutive_failures = consecutive_failures + 1" => "consecutive_failures = 1",
    DoesNotCountHits: "trigger_count = trigger_count + 1" => "trigger_count = trigger_count",
    DoesNotCountAttempts: "ELSE attempt_count + 1 END" => "ELSE attempt_count END",
    KeepsFindingsInAPurge: "DELETE FROM credential_reuse" => "DELETE FROM credential_reuse WHERE 1 = 0",
    TakesAnyVersion: "SET version = version + 1 WHERE id = ? AND version = ?"
        => "SET version = version + 1 WHERE id = ? AND ? IS NOT NULL",
    HandsAChangeOutTwice: "UPDATE topology_mutations SET state = ? WHERE id = ? AND state = ?"
        => "UPDATE topology_mutations SET state = ? WHERE id = ? AND ? IS NOT NULL",
    HandsOutTheNewestChange: "ORDER BY requested_at, id LIMIT" => "ORDER BY requested_at DESC, id DESC LIMIT",
    PrunesAcrossGroups: "PARTITION BY dst_decky_uuid ORDER BY" => "ORDER BY",
    PrunesTheNewest: "ORDER BY ts DESC, uuid DESC) AS place" => "ORDER BY ts, uuid) AS place",
    TakesTheEarliestForTheLatest: "SELECT primitive, MAX(ts) AS ts" => "SELECT primitive, MIN(ts) AS ts",
    CountsTagsTogether: "GROUP BY t.technique_id, t.sub_technique_id ORDER BY" => "GROUP BY t.technique_id ORDER BY",
    FindsFreshAnswersStale: "i.uuid IS NULL OR i.expires_at < ?" => "i.uuid IS NULL OR i.expires_at > ?",
    FollowsNoMerge: "ON i.uuid = walk.merged_into_uuid) SELECT walk.uuid"
        => "ON i.uuid = walk.merged_into_uuid AND 1 = 0) SELECT walk.uuid",
    MakesRings: "WHERE i.uuid IS NULL) AS walked) = 0" => "WHERE i.uuid IS NULL) AS walked) < 0",
}
