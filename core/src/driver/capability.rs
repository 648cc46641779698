//! What engines may lack.

use serde::Serialize;

/// Something that the contract wants of every engine and that some engine can't have. A driver says what its engine lacks
/// with [`Driver::lacks`](super::Driver::lacks); each lack has an alternative, which holds instead, and the conformance kit
/// tests one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    /// Text may hold the character NUL; without it, a write of such text is `InvalidInput` that names the column, and a look-up finds nothing or is refused in the same way.
    NulInText,
    /// JSON that is nested 500 levels deep is searched by its members; without it, such a row is stored, is never found by a member, and makes no search fail.
    DeepJson,
}

impl Capability {
    /// All of them.
    pub const ALL: &[Self] = &[Self::NulInText, Self::DeepJson];

    /// Its name in reports: `nul_in_text`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NulInText => "nul_in_text",
            Self::DeepJson => "deep_json",
        }
    }

    /// What an engine that has it can do, in one sentence.
    pub const fn promise(self) -> &'static str {
        match self {
            Self::NulInText => "text may hold the character NUL",
            Self::DeepJson => "JSON that is nested 500 levels deep is searched by its members",
        }
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The lacks of one driver: a reason for each.
#[derive(Clone, Copy, Default)]
pub(super) struct Lacks([Option<&'static str>; Capability::ALL.len()]);

impl Lacks {
    pub(super) const NONE: Self = Self([None; Capability::ALL.len()]);

    pub(super) const fn and(mut self, capability: Capability, reason: &'static str) -> Self {
        // The enum's values are the positions in `ALL`, which a test checks.
        self.0[capability as usize] = Some(reason);
        self
    }

    pub(super) const fn reason(&self, capability: Capability) -> Option<&'static str> {
        self.0[capability as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_capability_has_a_place_of_its_own_and_the_name_that_json_shows() {
        for (position, capability) in Capability::ALL.iter().enumerate() {
            assert_eq!(*capability as usize, position);
            assert_eq!(serde_json::to_value(capability).unwrap(), capability.name());
        }
    }
}
