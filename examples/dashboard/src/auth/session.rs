//! Whose request it is.

use axum::Extension;
use axum::extract::{FromRequestParts, Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use decnet_db::Repository;
use decnet_db::contract::User;

use super::Auth;
use super::tokens::Claims;
use crate::error::{ApiError, ApiResult};
use crate::repo::Repo;
use crate::state::State;

/// The cookie that has the token.
pub(super) const COOKIE: &str = "decnet_token";

/// Somebody who is signed in; handlers behind [`require_session`] take it as an argument.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) user: User,
    pub(crate) claims: Claims,
}

impl Session {
    /// The session that a request's token stands for.
    ///
    /// # Errors
    /// 401, with the same words whatever is wrong with the token; what the repository reports.
    async fn of(auth: &Auth, repo: &dyn Repository, headers: &HeaderMap) -> ApiResult<Self> {
        let refused = || ApiError::unauthorized("sign in first");
        let claims = token(headers).and_then(|token| auth.tokens.read(token)).ok_or_else(refused)?;
        let session = Self::read(repo, claims).await?;
        session.ok_or_else(refused)
    }

    /// Contract document 20: a token is refused when its user is gone, when it was issued before the user's tokens
    /// count, and when it was revoked.
    async fn read(repo: &dyn Repository, claims: Claims) -> decnet_db::Result<Option<Self>> {
        let Some(user) = repo.get_user_by_uuid(&claims.uuid).await? else { return Ok(None) };
        let too_old = user.tokens_valid_from.is_some_and(|from| claims.iat < from.as_seconds_floor());
        if too_old || repo.is_token_revoked(&claims.jti).await? {
            return Ok(None);
        }
        Ok(Some(Self { user, claims }))
    }

    /// Whether it still stands. Where the database does not answer, it does.
    pub(crate) async fn stands(&self, repo: &dyn Repository) -> bool {
        Self::read(repo, self.claims.clone()).await.map_or(true, |session| session.is_some())
    }
}

/// The token of the header `Authorization`, else of the cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then_some(token.trim());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// Lets nobody through who is not signed in.
pub(crate) async fn require_session(
    Shared(state): Shared<State>,
    repo: Repo,
    mut request: Request,
    next: Next,
) -> ApiResult<Response> {
    let session = Session::of(&state.auth, &*repo, request.headers()).await?;
    request.extensions_mut().insert(session);
    Ok(next.run(request).await)
}

/// Lets nobody through whose password was chosen by somebody else.
pub(crate) async fn require_chosen_password(
    session: Session,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    if session.user.must_change_password {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "password_change_required",
            "choose a password of your own first: POST /api/v1/auth/change-password",
        ));
    }
    Ok(next.run(request).await)
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let session = Extension::from_request_parts(parts, state).await;
        // A route outside of `require_session` has none.
        session.map(|Extension(session)| session).map_err(|_| ApiError::unauthorized("sign in first"))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_token_is_found_where_it_may_be() {
        let found = |name: header::HeaderName, value: &'static str| {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
            token(&headers).map(str::to_owned)
        };
        assert_eq!(found(header::AUTHORIZATION, "Bearer a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(found(header::AUTHORIZATION, "bearer  a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(found(header::AUTHORIZATION, "Basic a.b.c"), None);
        assert_eq!(found(header::COOKIE, "x=1; decnet_token=a.b.c; y=2").as_deref(), Some("a.b.c"));
        assert_eq!(found(header::COOKIE, "xdecnet_token=a.b.c"), None);
    }
}
