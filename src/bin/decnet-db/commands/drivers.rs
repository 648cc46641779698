//! `decnet-db drivers`.

use std::collections::BTreeMap;

use decnet_db::driver::Driver;
use serde::Serialize;

use crate::errors::Failure;
use crate::output::{Align, Output, table};

/// A driver as JSON shows it.
#[derive(Serialize)]
pub(crate) struct DriverObject {
    pub(crate) name: &'static str,
    pub(crate) schemes: &'static [&'static str],
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    /// What its engine can't have, and why.
    pub(crate) lacks: BTreeMap<&'static str, &'static str>,
}

impl From<&Driver> for DriverObject {
    fn from(driver: &Driver) -> Self {
        let Driver { name, schemes, package, version, .. } = *driver;
        let lacks = driver.lacking().map(|(capability, reason)| (capability.name(), reason)).collect();
        Self { name, schemes, package, version, lacks }
    }
}

pub(crate) fn run(output: &mut Output) -> Result<(), Failure> {
    let drivers: Vec<DriverObject> = decnet_db::drivers().iter().map(DriverObject::from).collect();
    if output.is_json() {
        return output.json(&drivers);
    }
    if drivers.is_empty() {
        return output.text(
            "no driver is compiled into this program: build it with the feature `sqlite` or `mysql`\n",
        );
    }
    let rows: Vec<[String; 5]> = drivers
        .iter()
        .map(|driver| {
            let urls: Vec<String> = driver.schemes.iter().map(|scheme| format!("{scheme}://")).collect();
            let lacks: Vec<&str> = driver.lacks.keys().copied().collect();
            let lacks = if lacks.is_empty() { "-".to_owned() } else { lacks.join(" ") };
            let [name, version, package] = [driver.name, driver.version, driver.package].map(str::to_owned);
            [name, version, package, urls.join(" "), lacks]
        })
        .collect();
    output.text(&table(
        [
            ("DRIVER", Align::Left),
            ("VERSION", Align::Left),
            ("PACKAGE", Align::Left),
            ("URLS", Align::Left),
            ("LACKS", Align::Left),
        ],
        &rows,
    ))
}
