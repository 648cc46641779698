//! Dashboard users.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::NewUser;

use crate::database::Database;

fn user(uuid: &str, name: &str) -> NewUser {
    NewUser::new(uuid, name, "hash")
}

pub(crate) async fn a_user_is_found_by_uuid_and_by_name(db: Database) {
    db.create_user(user("u1", "bob").role("admin").must_change_password(true)).await.unwrap();
    db.create_user(user("u2", "eve")).await.unwrap();
    let bob = db.get_user_by_uuid("u1").await.unwrap().unwrap();
    assert_eq!((bob.username.as_str(), bob.role.as_str(), bob.must_change_password), ("bob", "admin", true));
    assert_eq!((bob.password_hash.as_str(), bob.tokens_valid_from), ("hash", None));
    assert_eq!(db.get_user_by_username("bob").await.unwrap(), Some(bob));
    let eve = db.get_user_by_username("eve").await.unwrap().unwrap();
    assert_eq!((eve.uuid.as_str(), eve.role.as_str(), eve.must_change_password), ("u2", "viewer", false));
    assert_eq!(db.get_user_by_uuid("u3").await.unwrap(), None);
    assert_eq!(db.get_user_by_username("").await.unwrap(), None);
}

pub(crate) async fn duplicates_are_conflicts_that_name_the_column(db: Database) {
    db.create_user(user("u1", "bob")).await.unwrap();
    let by_name = db.create_user(user("u2", "bob")).await.unwrap_err();
    let by_uuid = db.create_user(user("u1", "eve")).await.unwrap_err();
    assert!(by_name.to_string().contains("username"), "the column is not named: {by_name}");
    for error in [by_name, by_uuid] {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(!format!("{error:?}").contains("hash"), "what was to be stored is shown: {error:?}");
    }
    assert_eq!(db.list_users().await.unwrap().len(), 1);
}

pub(crate) async fn updates_change_one_user_and_one_thing(db: Database) {
    for (uuid, name) in [("u1", "bob"), ("u2", "eve")] {
        db.create_user(user(uuid, name)).await.unwrap();
    }
    let time = "2026-03-01T12:00:00.000001Z".parse().unwrap();
    db.update_user_password("u1", "new", true).await.unwrap();
    db.update_user_role("u1", "admin").await.unwrap();
    db.set_tokens_valid_from("u1", Some(time)).await.unwrap();
    let bob = db.get_user_by_uuid("u1").await.unwrap().unwrap();
    assert_eq!((bob.password_hash.as_str(), bob.must_change_password), ("new", true));
    assert_eq!((bob.role.as_str(), bob.tokens_valid_from), ("admin", Some(time)));
    db.update_user_password("u1", "newer", false).await.unwrap();
    let bob = db.get_user_by_uuid("u1").await.unwrap().unwrap();
    assert_eq!((bob.must_change_password, bob.tokens_valid_from), (false, Some(time)));
    let eve = db.get_user_by_uuid("u2").await.unwrap().unwrap();
    assert_eq!(
        (eve.password_hash.as_str(), eve.role.as_str(), eve.tokens_valid_from),
        ("hash", "viewer", None)
    );
    // An update that changes nothing, and one of nobody.
    db.update_user_role("u1", "admin").await.unwrap();
    db.update_user_role("nobody", "admin").await.unwrap();
    assert_eq!(db.list_users().await.unwrap().len(), 2);
}

pub(crate) async fn a_user_is_deleted_once(db: Database) {
    for (uuid, name) in [("u1", "bob"), ("u2", "eve")] {
        db.create_user(user(uuid, name)).await.unwrap();
    }
    assert!(db.delete_user("u1").await.unwrap());
    assert!(!db.delete_user("u1").await.unwrap());
    assert!(!db.delete_user("eve").await.unwrap(), "a name is no uuid");
    db.create_user(user("u1", "bob")).await.unwrap();
    assert_eq!(db.list_users().await.unwrap().len(), 2);
}

pub(crate) async fn users_are_listed_by_their_key(db: Database) {
    for (uuid, name) in [("c", "1"), ("a", "3"), ("B", "2"), ("b", "4")] {
        db.create_user(user(uuid, name)).await.unwrap();
    }
    let users = db.list_users().await.unwrap();
    assert_eq!(users.iter().map(|user| user.uuid.as_str()).collect::<Vec<_>>(), ["B", "a", "b", "c"]);
}
