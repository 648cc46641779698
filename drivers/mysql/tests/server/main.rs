//! The driver against a real server: each test has a database of its own, which it drops.

mod bootstrap;
mod concurrency;
mod contract;
mod database;
mod faults;
mod login;
mod private;
mod search;
mod values;
