//! Dashboard users and revoked tokens (contract document 20).

use decnet_db_macros::{Insertable, Record};
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::time::Timestamp;

/// Dashboard users and revoked tokens.
///
/// User objects carry the password hash, as DECNET's do. What is shown to anybody is a [`PublicUser`], which has none
/// (`PublicUser::from(user)`).
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::NewUser;
///
/// repository.create_user(NewUser::new("00000000-0000-4000-8000-0000000000b0", "bob", "$2b$12$…").role("admin")).await?;
/// let bob = repository.get_user_by_username("bob").await?;
/// assert!(bob.is_some_and(|user| user.role == "admin"));
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Users: Transactional {
    /// The user of exactly that name, or null.
    async fn get_user_by_username(&self, username: &str) -> Result<Option<User>>;

    /// The user with that uuid, or null.
    async fn get_user_by_uuid(&self, uuid: &str) -> Result<Option<User>>;

    /// Inserts a user.
    ///
    /// # Errors
    /// `Conflict` when the uuid or the name is taken; `InvalidInput` for a missing, unknown or over-long member.
    #[write]
    async fn create_user(&self, user_data: NewUser) -> Result<()>;

    /// Sets the password hash and whether it must be changed; an unknown uuid changes nothing.
    ///
    /// `tokens_valid_from` stays: put [`set_tokens_valid_from`](Self::set_tokens_valid_from) into the same
    /// [unit](crate::contract::Transactional::unit) to end the sessions of the old password (ruling R14).
    #[write]
    async fn update_user_password(
        &self,
        uuid: &str,
        password_hash: &str,
        #[default(false)] must_change_password: bool,
    ) -> Result<()>;

    /// All users, by uuid.
    async fn list_users(&self) -> Result<Vec<User>>;

    /// Deletes the user and says whether there was one; the user's revoked tokens stay.
    #[write]
    async fn delete_user(&self, uuid: &str) -> Result<bool>;

    /// Sets the role, which is any text; an unknown uuid changes nothing.
    #[write]
    async fn update_user_role(&self, uuid: &str, role: &str) -> Result<()>;

    /// Sets from when on the user's tokens count, null clears it; an unknown uuid changes nothing.
    #[write]
    async fn set_tokens_valid_from(&self, user_uuid: &str, ts: Option<Timestamp>) -> Result<()>;

    /// Deletes all tokens that have expired, then puts this one on the list; a token that is there stays as it is.
    ///
    /// # Errors
    /// `InvalidInput` for a `jti` or uuid of more than 255 characters.
    #[write]
    async fn revoke_token(&self, jti: &str, user_uuid: &str, expires_at: Timestamp) -> Result<()>;

    /// Whether the token is on the list, expired or not.
    async fn is_token_revoked(&self, jti: &str) -> Result<bool>;
}

/// A dashboard user, with the password hash; the table `users`. Its JSON is what DECNET's methods answer with: for anybody but
/// the code that checks logins there is [`PublicUser`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "users")]
#[non_exhaustive]
pub struct User {
    /// The user's key: the 36 lower-case characters of a uuid, in practice.
    #[column(exact, key)]
    pub uuid: String,
    /// The name, unique.
    #[column(exact, unique)]
    pub username: String,
    /// The bcrypt hash of the password.
    pub password_hash: String,
    /// Any text; DECNET's API uses `admin` and `viewer`.
    pub role: String,
    /// Whether the password must be changed at the next login.
    pub must_change_password: bool,
    /// Tokens issued before this instant are refused.
    pub tokens_valid_from: Option<Timestamp>,
}

/// A user as others may see it: all but the password hash. What a service answers with.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<String> {
/// use decnet_db_core::contract::PublicUser;
///
/// let users: Vec<PublicUser> = repository.list_users().await?.into_iter().map(PublicUser::from).collect();
/// # Ok(serde_json::to_string(&users).expect("text, numbers and times"))
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PublicUser {
    /// The user's key.
    pub uuid: String,
    /// The name, unique.
    pub username: String,
    /// Any text; DECNET's API uses `admin` and `viewer`.
    pub role: String,
    /// Whether the password must be changed at the next login.
    pub must_change_password: bool,
    /// Tokens issued before this instant are refused.
    pub tokens_valid_from: Option<Timestamp>,
}

impl From<User> for PublicUser {
    fn from(user: User) -> Self {
        // Every field is named: one that comes has to be shown, or left out on purpose.
        let User { uuid, username, password_hash: _, role, must_change_password, tokens_valid_from } = user;
        Self { uuid, username, role, must_change_password, tokens_valid_from }
    }
}

/// A user to insert; what is absent or null takes its default.
///
/// ```
/// use decnet_db_core::contract::NewUser;
///
/// let user = NewUser::new("00000000-0000-4000-8000-0000000000b0", "bob", "$2b$12$…").role("admin");
/// assert_eq!(user.role.as_deref(), Some("admin"));
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize, Insertable)]
#[serde(deny_unknown_fields)]
#[insertable(User)]
#[non_exhaustive]
pub struct NewUser {
    /// The user's key, at most 255 characters.
    pub uuid: String,
    /// The name, at most 255 characters.
    pub username: String,
    /// The bcrypt hash of the password.
    pub password_hash: String,
    /// `viewer` unless given.
    #[insertable(default = "viewer".to_owned())]
    pub role: Option<String>,
    /// False unless given; JSON may say 0 or 1.
    #[serde(default, deserialize_with = "crate::json::de::optional_flag")]
    #[insertable(default = false)]
    pub must_change_password: Option<bool>,
    /// Tokens issued before this instant are refused.
    pub tokens_valid_from: Option<Timestamp>,
}

impl NewUser {
    /// A user with the defaults of DECNET.
    pub fn new(
        uuid: impl Into<String>,
        username: impl Into<String>,
        password_hash: impl Into<String>,
    ) -> Self {
        Self {
            uuid: uuid.into(),
            username: username.into(),
            password_hash: password_hash.into(),
            role: None,
            must_change_password: None,
            tokens_valid_from: None,
        }
    }

    /// Sets the role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// Sets whether the password must be changed at the next login.
    #[must_use]
    pub fn must_change_password(mut self, must_change: bool) -> Self {
        self.must_change_password = Some(must_change);
        self
    }
}

/// A token that was revoked; the table `revoked_tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "revoked_tokens")]
#[non_exhaustive]
pub struct RevokedToken {
    /// The token's id.
    #[column(exact, key)]
    pub jti: String,
    /// Whose token it was.
    #[column(index)]
    pub user_uuid: String,
    /// When it expires anyway.
    #[column(index)]
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Timestamp,
}

debug_without_secrets! {
    User { uuid username role must_change_password tokens_valid_from }
    NewUser { uuid username role must_change_password tokens_valid_from }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_user_has_all_of_a_user_but_the_hash() {
        let user = serde_json::json!({
            "uuid": "u", "username": "bob", "password_hash": "$2b$12$hidden", "role": "admin",
            "must_change_password": true, "tokens_valid_from": "2026-01-01T00:00:00Z",
        });
        let whole: User = serde_json::from_value(user).unwrap();
        let mut expected = serde_json::to_value(&whole).unwrap();
        let public = PublicUser::from(whole);
        assert!(expected.as_object_mut().unwrap().remove("password_hash").is_some());
        assert_eq!(serde_json::to_value(&public).unwrap(), expected);
        assert!(!format!("{public:?}").contains("hidden"));
    }
}
