//! The registry: which drivers there are, and which one serves a URL.

use std::sync::Arc;

use crate::base::SqlRepository;
use crate::config::Config;
use crate::contract::Repository;
use crate::driver::Driver;
use crate::error::{Error, Result};
use crate::telemetry::{Database, Instrumented};

impl Driver {
    /// Opens the database of `config` with this driver, whatever scheme its URL has; the repository is wrapped with
    /// telemetry. Programs leave the choice to [`Registry::connect`]; this is for tests of one driver.
    ///
    /// # Errors
    /// What the driver reports when it can't open the database.
    pub async fn connect(&self, config: &Config) -> Result<Arc<dyn Repository>> {
        let backend = self.backend(config).await?;
        Ok(Instrumented::over(backend, Database::of(&config.url), config.slow_after, |backend| {
            SqlRepository::new(backend, config.seed.clone())
                .with_catalogue(config.attack.clone())
                .with_search_memory(config.search_memory)
        }))
    }
}

/// A driver that was submitted at link time; made by [`register!`](crate::register).
#[derive(Debug)]
pub struct Registration(#[doc(hidden)] pub Driver);

inventory::collect!(Registration);

#[doc(hidden)]
pub use inventory;

/// Submits a driver at link time.
///
/// A crate that no source line refers to is not linked, and its driver is then not there: refer to the crate with
/// `use the_crate as _;`. A static library that is linked into a program of another language loses such registrations
/// altogether; pass the driver to [`Registry::collect`](crate::registry::Registry::collect) there.
#[macro_export]
macro_rules! register {
    ($driver:expr) => {
        $crate::registry::inventory::submit! { $crate::registry::Registration($driver) }
    };
}

/// The drivers of this program, sorted by name.
#[derive(Debug, Clone)]
pub struct Registry {
    drivers: Vec<Driver>,
    known: &'static [(&'static str, &'static str)],
}

impl Registry {
    /// The drivers that were submitted at link time together with those of the list; a driver that is in both counts
    /// once. `known` says for schemes without a driver what would add one (`("mysql", "the feature `mysql`")`).
    pub fn collect(listed: &[Driver], known: &'static [(&'static str, &'static str)]) -> Self {
        let submitted = inventory::iter::<Registration>.into_iter().map(|registration| registration.0);
        Self::of(submitted.chain(listed.iter().copied()), known)
    }

    fn of(drivers: impl Iterator<Item = Driver>, known: &'static [(&'static str, &'static str)]) -> Self {
        let mut drivers: Vec<_> = drivers.collect();
        // The order of link-time registrations differs between build profiles: sort, so that nothing depends on it.
        drivers.sort_by_key(Driver::identity);
        drivers.dedup_by_key(|driver| driver.identity());
        Self { drivers, known }
    }

    /// The drivers, sorted by name.
    pub fn drivers(&self) -> &[Driver] {
        &self.drivers
    }

    /// The driver for a scheme (`sqlite`) or for a driver's name given as suffix.
    ///
    /// # Errors
    /// `UnknownDriver` when there is none (the text lists those that are there and says what would add the wanted one) or
    /// when there are several (the text names their packages).
    pub fn find(&self, scheme: &str) -> Result<&Driver> {
        let mut found = self.drivers.iter().filter(|driver| driver.schemes.contains(&scheme));
        match (found.next(), found.next()) {
            (Some(driver), None) => Ok(driver),
            (Some(one), Some(two)) => Err(Error::UnknownDriver(format!(
                "two drivers serve {scheme}:// URLs: {} {} and {} {}; link only one of them",
                one.package, one.version, two.package, two.version
            ))),
            (None, _) => Err(self.unknown(scheme)),
        }
    }

    fn unknown(&self, scheme: &str) -> Error {
        let there = if self.drivers.is_empty() {
            "no driver is compiled into this program".to_owned()
        } else {
            let list: Vec<_> =
                self.drivers.iter().map(|d| format!("{} ({}://)", d.name, d.schemes.join("://, "))).collect();
            format!("this program has {}", list.join(", "))
        };
        let hint = match self.known.iter().find(|(known, _)| *known == scheme) {
            Some((_, remedy)) => format!("{remedy} adds it"),
            None => "is the driver's crate referred to (`use the_crate as _;`)?".to_owned(),
        };
        Error::UnknownDriver(format!("no driver for {scheme}:// URLs: {there}; {hint}"))
    }

    /// Opens the database of `config` with the driver that serves its URL; the repository is wrapped with telemetry.
    ///
    /// # Errors
    /// `UnknownDriver` as [`find`](Self::find); otherwise what the driver reports when it can't open the database.
    pub async fn connect(&self, config: &Config) -> Result<Arc<dyn Repository>> {
        self.find(config.url.scheme())?.connect(config).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::OpenFuture;

    fn open(_: &Config) -> OpenFuture<'_> {
        Box::pin(async { Err(Error::Unsupported("not in this test".into())) })
    }

    const TIN: Driver = Driver::new("tin", &["tin", "can"], open).package("tin-driver", "1.0.0");
    const CAN: Driver = Driver::new("can", &["can"], open).package("can-driver", "2.0.0");

    fn registry(drivers: &[Driver]) -> Registry {
        Registry::of(drivers.iter().copied(), &[("mysql", "the feature `mysql` of decnet-db")])
    }

    #[test]
    fn an_unknown_scheme_lists_what_is_there_and_what_would_add_it() {
        let error = registry(&[TIN]).find("mysql").unwrap_err().to_string();
        assert_eq!(
            error,
            "no driver for mysql:// URLs: this program has tin (tin://, can://); the feature `mysql` of decnet-db adds it"
        );
        let error = registry(&[]).find("odd").unwrap_err().to_string();
        assert!(error.contains("no driver is compiled into this program"), "{error}");
        assert!(error.contains("use the_crate as _;"), "{error}");
    }

    #[test]
    fn a_driver_that_is_listed_and_submitted_counts_once() {
        assert_eq!(registry(&[TIN, TIN]).drivers().len(), 1);
    }

    #[test]
    fn two_drivers_for_one_scheme_are_an_error_for_that_scheme_only() {
        for drivers in [[TIN, CAN], [CAN, TIN]] {
            let registry = registry(&drivers);
            let error = registry.find("can").unwrap_err().to_string();
            assert_eq!(
                error,
                "two drivers serve can:// URLs: can-driver 2.0.0 and tin-driver 1.0.0; link only one of them"
            );
            assert_eq!(registry.find("tin").unwrap().name, "tin");
        }
    }
}
