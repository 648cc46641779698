#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decnet_db_fuzz::url(bytes));
