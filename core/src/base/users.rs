//! Users and revoked tokens.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::{UnitOfWork, any};
use crate::contract::{NewUser, RevokedToken, User, Users};
use crate::error::Result;
use crate::sql::{Changeset, Insert, OnDuplicate};
use crate::time::Timestamp;

#[async_trait]
impl Users for SqlRepository {
    async fn get_user_by_username(&self, username: &str) -> Result<Option<User>> {
        self.by(User::USERNAME, username).await
    }

    async fn get_user_by_uuid(&self, uuid: &str) -> Result<Option<User>> {
        self.by(User::UUID, uuid).await
    }

    async fn list_users(&self) -> Result<Vec<User>> {
        self.list(|sql| sql.asc(User::UUID)).await
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool> {
        Ok(self.count::<RevokedToken>(|sql| sql.only(RevokedToken::JTI, jti)).await? > 0)
    }
}

/// Users and revoked tokens: see [`Users`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Users::create_user`].
    pub fn create_user(self, user_data: NewUser) -> UnitOfWork<'r> {
        self.steps(|steps| {
            steps.insert(Insert::row(user_data)?);
            Ok(())
        })
    }

    /// See [`Users::update_user_password`].
    pub fn update_user_password(
        self,
        uuid: &str,
        password_hash: &str,
        must_change_password: bool,
    ) -> UnitOfWork<'r> {
        self.execute(|sql| {
            sql.update::<User>()
                .set(User::PASSWORD_HASH, password_hash)
                .set(User::MUST_CHANGE_PASSWORD, must_change_password)
                .only(User::UUID, uuid)
        })
    }

    /// See [`Users::delete_user`].
    pub fn delete_user(self, uuid: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| Ok(any(steps.execute(|sql| sql.delete::<User>().only(User::UUID, uuid))?)))
    }

    /// See [`Users::update_user_role`].
    pub fn update_user_role(self, uuid: &str, role: &str) -> UnitOfWork<'r> {
        self.execute(|sql| sql.update::<User>().set(User::ROLE, role).only(User::UUID, uuid))
    }

    /// See [`Users::set_tokens_valid_from`].
    pub fn set_tokens_valid_from(self, user_uuid: &str, ts: Option<Timestamp>) -> UnitOfWork<'r> {
        self.execute(|sql| sql.update::<User>().set(User::TOKENS_VALID_FROM, ts).only(User::UUID, user_uuid))
    }

    /// See [`Users::revoke_token`].
    pub fn revoke_token(self, jti: &str, user_uuid: &str, expires_at: Timestamp) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let now = Timestamp::now();
            let row = Changeset::<RevokedToken>::new()
                .set(RevokedToken::JTI, jti)
                .set(RevokedToken::USER_UUID, user_uuid)
                .set(RevokedToken::EXPIRES_AT, expires_at)
                .set(RevokedToken::REVOKED_AT, now)
                .insert()?;
            steps.execute(|sql| {
                sql.delete::<RevokedToken>().and().column(RevokedToken::EXPIRES_AT).push(" < ").bind(now)
            })?;
            steps.insert(row.on_duplicate(OnDuplicate::Ignore));
            Ok(())
        })
    }
}
