//! Every case by name, with the one sentence that it promises.
//!
//! A group's cases are listed in its own folder (`cases/<group>/mod.rs`); here is one line for each group.

use crate::case::Case;
use crate::golden::Coverage;
use crate::samples::Domain;

/// Makes one `#[test]` of each case, in modules as the cases are grouped: `units::atomicity::a_conflict_leaves_nothing`.
///
/// The one argument is an expression for the [`Harness`](crate::Harness); it is evaluated once per test program. It stands
/// alone in a file of the driver's crate, `tests/conformance.rs`.
///
/// ```no_run
/// use decnet_db_conformance::Files;
/// use decnet_db_core::config::DatabaseUrl;
/// # use decnet_db_core::driver::{Driver, OpenFuture};
/// # fn open(_: &decnet_db_core::config::Config) -> OpenFuture<'_> { unimplemented!() }
/// # const DRIVER: Driver = Driver::new("sqlite", &["sqlite"], open);
///
/// decnet_db_conformance::suite!(Files::new(DRIVER, |folder| DatabaseUrl::sqlite(folder.join("decnet.db"))));
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! suite {
    ($harness:expr) => {
        #[doc(hidden)]
        fn __conformance_harness() -> &'static $crate::for_macros::Shared {
            static HARNESS: $crate::for_macros::OnceLock<$crate::for_macros::Shared> =
                $crate::for_macros::OnceLock::new();
            HARNESS.get_or_init(|| $crate::for_macros::shared($harness))
        }

        const __CONFORMANCE_MODULE: &str = ::core::module_path!();

        /// What the cases start in a second process.
        #[test]
        fn in_a_second_process() {
            $crate::for_macros::second_process(__conformance_harness(), __CONFORMANCE_MODULE);
        }

        $crate::__tests_of_all_groups! {}
    };
}

/// The `#[test]`s of one group.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($group:ident: $($topic:ident {$($(#[doc = $line:literal])+ $case:ident,)+})*) => {
        mod $group {
            $(mod $topic {
                $($(#[doc = $line])+
                #[test]
                fn $case() {
                    $crate::for_macros::test(
                        super::super::__conformance_harness(),
                        super::super::__CONFORMANCE_MODULE,
                        ::core::concat!(
                            ::core::stringify!($group), "::", ::core::stringify!($topic), "::", ::core::stringify!($case)
                        ),
                    );
                })+
            })*
        }
    };
}

/// The cases of a group, by topic, each with its sentence; stands in `cases/<group>/mod.rs` and names the functions in the
/// files beside it.
///
/// A case that is missing there is dead code, which the lints refuse. The macro makes the list that the kit runs, and a macro
/// with the group's name, of which [`suite!`] makes tests.
macro_rules! cases {
    ($group:ident: $($topics:tt)*) => {
        $crate::catalogue::cases! { @list $group: $($topics)* }

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $group {
            () => {
                $crate::__tests! { $group: $($topics)* }
            };
        }
    };
    (@list $group:ident: $($topic:ident {$($(#[doc = $line:literal])+ $case:ident,)+})*) => {
        pub(crate) const CASES: &[$crate::case::Case] = &[$($($crate::case::Case {
            name: concat!(stringify!($group), "::", stringify!($topic), "::", stringify!($case)),
            documentation: concat!($($line, "\n"),+),
            group_file: file!(),
            body: |database| Box::pin(self::$topic::$case(database)),
        },)+)*];
    };
}
pub(crate) use cases;

/// A domain of the contract.
pub(crate) struct PartOfContract {
    pub(crate) name: &'static str,
    /// Sample arguments for its methods.
    pub(crate) samples: fn() -> Vec<Domain>,
    /// What the golden data has for it.
    pub(crate) golden: fn() -> Coverage,
}

macro_rules! catalogue {
    (domains { $($domain:ident,)+ } groups { $($group:ident,)+ }) => {
        /// All cases, by group.
        pub(crate) const GROUPS: &[&[crate::case::Case]] =
            &[$(crate::cases::$domain::CASES,)+ $(crate::cases::$group::CASES,)+];

        /// What the contract is divided into.
        pub(crate) const DOMAINS: &[crate::catalogue::PartOfContract] = &[$(crate::catalogue::PartOfContract {
            name: stringify!($domain),
            samples: crate::cases::$domain::samples::samples,
            golden: crate::cases::$domain::golden::golden,
        },)+];

        #[doc(hidden)]
        #[macro_export]
        macro_rules! __tests_of_all_groups {
            () => {
                $($crate::$domain! {})+
                $($crate::$group! {})+
            };
        }
    };
}

pub(crate) use catalogue;

/// All cases.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    crate::cases::GROUPS.iter().copied().flatten()
}
