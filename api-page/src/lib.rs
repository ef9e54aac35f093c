//! The page that shows an OpenAPI document: Swagger UI out of the binary. It loads nothing from another host, and its
//! [`POLICY`] has the browser refuse whatever would.
//!
//! A server answers `/docs` with [`page`], `/docs/NAME` with [`asset`], and `/openapi.json` with its document; the page's
//! links are relative to it, so that it also works under another's path.

/// The value of `Content-Security-Policy` for the page and its files: scripts, styles and calls are of this host alone;
/// Swagger UI's styles and icons are partly inline.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The value of `Content-Type` for the page.
pub const PAGE_TYPE: &str = "text/html; charset=utf-8";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
    /// Whether that is packed: `Content-Encoding: gzip`, which every browser takes, whether it says so or not.
    pub is_gzip: bool,
}

/// The page, about what `name` names; that is text and no HTML.
pub fn page(name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('<', "&lt;");
    include_str!("page.html").replace("{name}", &name)
}

/// The file of this name, which the page asks for under `docs/`.
pub fn asset(name: &str) -> Option<Asset> {
    let packed = |content_type, bytes| Asset { content_type, bytes, is_gzip: true };
    Some(match name {
        "start.js" => Asset { content_type: JAVASCRIPT, bytes: include_bytes!("start.js"), is_gzip: false },
        "swagger-ui.css" => {
            packed("text/css; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz")))
        }
        "swagger-ui-bundle.js" => {
            packed(JAVASCRIPT, include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz")))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
