//! Canary blobs, tokens and triggers (contract document 74).

pub(crate) mod blobs;
pub(crate) mod golden;
pub(crate) mod hits;
pub(crate) mod samples;
pub(crate) mod tokens;

crate::catalogue::cases! { canary:
    blobs {
        /// Many first uploads of a blob make one row, which all of them get.
        uploads_at_the_same_time_are_one,
        /// A blob that is there stays as it is, and nothing but its hash is needed to find it.
        a_blob_that_is_there_needs_nothing_else,
        /// A new blob needs all of its columns, and they are checked.
        a_new_blob_is_checked,
        /// Blobs are listed latest first, with the number of their tokens.
        blobs_are_listed_with_the_number_of_their_tokens,
        /// A blob that a token refers to, in any state, is not deleted.
        a_blob_that_a_token_refers_to_stays,
        /// Of a deletion and a token that come at once one wins: no token is left without its blob.
        no_token_is_left_without_its_blob,
    }
    tokens {
        /// A token takes the original's defaults.
        a_token_has_the_defaults_of_the_original,
        /// A callback token is unique, exactly, and finds its token while that is planted.
        a_callback_token_finds_its_planted_token,
        /// A token needs a blob that exists.
        a_token_needs_a_blob_that_exists,
        /// Tokens are filtered by all conditions that are given, and listed latest first.
        tokens_are_filtered,
        /// A new state sets the error too, or clears it.
        a_state_comes_with_its_error,
    }
    hits {
        /// Hits that come at once are all stored and all counted.
        no_hit_is_lost,
        /// A hit has the uuid that it is given or a fresh one, and one instant with its token.
        a_hit_and_its_token_have_one_instant,
        /// Headers are a map or a text, and are stored as the original stores them.
        headers_are_a_map_or_a_text,
        /// A hit on a token that does not exist is refused, and so is one whose uuid is taken; neither is counted.
        hits_that_are_refused_are_not_counted,
        /// Hits are listed latest first, and attributed to attackers.
        hits_are_listed_and_attributed,
        /// Hits since an instant come by uuid, whole or page by page.
        hits_since_an_instant_come_in_pages,
    }
}

use serde_json::{Value, json};

/// A blob's columns, without those that have a default.
fn blob(sha256: &str) -> Value {
    json!({"sha256": sha256, "filename": "f.docx", "content_type": "x/y", "size_bytes": 3, "uploaded_by": "u"})
}

/// A token's columns, without those that have a default.
fn token(callback_token: &str) -> Value {
    json!({
        "kind": "http", "decky_name": "d1", "placement_path": "/x", "callback_token": callback_token,
        "secret_seed": "fake-seed", "created_by": "u",
    })
}

/// The value with these members too.
fn with(mut value: Value, members: Value) -> Value {
    for (name, member) in members.as_object().into_iter().flatten() {
        value[name.as_str()] = member.clone();
    }
    value
}

/// The uuids of the rows.
fn uuids(rows: &Value) -> Vec<&str> {
    rows.as_array().into_iter().flatten().filter_map(|row| row["uuid"].as_str()).collect()
}
