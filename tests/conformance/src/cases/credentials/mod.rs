//! Credentials and their reuse (contract document 80).

pub(crate) mod attempts;
pub(crate) mod golden;
pub(crate) mod reuse;
pub(crate) mod samples;

crate::catalogue::cases! { credentials:
    attempts {
        /// An attempt makes a credential or counts on the one that is there, which keeps all but what is newer.
        an_attempt_makes_a_credential_or_counts,
        /// Credentials that differ in case or blanks are two; no principal and an empty one are the same.
        credentials_are_told_apart_exactly,
        /// Of 64 attempts at once, through two repositories, none is lost, and all have one id.
        no_attempt_is_lost,
        /// What a credential can't hold is refused by name, and nothing is stored.
        what_cannot_be_stored_is_refused,
        /// Searches are literal, filters whole, and the last come first.
        credentials_are_found_and_ordered,
        /// An attacker is noted where there is none yet, and must be there.
        an_attacker_is_noted_once,
        /// What a read returned is accepted back as one more attempt.
        what_a_read_returned_is_accepted_back,
    }
    reuse {
        /// Sightings make one finding, whose lists grow in order and whose targets never get fewer.
        sightings_make_a_finding_that_grows,
        /// Of 64 sightings at once none is lost.
        no_sighting_is_lost,
        /// Candidates are the secrets with so many targets, in order, with all their credentials.
        candidates_have_all_their_credentials,
        /// Stored lists that are none begin anew, and are shown empty.
        lists_that_are_none_begin_anew,
        /// A purge takes credentials and findings.
        a_purge_takes_findings_too,
    }
}
