//! Sample arguments: users and tokens.

use serde_json::{Value, json};

use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("users", users())]
}

fn users() -> Vec<(&'static str, Value)> {
    let expires_at = "2026-03-01T12:00:00Z";
    vec![
        ("get_user_by_username", json!({"username": "o'brien"})),
        ("get_user_by_uuid", json!({"uuid": UUID})),
        ("create_user", json!({"user_data": {"uuid": UUID, "username": "bob", "password_hash": "x"}})),
        ("update_user_password", json!({"uuid": UUID, "password_hash": "y", "must_change_password": 1})),
        ("list_users", json!({})),
        ("delete_user", json!({"uuid": UUID})),
        ("update_user_role", json!({"uuid": UUID, "role": "admin"})),
        ("set_tokens_valid_from", json!({"user_uuid": UUID, "ts": expires_at})),
        ("set_tokens_valid_from", json!({"user_uuid": UUID})),
        ("revoke_token", json!({"jti": "j1", "user_uuid": UUID, "expires_at": "2026-03-01T12:00:00Z"})),
        ("is_token_revoked", json!({"jti": "j1"})),
    ]
}
