//! Campaigns (contract document 82).

pub(crate) mod golden;
pub(crate) mod rows;
pub(crate) mod samples;

crate::catalogue::cases! { campaigns:
    rows {
        /// A campaign is made, read, listed and merged as identities are.
        a_campaign_is_made_listed_and_merged,
        /// An identity takes part in one campaign, which must be there, or in none.
        an_identity_takes_part_in_a_campaign,
    }
}
