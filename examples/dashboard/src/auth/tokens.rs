//! Tokens as DECNET issues them: HS256, so that a dashboard of DECNET with the same secret takes them too.

use std::fmt;
use std::time::Duration;

use anyhow::ensure;
use decnet_db::config::{Secret, Settings};
use decnet_db::time::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "decnet";
const AUDIENCE: &str = "decnet-dashboard";
const TYPE: &str = "access";
/// Contract document 10: shorter secrets are refused.
const SHORTEST_SECRET: usize = 32;

/// What tokens are made with. `Debug` does not show the secret.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    secret: Secret,
    life: Duration,
    behind_tls: bool,
}

impl TokenSettings {
    /// Tokens that live four hours.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), life: Duration::from_secs(240 * 60), behind_tls: false }
    }

    /// `DECNET_JWT_SECRET` and `DECNET_JWT_EXP_MINUTES`. Without a secret there is one for this run alone.
    ///
    /// # Errors
    /// When a setting can't be used, or the system has no randomness.
    pub fn from_settings(settings: &Settings) -> anyhow::Result<Self> {
        let secret = match settings.secret("DECNET_JWT_SECRET") {
            Some(secret) => secret,
            None => {
                tracing::warn!(
                    "DECNET_JWT_SECRET is not set: whoever is signed in when this ends has to sign in again"
                );
                random_text()?.into()
            }
        };
        let minutes = settings.number("DECNET_JWT_EXP_MINUTES", 1..=525_600)?.unwrap_or(240_u64);
        Ok(Self { secret, life: Duration::from_secs(minutes * 60), behind_tls: false })
    }

    /// Sets how long a token lives.
    #[must_use]
    pub fn life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// Browsers reach the service by HTTPS, so they must never send the cookie without.
    #[must_use]
    pub fn behind_tls(mut self, yes: bool) -> Self {
        self.behind_tls = yes;
        self
    }
}

/// 32 bytes of the system's randomness, as text.
///
/// # Errors
/// When the system has none.
pub(crate) fn random_text() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("the system has no randomness: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) uuid: String,
    pub(crate) jti: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    iss: String,
    aud: String,
    typ: String,
}

/// Makes tokens and reads them.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    pub(crate) life: Duration,
    pub(crate) behind_tls: bool,
}

impl Tokens {
    pub(crate) fn new(settings: &TokenSettings) -> anyhow::Result<Self> {
        let secret = settings.secret.expose().as_bytes();
        ensure!(
            secret.len() >= SHORTEST_SECRET,
            "DECNET_JWT_SECRET is too short: use at least {SHORTEST_SECRET} characters"
        );
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.leeway = 0;
        Ok(Self {
            encoding: EncodingKey::from_secret(secret)?,
            decoding: DecodingKey::from_secret(secret)?,
            validation,
            life: settings.life,
            behind_tls: settings.behind_tls,
        })
    }

    /// A token for a user, as text, and what it says.
    pub(crate) fn issue(&self, uuid: &str) -> anyhow::Result<(String, Claims)> {
        let iat = Timestamp::now().as_seconds_floor();
        let claims = Claims {
            uuid: uuid.to_owned(),
            jti: Uuid::new_v4().simple().to_string(),
            exp: iat.saturating_add_unsigned(self.life.as_secs()),
            iat,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: TYPE.to_owned(),
        };
        Ok((encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?, claims))
    }

    /// What a token says, if it is one of ours and still lives.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        (claims.typ == TYPE && !claims.jti.is_empty()).then_some(claims)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("life", &self.life).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(&TokenSettings::new(secret)).unwrap()
    }

    #[test]
    fn only_whole_tokens_of_the_same_secret_count() {
        let ours = tokens("0123456789abcdef0123456789abcdef");
        let (token, claims) = ours.issue("u").unwrap();
        assert_eq!(ours.read(&token).unwrap().jti, claims.jti);
        assert!(tokens("fedcba9876543210fedcba9876543210").read(&token).is_none());
        assert!(ours.read(&token[1..]).is_none());
        assert!(ours.read("").is_none());
        // {"alg":"none"} and nothing behind the last point.
        let (_, rest) = token.split_once('.').unwrap();
        let (payload, _) = rest.split_once('.').unwrap();
        assert!(ours.read(&format!("eyJhbGciOiJub25lIn0.{payload}.")).is_none());
    }

    #[test]
    fn what_is_wrong_with_a_claim_is_wrong_with_the_token() {
        let ours = tokens("0123456789abcdef0123456789abcdef");
        let (_, good) = ours.issue("u").unwrap();
        let changes: [fn(&mut Claims); 5] = [
            |claims| claims.exp = claims.iat - 1,
            |claims| claims.iss = "other".into(),
            |claims| claims.aud = "other".into(),
            |claims| claims.typ = "refresh".into(),
            |claims| claims.jti.clear(),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut claims = good.clone();
            change(&mut claims);
            let token = encode(&Header::new(Algorithm::HS256), &claims, &ours.encoding).unwrap();
            assert!(ours.read(&token).is_none(), "change {number}");
        }
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_shown() {
        let settings = TokenSettings::new("0123456789abcdef0123456789abcde");
        let error = Tokens::new(&settings).unwrap_err().to_string();
        assert!(error.contains("DECNET_JWT_SECRET") && !error.contains("0123456789"), "{error}");
        assert!(!format!("{settings:?}").contains("0123456789"));
    }
}
