//! Searches mean the same as on every engine (rulings R4 and R5).

use decnet_db_core::contract::{LogQuery, NewLog, Repository};

use crate::database::Database;

/// Which of the lines, from 1 on, are found.
async fn found(repository: &dyn Repository, search: &str, lines: &[&str]) -> Vec<usize> {
    let logs = repository.get_logs(LogQuery::new().search(search)).await.unwrap();
    let position = |line: &str| lines.iter().position(|other| *other == line).unwrap() + 1;
    let mut found: Vec<_> = logs.iter().map(|log| position(&log.raw_line)).collect();
    found.sort_unstable();
    found
}

async fn substrings_are_literal(options: &str) {
    let database = Database::with(options).await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    let lines = [
        "100% Root",
        "pass_word",
        "passXword",
        r"a\b",
        "École",
        "école",
        "nul\0byte",
        "Kelvin \u{212a}",
        "a'b\"c",
    ];
    for line in lines {
        repository.add_log(NewLog::new("d", "s", "e", "x").raw_line(line)).await.unwrap();
    }
    for (search, expected) in [
        ("ROOT", &[1][..]),
        ("root", &[1]),
        ("%", &[1]),
        ("_", &[2]),
        ("PASS_", &[2]),
        (r"'a\B'", &[4]),
        ("École", &[5]),
        ("École COLE", &[5]),
        ("éCOLE", &[6]),
        ("cole", &[5, 6]),
        ("L\0B", &[7]),
        ("k", &[8]),
        ("\u{212a}", &[8]),
        (r#""'b\"""#, &[9]),
        ("zzz", &[]),
    ] {
        assert_eq!(found(&*repository, search, &lines).await, expected, "{search:?}, {options}");
    }
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn substrings_are_literal_and_fold_ascii_alone() {
    substrings_are_literal("CHARACTER SET utf8mb4").await;
    substrings_are_literal("CHARACTER SET latin1").await;
}
