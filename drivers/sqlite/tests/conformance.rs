//! The contract, on files: the suite that every driver passes.

use decnet_db_conformance::Files;
use decnet_db_core::config::DatabaseUrl;
use decnet_db_sqlite::DRIVER;

decnet_db_conformance::suite!(Files::new(DRIVER, |folder| DatabaseUrl::sqlite(folder.join("decnet.db"))));
