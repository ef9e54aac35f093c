//! `/openapi.json`, what the services behind the gateway take and give, and `/docs`, the same as a page.
use api_page::Asset;
use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::{body::Body, openapi::OpenApi, rejection::Rejection};

/// What of it is asked for.
pub(super) enum Part {
    Document,
    Page,
    Asset(Asset),
}

impl Part {
    /// What this path asks for, if it asks for any of it.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/openapi.json" => Some(Self::Document),
            "/docs" => Some(Self::Page),
            path => api_page::asset(path.strip_prefix("/docs/")?).map(Self::Asset),
        }
    }

    pub(super) async fn answer(self, openapi: &OpenApi) -> Result<Response<Body>, Rejection> {
        Ok(match self {
            Self::Document => {
                let document = openapi.document().await.ok_or(Rejection::NoHealthyUpstream)?;
                answer(document, "application/json", "no-store")
            }
            Self::Page => answer(Bytes::from(api_page::page("gateway")), api_page::PAGE_TYPE, "no-store"),
            Self::Asset(asset) => {
                let bytes = Bytes::from_static(asset.bytes);
                let mut answer = answer(bytes, asset.content_type, "public, max-age=86400");
                if asset.is_gzip {
                    answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
                answer
            }
        })
    }
}

fn answer(bytes: Bytes, content_type: &'static str, cache: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::full(bytes));
    let fields = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, api_page::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    answer.headers_mut().extend(fields.map(|(name, value)| (name, HeaderValue::from_static(value))));
    answer
}
