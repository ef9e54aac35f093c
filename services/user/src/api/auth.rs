//! `/auth`.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use kit::json::Json as Body;

use super::Api;
use super::bodies::{ClaimsBody, LoginBody, RefreshBody, TokensBody, VerifyBody};
use super::error::Answer;
use crate::application::Tokens;

/// Tokens for an e-mail and its password; 401 `credentials_invalid`.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    request_body = LoginBody,
    responses((status = 200, body = TokensBody), (status = 400, description = "`validation_failed`"), (status = 401, description = "`credentials_invalid`")),
)]
pub(super) async fn login(State(api): State<Api>, Body(body): Body<LoginBody>) -> Answer<impl IntoResponse> {
    let (email, password) = body.parse()?;
    Ok(uncached(api.application.login(email.as_ref(), password).await?))
}

/// The next tokens for a refresh token; 401 `refresh_token_invalid`.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = RefreshBody,
    responses((status = 200, body = TokensBody), (status = 400, description = "`validation_failed`"), (status = 401, description = "`refresh_token_invalid`")),
)]
pub(super) async fn refresh(State(api): State<Api>, Body(body): Body<RefreshBody>) -> Answer<impl IntoResponse> {
    Ok(uncached(api.application.refresh(&body.parse()?).await?))
}

/// The claims of an access token; 401 with the reason.
#[utoipa::path(
    post,
    path = "/auth/verify",
    tag = "auth",
    request_body = VerifyBody,
    responses((status = 200, body = ClaimsBody), (status = 400, description = "`validation_failed`"), (status = 401, description = "the reason, such as `token_expired`")),
)]
pub(super) async fn verify(State(api): State<Api>, Body(body): Body<VerifyBody>) -> Answer<Json<ClaimsBody>> {
    Ok(Json(api.application.verify(body.parse()?.expose())?.into()))
}

/// RFC 6749 section 5.1: an answer with tokens is stored by no cache.
fn uncached(tokens: Tokens) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(TokensBody::from(tokens)))
}
