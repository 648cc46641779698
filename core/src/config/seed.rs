//! Which users are seeded, and how strong the administrator's password must be.

use super::{Secret, Settings};
use crate::{Error, Result};

/// Document 10 §3: these are refused, in any case.
const REFUSED: [&str; 5] = ["fallback-secret-key-change-me", "admin", "secret", "password", "changeme"];

/// Document 10 §3: fewer characters are refused.
const MIN_CHARACTERS: usize = 12;

/// Which of the checks on the administrator's password apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PasswordPolicy {
    /// At least 12 characters, and none of the well-known values.
    #[default]
    Strict,
    /// Any length, but none of the well-known values: `DECNET_DEVELOPER` is true.
    AnyLength,
    /// Anything: `DECNET_TESTING` is `1`.
    Unchecked,
}

/// The users that `initialize` creates (document 10 §7). `Debug` shows no password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeedConfig {
    /// The administrator's name: `admin`, `DECNET_ADMIN_USER`.
    pub admin_user: String,
    /// Which checks the administrator's password must pass.
    pub password_policy: PasswordPolicy,
    /// Whether the contract-test user is created too: no, `DECNET_CONTRACT_TEST`.
    pub contract_test: bool,
    admin_password: Option<Secret>,
}

impl Default for SeedConfig {
    fn default() -> Self {
        Self {
            admin_user: "admin".to_owned(),
            password_policy: PasswordPolicy::Strict,
            contract_test: false,
            admin_password: None,
        }
    }
}

impl SeedConfig {
    /// The same configuration with an administrator's password; an empty one counts as none.
    #[must_use]
    pub fn with_admin_password(mut self, password: impl Into<Secret>) -> Self {
        let password = password.into();
        self.admin_password = (!password.is_empty()).then_some(password);
        self
    }

    /// The administrator's initial password, to be asked for at the moment of seeding; `None` means that no
    /// administrator is seeded (ruling R11).
    ///
    /// # Errors
    /// Configuration: the password is one of the well-known values or has fewer than 12 characters, and the
    /// [`PasswordPolicy`] minds it. Only who seeds asks, so a weak password stops nobody who just reads or writes.
    pub fn admin_password(&self) -> Result<Option<&Secret>> {
        let Some(password) = &self.admin_password else { return Ok(None) };
        let text = password.expose();
        if self.password_policy != PasswordPolicy::Unchecked
            && REFUSED.contains(&text.to_lowercase().as_str())
        {
            return Err(Error::configuration(
                "DECNET_ADMIN_PASSWORD is one of the well-known default values: choose another one",
            ));
        }
        if self.password_policy == PasswordPolicy::Strict && text.chars().count() < MIN_CHARACTERS {
            return Err(Error::configuration(format!(
                "DECNET_ADMIN_PASSWORD is too short: use at least {MIN_CHARACTERS} characters (DECNET_DEVELOPER=true \
                 allows any length)"
            )));
        }
        Ok(Some(password))
    }

    pub(super) fn from_settings(settings: &Settings) -> Result<Self> {
        let default = Self::default();
        let developer = settings.boolean("DECNET_DEVELOPER")?.unwrap_or(false);
        Ok(Self {
            admin_user: settings.text("DECNET_ADMIN_USER").map_or(default.admin_user, str::to_owned),
            password_policy: match (settings.testing(), developer) {
                (true, _) => PasswordPolicy::Unchecked,
                (false, true) => PasswordPolicy::AnyLength,
                (false, false) => PasswordPolicy::Strict,
            },
            contract_test: settings.boolean("DECNET_CONTRACT_TEST")?.unwrap_or(false),
            admin_password: settings.secret("DECNET_ADMIN_PASSWORD"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(variables: &[(&str, &str)]) -> SeedConfig {
        SeedConfig::from_settings(&Settings::from_map(variables.iter().copied())).unwrap()
    }

    #[test]
    fn nothing_set_seeds_nobody() {
        assert_eq!(seed(&[]), SeedConfig::default());
        assert_eq!(seed(&[]).admin_password().unwrap(), None);
        assert_eq!(seed(&[("DECNET_ADMIN_PASSWORD", "")]).admin_password().unwrap(), None);
        assert_eq!(SeedConfig::default().with_admin_password("").admin_password().unwrap(), None);
        assert_eq!(seed(&[("DECNET_ADMIN_USER", "")]).admin_user, "admin");
    }

    #[test]
    fn the_checks_follow_the_table() {
        let none: &[(&str, &str)] = &[];
        let developer = &[("DECNET_DEVELOPER", "yes")][..];
        let testing = &[("DECNET_TESTING", "1")][..];
        let testing_true = &[("DECNET_TESTING", "true")][..];
        for (password, mode, accepted) in [
            ("twelve chars", none, true),
            ("eleven char", none, false),
            ("éééééé", none, false),
            ("éééééééééééé", none, true),
            ("fallback-secret-key-change-me", none, false),
            ("Fallback-Secret-Key-Change-ME", none, false),
            ("tiny", developer, true),
            ("ChangeMe", developer, false),
            ("password", developer, false),
            ("tiny", testing, true),
            ("admin", testing, true),
            ("tiny", testing_true, false),
        ] {
            let mut variables = mode.to_vec();
            variables.push(("DECNET_ADMIN_PASSWORD", password));
            let seed = seed(&variables);
            match seed.admin_password() {
                Ok(found) => {
                    assert!(accepted, "{password} {mode:?}");
                    assert_eq!(found.unwrap().expose(), password);
                }
                Err(error) => {
                    assert!(!accepted, "{password} {mode:?}: {error}");
                    let error = error.to_string();
                    assert!(error.contains("DECNET_ADMIN_PASSWORD"), "{error}");
                    assert!(!error.contains(password), "{error}");
                }
            }
            // Of the table's passwords, only these two are text that the field names and defaults have as well.
            if !["admin", "password"].contains(&password) {
                assert!(!format!("{seed:?}").contains(password), "{seed:?}");
            }
        }
    }

    #[test]
    fn flags_are_booleans_and_say_so() {
        assert!(seed(&[("DECNET_CONTRACT_TEST", "ON")]).contract_test);
        assert!(!seed(&[("DECNET_CONTRACT_TEST", "0")]).contract_test);
        let error =
            SeedConfig::from_settings(&Settings::from_map([("DECNET_DEVELOPER", "perhaps")])).unwrap_err();
        assert!(
            error.to_string().contains("DECNET_DEVELOPER") && error.to_string().contains("perhaps"),
            "{error}"
        );
    }
}
