//! Many rows.

pub(crate) mod results;

crate::catalogue::cases! { large:
    results {
        /// 50,000 events come out as a whole, by pages and by ids, each once and in order.
        fifty_thousand_events_come_out_whole,
    }
}
