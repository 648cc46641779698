//! What the integration tests share: a database of their own for each test, on each backend that is compiled in.

mod database;

pub(crate) use database::Database;
#[cfg(feature = "mysql")]
pub(crate) use database::mysql;
#[cfg(feature = "sqlite")]
pub(crate) use database::sqlite;

/// Makes one test per backend of each test body: `sqlite::name` and `mysql::name`.
///
/// The bodies know no backend. One that is not listed is dead code, which the lints refuse.
macro_rules! each_backend {
    ($($name:ident),* $(,)?) => {
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::support::sqlite(super::$name);
            })*
        }

        #[cfg(feature = "mysql")]
        mod mysql {
            $(#[test]
            fn $name() {
                crate::support::mysql(super::$name);
            })*
        }
    };
}
pub(crate) use each_backend;
