//! Users and revoked tokens.

use async_trait::async_trait;

use super::repository::checked;
use super::{SqlRepository, UnitOfWork};
use crate::contract::{NewUser, RevokedToken, User, Users};
use crate::error::Result;
use crate::sql::{Insert, OnDuplicate, Record, Sql, Step};
use crate::time::Timestamp;

#[async_trait]
impl Users for SqlRepository {
    async fn get_user_by_username(&self, username: &str) -> Result<Option<User>> {
        let mut sql = self.select::<User>();
        sql.push(" WHERE ").exactly("username", username);
        self.read(sql).await?.first()
    }

    async fn get_user_by_uuid(&self, uuid: &str) -> Result<Option<User>> {
        let mut sql = self.select::<User>();
        sql.push(" WHERE ").exactly("uuid", uuid);
        self.read(sql).await?.first()
    }

    async fn create_user(&self, user_data: NewUser) -> Result<()> {
        UnitOfWork::new(self).create_user(user_data).commit().await.map_err(|error| error.within("user_data"))
    }

    async fn update_user_password(
        &self,
        uuid: &str,
        password_hash: &str,
        must_change_password: bool,
    ) -> Result<()> {
        UnitOfWork::new(self).update_user_password(uuid, password_hash, must_change_password).commit().await
    }

    async fn list_users(&self) -> Result<Vec<User>> {
        let mut sql = self.select::<User>();
        sql.push(" ORDER BY uuid");
        self.read(sql).await?.records()
    }

    async fn delete_user(&self, uuid: &str) -> Result<bool> {
        Ok(UnitOfWork::new(self).delete_user(uuid).receipt().await?.affected(0) > 0)
    }

    async fn update_user_role(&self, uuid: &str, role: &str) -> Result<()> {
        UnitOfWork::new(self).update_user_role(uuid, role).commit().await
    }

    async fn set_tokens_valid_from(&self, user_uuid: &str, ts: Option<Timestamp>) -> Result<()> {
        UnitOfWork::new(self).set_tokens_valid_from(user_uuid, ts).commit().await
    }

    async fn revoke_token(&self, jti: &str, user_uuid: &str, expires_at: Timestamp) -> Result<()> {
        UnitOfWork::new(self).revoke_token(jti, user_uuid, expires_at).commit().await
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM revoked_tokens WHERE ").exactly("jti", jti);
        Ok(self.count(sql).await? > 0)
    }
}

/// Users and revoked tokens: see [`Users`].
impl UnitOfWork<'_> {
    /// See [`Users::create_user`].
    pub fn create_user(self, user: NewUser) -> Self {
        self.add(|unit, _| {
            unit.insert(Insert::row(user)?);
            Ok(())
        })
    }

    /// See [`Users::update_user_password`].
    pub fn update_user_password(self, uuid: &str, password_hash: &str, must_change_password: bool) -> Self {
        self.execute(|sql| {
            sql.push("UPDATE users SET password_hash = ");
            let hash = checked(User::TABLE, "password_hash", password_hash)?;
            sql.bind_into(User::TABLE, "password_hash", hash);
            sql.push(", must_change_password = ").bind(must_change_password);
            of_user(sql, uuid);
            Ok(())
        })
    }

    /// See [`Users::delete_user`].
    pub fn delete_user(self, uuid: &str) -> Self {
        self.execute(|sql| {
            sql.push("DELETE FROM users");
            of_user(sql, uuid);
            Ok(())
        })
    }

    /// See [`Users::update_user_role`].
    pub fn update_user_role(self, uuid: &str, role: &str) -> Self {
        self.execute(|sql| {
            sql.push("UPDATE users SET ").identifier("role").push(" = ");
            sql.bind_into(User::TABLE, "role", checked(User::TABLE, "role", role)?);
            of_user(sql, uuid);
            Ok(())
        })
    }

    /// See [`Users::set_tokens_valid_from`].
    pub fn set_tokens_valid_from(self, user_uuid: &str, ts: Option<Timestamp>) -> Self {
        self.execute(|sql| {
            sql.push("UPDATE users SET tokens_valid_from = ").bind(ts);
            of_user(sql, user_uuid);
            Ok(())
        })
    }

    /// See [`Users::revoke_token`].
    pub fn revoke_token(self, jti: &str, user_uuid: &str, expires_at: Timestamp) -> Self {
        self.add(|unit, dialect| {
            let now = Timestamp::now();
            let mut expired = Sql::new(dialect);
            expired.push("DELETE FROM revoked_tokens WHERE expires_at < ").bind(now);
            unit.execute(expired.finish());
            let row = vec![
                checked(RevokedToken::TABLE, "jti", jti)?,
                checked(RevokedToken::TABLE, "user_uuid", user_uuid)?,
                expires_at.into(),
                now.into(),
            ];
            let columns = vec!["jti", "user_uuid", "expires_at", "revoked_at"];
            let insert = Insert::raw(RevokedToken::TABLE, columns, row)?.on_duplicate(OnDuplicate::Ignore);
            unit.push(Step::Insert(insert));
            Ok(())
        })
    }
}

fn of_user(sql: &mut Sql<'_>, uuid: &str) {
    sql.push(" WHERE ").exactly("uuid", uuid);
}
