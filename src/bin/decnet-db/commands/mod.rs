//! One file a command.

pub(crate) mod backup;
pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod copy;
pub(crate) mod drivers;
pub(crate) mod export;
pub(crate) mod histogram;
pub(crate) mod init;
pub(crate) mod lines;
pub(crate) mod logs;
pub(crate) mod methods;
pub(crate) mod new_driver;
pub(crate) mod prune;
pub(crate) mod reset;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod top;
