//! What must not compile: SQL text made at run time, and misuse of the macros.
//!
//! The expected messages stand beside the programs; `TRYBUILD=overwrite` writes them anew.

#[test]
fn misuse_is_refused_by_the_compiler() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
