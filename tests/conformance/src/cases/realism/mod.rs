//! Synthetic files and settings of realism (contract document 76).

pub(crate) mod files;
pub(crate) mod golden;
pub(crate) mod picks;
pub(crate) mod samples;
pub(crate) mod settings;

crate::catalogue::cases! { realism:
    files {
        /// A file takes the original's defaults, and its uuid is returned.
        a_file_has_the_defaults_of_the_original,
        /// A decky's paths are unique, exactly, and columns are checked.
        files_are_unique_and_checked,
        /// Of a body 65536 characters are kept.
        bodies_are_cut,
        /// An update sets exactly the given columns, never the uuid.
        an_update_sets_what_it_is_given,
        /// Files are filtered by all conditions that are given, counted, and listed by their last change.
        files_are_filtered_and_counted,
    }
    picks {
        /// Each file that qualifies is picked with equal chance, and no other.
        each_file_that_qualifies_has_an_equal_chance,
        /// A bound before the year 1 is none, and negative days are refused.
        old_bounds_are_none,
        /// While files come and go, a pick is one of them.
        files_may_come_and_go,
    }
    settings {
        /// A setting is replaced and keeps its uuid.
        a_setting_keeps_its_uuid,
        /// 40 first writes of a setting make one row.
        settings_that_come_at_the_same_time_are_one,
        /// Settings are text, stored byte for byte under an exact key.
        settings_are_text,
    }
}

/// A file's columns, without those that have a default.
fn file(decky_uuid: &str, path: &str) -> serde_json::Value {
    serde_json::json!({
        "decky_uuid": decky_uuid, "path": path, "persona": "ana", "content_class": "note", "content_hash": "ab",
    })
}
