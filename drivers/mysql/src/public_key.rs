//! The server's public key, under which a password may go over a connection that is not encrypted.

use decnet_db_core::{Error, Result};

/// The server's public key, as `public_key.pem` in its data folder has it. Looked at here, because what is no key makes the
/// library panic.
pub(crate) fn read(path: &str) -> Result<Vec<u8>> {
    let refusal = |reason: String| {
        Error::configuration(format!("the file {path} of server-public-key in the database URL {reason}"))
    };
    let key = std::fs::read(path).map_err(|error| refusal(format!("can't be read: {error}")))?;
    let text = String::from_utf8_lossy(&key);
    // MySQL itself writes a zero byte behind the last line.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let body = text
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"));
    let is_base64 =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || c.is_ascii_whitespace();
    match body {
        Some(body) if body.len() > 100 && body.chars().all(is_base64) => Ok(format!("{text}\n").into_bytes()),
        _ => Err(refusal("is no public key in PEM (BEGIN PUBLIC KEY)".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_the_server_writes_it_and_nothing_else_is() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let key = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", "QUJD\n".repeat(40));
        for written in [key.clone(), format!("{key}\0"), format!("\n{}", key.replace('\n', "\r\n"))] {
            std::fs::write(path, &written).unwrap();
            assert!(!read(path).unwrap().contains(&0), "{written:?}");
        }
        for wrong in
            [String::new(), key.replace("PUBLIC", "PRIVATE"), key.replace('Q', "*"), format!("{key}x")]
        {
            std::fs::write(path, &wrong).unwrap();
            let error = read(path).unwrap_err().to_string();
            assert!(error.contains(path) && error.contains("is no public key"), "{error}");
        }
    }
}
