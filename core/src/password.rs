//! Password hashes as DECNET makes and checks them (contract document 10 §7).

use crate::error::{Error, Result};

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
