//! Signing in and out, and choosing a password.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderName, header};
use axum::response::{AppendHeaders, IntoResponse};
use decnet_db::contract::User;
use decnet_db::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Auth;
use super::session::{COOKIE, Session};
use super::tokens::Tokens;
use super::tries::Origin;
use crate::error::{ApiError, ApiResult};
use crate::params::Body;
use crate::repo::Repo;

/// Contract document 20: limits that only the API knows.
const LONGEST_NAME: usize = 64;
const SHORTEST_PASSWORD: usize = 12;
/// bcrypt looks at no more, in bytes.
const LONGEST_PASSWORD: usize = 72;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    username: String,
    password: String,
}

#[derive(Serialize)]
struct Issued {
    access_token: String,
    token_type: &'static str,
    must_change_password: bool,
    #[serde(flatten)]
    done: Option<Done>,
}

/// That something was done, in DECNET's words.
#[derive(Serialize)]
struct Done {
    message: &'static str,
}

/// The token as cookie and in the body.
fn issued(
    tokens: &Tokens,
    user: &str,
    must_change_password: bool,
    done: Option<Done>,
) -> ApiResult<impl IntoResponse + use<>> {
    let (token, _) =
        tokens.issue(user).map_err(|error| decnet_db::Error::backend("a token can't be made", error))?;
    let cookie = cookie(&token, tokens.life.as_secs(), tokens.behind_tls);
    let body = Issued { access_token: token, token_type: "bearer", must_change_password, done };
    Ok((AppendHeaders([cookie]), Json(body)))
}

fn cookie(token: &str, seconds: u64, behind_tls: bool) -> (HeaderName, String) {
    let secure = if behind_tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    (header::SET_COOKIE, text)
}

/// `POST /auth/login`
pub(crate) async fn login(
    Shared(auth): Shared<Arc<Auth>>,
    repo: Repo,
    origin: Origin,
    Body(Credentials { username, password }): Body<Credentials>,
) -> ApiResult<impl IntoResponse> {
    if username.is_empty() || username.chars().count() > LONGEST_NAME {
        return Err(ApiError::invalid("username", format!("must have 1 to {LONGEST_NAME} characters")));
    }
    if password.is_empty() || password.len() > LONGEST_PASSWORD {
        return Err(ApiError::invalid("password", format!("must have 1 to {LONGEST_PASSWORD} bytes")));
    }
    let begun = Instant::now();
    auth.tries.begin(origin, begun).map_err(ApiError::too_many_tries)?;
    match auth.passwords.login(&repo, &username, &password).await? {
        Some(user) => {
            auth.tries.succeeded(origin, begun);
            issued(&auth.tokens, &user.uuid, user.must_change_password, None)
        }
        // The same words whichever of the two is wrong.
        None => Err(ApiError::unauthorized("there is no such user with that password")),
    }
}

#[derive(Serialize)]
pub(crate) struct Me {
    uuid: String,
    username: String,
    role: String,
    must_change_password: bool,
}

/// What others may see of a user; the hash is not part of it.
impl From<User> for Me {
    fn from(User { uuid, username, role, must_change_password, .. }: User) -> Self {
        Self { uuid, username, role, must_change_password }
    }
}

/// `GET /auth/me`
pub(crate) async fn me(session: Session) -> Json<Me> {
    Json(session.user.into())
}

/// `POST /auth/logout`: the token counts no more, here or anywhere.
pub(crate) async fn logout(
    Shared(auth): Shared<Arc<Auth>>,
    repo: Repo,
    session: Session,
) -> ApiResult<impl IntoResponse> {
    let expires = instant(session.claims.exp)?;
    repo.revoke_token(&session.claims.jti, &session.user.uuid, expires).await?;
    auth.tell();
    let done = Done { message: "Logged out" };
    Ok((AppendHeaders([cookie("", 0, auth.tokens.behind_tls)]), Json(done)))
}

fn instant(seconds: i64) -> decnet_db::Result<Timestamp> {
    Timestamp::from_microseconds(seconds.saturating_mul(1_000_000))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    old_password: String,
    new_password: String,
}

/// `POST /auth/change-password`: ends all sessions of the user, and begins a new one.
pub(crate) async fn change_password(
    Shared(auth): Shared<Arc<Auth>>,
    repo: Repo,
    session: Session,
    Body(NewPassword { old_password, new_password }): Body<NewPassword>,
) -> ApiResult<impl IntoResponse> {
    let characters = new_password.chars().count();
    if characters < SHORTEST_PASSWORD || new_password.len() > LONGEST_PASSWORD {
        let allowed =
            format!("must have {SHORTEST_PASSWORD} characters at least and {LONGEST_PASSWORD} bytes at most");
        return Err(ApiError::invalid("new_password", allowed));
    }
    if new_password == old_password {
        return Err(ApiError::invalid("new_password", "must be another one"));
    }
    let Session { user, claims } = session;
    if !auth.passwords.verify(old_password, user.password_hash).await? {
        return Err(ApiError::unauthorized("the old password is another one"));
    }
    let hash = auth.passwords.hash(new_password).await?;
    // In one commit, so that no crash leaves sessions of the old password. This token may be of the same second, which
    // `tokens_valid_from` leaves alone.
    repo.unit()
        .update_user_password(&user.uuid, &hash, false)
        .set_tokens_valid_from(&user.uuid, Some(Timestamp::now()))
        .revoke_token(&claims.jti, &user.uuid, instant(claims.exp)?)
        .commit()
        .await?;
    auth.tell();
    issued(&auth.tokens, &user.uuid, false, Some(Done { message: "Password updated successfully" }))
}
