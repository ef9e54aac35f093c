//! `/.well-known/jwks.json` (RFC 7517; RFC 8037 for the keys of Ed25519).

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::domain::SigningKey;

/// A JSON Web Key Set.
#[derive(Serialize, ToSchema)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

/// A public key.
#[derive(Serialize, ToSchema)]
struct Key {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    used_for: &'static str,
    kid: String,
    x: String,
}

/// Every key that a valid token may be signed with, and the one that will sign next. It may be
/// cached for less time than a key is published ahead of its first signature.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "auth",
    responses((status = 200, body = KeySet)),
)]
pub(super) async fn jwks(State(api): State<Api>) -> impl IntoResponse {
    let keys = api.application.published_keys().into_iter().map(Key::from).collect();
    let cache = format!("public, max-age={}", api.jwks_max_age.as_secs());
    ([(CACHE_CONTROL, cache)], Json(KeySet { keys }))
}

impl From<SigningKey> for Key {
    fn from(key: SigningKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            used_for: "sig",
            x: URL_SAFE_NO_PAD.encode(&key.public),
            kid: key.kid,
        }
    }
}
