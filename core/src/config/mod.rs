//! URL, environment, pool settings, secrets.
