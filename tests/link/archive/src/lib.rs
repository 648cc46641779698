//! For a program in C that is linked with this static library.

use decnet_db_link_driver as _;

/// How many drivers there are with that name: that of the facade by 0, one that registered itself at link time by 1.
#[unsafe(no_mangle)]
pub extern "C" fn decnet_db_drivers_named(which: i32) -> i32 {
    let name = if which == 0 { "sqlite" } else { "tin" };
    let count = decnet_db::drivers().iter().filter(|driver| driver.name == name).count();
    i32::try_from(count).unwrap_or(-1)
}
