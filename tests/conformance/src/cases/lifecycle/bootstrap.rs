//! From no schema to a database in use, and to a closed one.

use std::collections::BTreeSet;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::config::{Config, PasswordPolicy};
use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::contract::{Initialized, LogFilter, NewLog, NewUser, SeededAdmin};
use tokio::task::JoinSet;

use crate::database::Database;
use crate::samples;
use crate::second_process::Work;

const PASSWORD: &str = "correct horse battery";

async fn initialized(db: &Database, config: &Config) -> decnet_db_core::Result<Initialized> {
    let repository = db.open(config).await?;
    let done = repository.initialize().await;
    repository.close().await;
    done
}

/// The methods whose samples refer to a row that a fresh database does not have: saying so is an answer too.
const REFERRING: &[&str] = &[
    "increment_smtp_target",
    "insert_tags",
    "record_canary_trigger",
    "update_campaign_merged_into",
    "update_credential_attacker_uuid",
    "update_identity_merged_into",
    "upsert_attacker_behavior",
    "upsert_attacker_intel",
    "upsert_decky_shard",
    "upsert_observation",
];

pub(crate) async fn every_method_answers_on_a_fresh_database(db: Database) {
    let mut refused = Vec::new();
    for (method, arguments) in samples::one_each() {
        match call(&*db, method, arguments).await {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
                refused.push(method)
            }
            Err(error) => panic!("{method}: {error}"),
        }
    }
    refused.sort_unstable();
    assert_eq!(refused, REFERRING);
}

pub(crate) async fn without_schema_every_method_says_to_initialize(db: Database) {
    let empty = db.without_schema().await;
    for (method, arguments) in samples::one_each() {
        if ["initialize", "reinitialize"].contains(&method) {
            continue;
        }
        let error = call(&*empty, method, arguments).await.expect_err(method);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{method}: {error}");
        assert!(error.to_string().contains("init"), "{method}: {error}");
    }
    let counts = empty.row_counts().await.unwrap();
    assert!(counts.iter().all(|(_, rows)| rows.is_none()), "{counts:?}");
    // And it is none the worse for it.
    assert!(empty.initialize().await.unwrap().created > SCHEMA.tables.len());
    empty.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
    empty.repository.close().await;
}

pub(crate) async fn many_openings_initialize_at_once(db: Database) {
    let empty = db.without_schema().await;
    let mut config = empty.config();
    config.seed = config.seed.with_admin_password(PASSWORD);
    config.pool.size = 2;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (opening, config) = (empty.clone(), config.clone());
        tasks.spawn(async move { initialized(&opening, &config).await });
    }
    let mut done = Vec::new();
    while let Some(task) = tasks.join_next().await {
        done.push(task.unwrap().expect("each initializes"));
    }
    assert_eq!(done.iter().filter(|done| done.created > 0).count(), 1, "one creates the schema");
    assert_eq!(
        done.iter().filter(|done| done.admin == SeededAdmin::Created).count(),
        1,
        "one creates the user"
    );
    assert!(done.iter().all(|done| done.revision == "4a914b1d62a0" && !done.foreign_revision));
    assert_eq!(empty.list_users().await.unwrap().len(), 1);
    let counts = empty.row_counts().await.unwrap();
    let names: BTreeSet<_> = counts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), 39);
    assert!(counts.iter().all(|(_, rows)| rows.is_some()), "{counts:?}");
    empty.repository.close().await;
}

pub(crate) async fn many_processes_initialize_at_once(db: Database) {
    let empty = db.without_schema().await;
    for mut process in empty.processes_together(Work::Initialize, 6) {
        assert!(process.wait().unwrap().success(), "a process could not initialize");
    }
    let done = empty.initialize().await.unwrap();
    assert_eq!((done.created, done.revision.as_str()), (0, "4a914b1d62a0"));
    let counts = empty.row_counts().await.unwrap();
    assert!(counts.iter().all(|(_, rows)| *rows == Some(0)), "{counts:?}");
    assert_eq!(empty.revisions().await.unwrap(), ["4a914b1d62a0"]);
    empty.repository.close().await;
}

pub(crate) async fn nobody_is_seeded_without_a_password(db: Database) {
    assert_eq!(db.initialize().await.unwrap().admin, SeededAdmin::NoPassword);
    assert_eq!(db.list_users().await.unwrap(), []);
}

pub(crate) async fn the_administrator_is_seeded_until_the_password_was_changed(db: Database) {
    let mut config = db.config();
    config.seed = config.seed.with_admin_password(PASSWORD);
    config.seed.admin_user = "chef".to_owned();
    db.create_user(NewUser::new("u", "Chef", "x")).await.unwrap();

    assert_eq!(initialized(&db, &config).await.unwrap().admin, SeededAdmin::Created);
    let first = db.get_user_by_username("chef").await.unwrap().unwrap();
    assert!(first.must_change_password && first.role == "admin" && first.tokens_valid_from.is_none());
    assert!(decnet_db_core::password::verify(PASSWORD, &first.password_hash));
    assert_eq!(uuid::Uuid::parse_str(&first.uuid).unwrap().get_version_num(), 4);

    config.seed = config.seed.with_admin_password("another password");
    assert_eq!(initialized(&db, &config).await.unwrap().admin, SeededAdmin::PasswordRefreshed);
    let second = db.get_user_by_username("chef").await.unwrap().unwrap();
    assert!(decnet_db_core::password::verify("another password", &second.password_hash));
    assert_eq!(second.uuid, first.uuid);

    db.update_user_password(&first.uuid, "changed", false).await.unwrap();
    assert_eq!(initialized(&db, &config).await.unwrap().admin, SeededAdmin::Unchanged);
    assert_eq!(db.get_user_by_username("chef").await.unwrap().unwrap().password_hash, "changed");
    assert_eq!(db.get_user_by_username("Chef").await.unwrap().unwrap().password_hash, "x");
}

pub(crate) async fn a_weak_password_stops_the_seeding_and_nothing_else(db: Database) {
    let mut config = db.config();
    for weak in ["changeme", "hunter2"] {
        config.seed = config.seed.with_admin_password(weak);
        let error = initialized(&db, &config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("DECNET_ADMIN_PASSWORD"), "{error}");
        assert!(!format!("{error} {error:?}").contains(weak), "{error}");
    }
    assert_eq!(db.list_users().await.unwrap(), []);
    config.seed.password_policy = PasswordPolicy::Unchecked;
    assert_eq!(initialized(&db, &config).await.unwrap().admin, SeededAdmin::Created);
}

pub(crate) async fn the_contract_test_user_is_seeded_on_request(db: Database) {
    let mut config = db.config();
    config.seed.contract_test = true;
    initialized(&db, &config).await.unwrap();
    initialized(&db, &config).await.unwrap();
    let users = db.list_users().await.unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(
        (users[0].uuid.as_str(), users[0].username.as_str()),
        ("00000000-0000-0000-0000-000000000001", "contract-test")
    );
    assert!(users[0].role == "admin" && !users[0].must_change_password);
}

pub(crate) async fn what_was_written_is_there_when_opened_again(db: Database) {
    for number in 0..20 {
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line(number.to_string())).await.unwrap();
    }
    let before = db.get_logs_after_id(0, 50, LogFilter::all()).await.unwrap();
    let db = db.reopened().await;
    assert_eq!(db.get_logs_after_id(0, 50, LogFilter::all()).await.unwrap(), before);
    db.repository.close().await;
}

pub(crate) async fn a_closed_repository_is_unavailable(db: Database) {
    db.repository.close().await;
    db.repository.close().await;
    for (method, arguments) in samples::one_each() {
        let error = call(&*db, method, arguments).await.expect_err(method);
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{method}: {error}");
    }
    assert_eq!(db.ping().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

pub(crate) async fn the_engine_says_what_it_is(db: Database) {
    let server = db.ping().await.unwrap();
    assert_eq!(server.system, db.system());
    assert!(server.version.starts_with(|first: char| first.is_ascii_digit()), "{server:?}");
    // For those who keep the log of a run, and for `tests/engines`.
    #[expect(clippy::print_stdout, reason = "shown with the output of a test")]
    {
        println!("engine: {} {}", server.system, server.version);
    }
    let pool = db.pool();
    assert!(pool.open <= pool.max && pool.idle <= pool.open, "{pool:?}");
}
