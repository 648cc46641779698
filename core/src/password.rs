//! Password hashes as DECNET makes and checks them (contract document 10 §7).

use crate::contract::{PublicUser, Users};
use crate::error::{Error, Result};

/// Of nobody's password: what an unknown name is compared with.
const NOBODY: &str = "$2b$12$f1a5Rx86Bhw5chZ9g5Gvh.tgioa5YlIWY/M22rHOuj3SSSuD9uRDy";
/// bcrypt looks at no more of a password than this.
const LIMIT: usize = 72;
const COST: u32 = 12;

/// Hashes a password: bcrypt, cost 12, `$2b$`, of the first 72 bytes. Takes about a quarter of a second of computation: not
/// for an async worker thread.
///
/// # Errors
/// `Backend` when the system has no randomness to give.
///
/// ```
/// let hash = decnet_db_core::password::hash("correct horse")?;
/// assert!(hash.starts_with("$2b$12$"));
/// assert!(decnet_db_core::password::verify("correct horse", &hash));
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
pub fn hash(password: &str) -> Result<String> {
    bcrypt::hash(cut(password), COST).map_err(|error| Error::backend("hashing a password failed", error))
}

/// Whether the password has that hash (`$2a$`, `$2b$` or `$2y$`). A malformed hash is no password's (ruling R14).
pub fn verify(password: &str, hash: &str) -> bool {
    bcrypt::verify(cut(password), hash).unwrap_or(false)
}

/// Checks a login: the user of that name, if the password is theirs. An unknown name takes as long as a wrong password, so that
/// nobody learns who is known. It is computed beside the async worker threads; who lets strangers log in limits how many do at once.
///
/// # Errors
/// Those of [`Users::get_user_by_username`].
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// match decnet_db_core::password::verify_login(repository, "admin", "correct horse").await? {
///     Some(user) => println!("{} is a {}", user.username, user.role),
///     None => println!("there is no such user with that password"),
/// }
/// # Ok(())
/// # }
/// ```
pub async fn verify_login<R: Users + ?Sized>(
    repository: &R,
    username: &str,
    password: &str,
) -> Result<Option<PublicUser>> {
    let user = repository.get_user_by_username(username).await?;
    let hash = user.as_ref().map_or_else(|| NOBODY.to_owned(), |user| user.password_hash.clone());
    let password = password.to_owned();
    let fits = tokio::task::spawn_blocking(move || verify(&password, &hash))
        .await
        .map_err(|error| Error::backend("checking a password failed", error))?;
    Ok(user.filter(|_| fits).map(PublicUser::from))
}

/// Cut by bytes, possibly inside a character.
fn cut(password: &str) -> &[u8] {
    let bytes = password.as_bytes();
    bytes.get(..LIMIT).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash that the original made.
    const GOLDEN: &str = "$2b$12$CwTycUXWue0Thq9StjUM0uECcylL3finTbNNyKgP.4hunS3jbNCXC";

    #[test]
    fn the_originals_hash_verifies() {
        assert!(verify("golden-password-123", GOLDEN));
        assert!(!verify("golden-password-124", GOLDEN));
    }

    #[test]
    fn only_72_bytes_count_and_nul_is_one_of_them() {
        let long = format!("a\0{}", "é".repeat(40));
        let hashed = hash(&long).unwrap();
        assert_eq!(hashed.len(), 60);
        assert!(verify(&format!("a\0{}", "é".repeat(35)), &hashed));
        assert!(!verify("a", &hashed));
    }

    #[test]
    fn a_malformed_hash_is_no_passwords() {
        for hash in ["", "x", "$2b$12$short", "$2b$99$CwTycUXWue0Thq9StjUM0uECcylL3finTbNNyKgP.4hunS3jbNCXC"]
        {
            assert!(!verify("x", hash));
        }
    }
}
