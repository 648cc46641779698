//! Revoked tokens.

use crate::cases::calls::Calls;
use crate::database::Database;

pub(crate) async fn a_token_is_revoked_by_the_first_one(db: Database) {
    let expires = "2099-01-01".parse().unwrap();
    assert!(!db.is_token_revoked("jti").await.unwrap());
    db.revoke_token("jti", "first", expires).await.unwrap();
    db.revoke_token("jti", "second", expires).await.unwrap();
    assert!(db.is_token_revoked("jti").await.unwrap());
    assert!(!db.is_token_revoked("JTI").await.unwrap());
    assert!(!db.is_token_revoked("jti ").await.unwrap());
    let whose: String = Calls::of(&db).stored("SELECT user_uuid FROM revoked_tokens").await;
    assert_eq!(whose, "first");
}

pub(crate) async fn expired_tokens_are_swept_by_the_next_revocation(db: Database) {
    db.revoke_token("old", "u", "2001-01-01".parse().unwrap()).await.unwrap();
    assert!(db.is_token_revoked("old").await.unwrap(), "it stays until the next one comes");
    db.revoke_token("new", "u", "2099-01-01".parse().unwrap()).await.unwrap();
    assert!(!db.is_token_revoked("old").await.unwrap());
    assert!(db.is_token_revoked("new").await.unwrap());
}
