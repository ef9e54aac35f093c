//! Where a route's requests go beside, or in place of, its service.
use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::HashKey;
use crate::route::RedirectTarget;

/// `compress = true` or `["br", "gzip"]`: a content coding (RFC 9110 §8.4.1) that answers are sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `zstd` (RFC 8878).
    Zstd,
    /// `br` (RFC 7932).
    Brotli,
    /// `gzip` (RFC 1952).
    Gzip,
}

impl Coding {
    /// All of them, the one that gives most for its time first.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// As the file and `Content-Encoding` have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// `cache = true` or `{ ttl = "10s", stale_if_error = "1h" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheRules {
    /// The longest body that is stored, in bytes. Default 1 MiB.
    pub max_body: u64,
    /// For how long an answer is fresh that says nothing of it. Default: such an answer is not fresh at all.
    pub ttl: Option<Duration>,
    /// For how long after that it is served while another is fetched, unless it says otherwise. Default not at all.
    pub stale_while_revalidate: Duration,
    /// For how long after that it is served where no other can be had, unless it says otherwise. Default not at all.
    pub stale_if_error: Duration,
    /// Whether answers that set a cookie are stored. Default false.
    pub set_cookie: bool,
}

impl Default for CacheRules {
    fn default() -> Self {
        Self {
            max_body: 1 << 20,
            ttl: None,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            set_cookie: false,
        }
    }
}

/// `redirect = { to = "/new/{id}", status = 308 }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Where clients are sent.
    pub to: RedirectTarget,
    /// 301, 302, 303, 307 or 308. Default 308.
    pub status: StatusCode,
    /// `to` as the file has it, for people: references such as `${NAME}` are not filled in.
    pub written: String,
}

/// What stands in for a service that gives no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// An answer of the file's own.
    Answer(FallbackAnswer),
    /// `fallback = { service = "NAME" }`: another service of the file.
    Service(Arc<str>),
}

/// `fallback = { status = 200, content_type = "application/json", body = "[]" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackAnswer {
    /// From 200 to 599. Default: the failure's own.
    pub status: Option<StatusCode>,
    /// Default `application/json`.
    pub content_type: HeaderValue,
    /// What `body` says, or what was in `file` when this was read.
    pub body: Bytes,
    /// `body` or `file` as the file has it, for people: references such as `${NAME}` are not filled in.
    pub written: String,
    /// Which of the two it is.
    pub is_file: bool,
}

/// `split = [{ service = "user", weight = 9 }, { service = "user-next" }]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// At least one of them has a weight.
    pub shares: Vec<Share>,
    /// `sticky`: who gets the same share again. Default nobody.
    pub sticky: Option<HashKey>,
}

/// One service of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// A service of the file.
    pub service: Arc<str>,
    /// Beside the others'. Default 1, at most 1,000; 0 is no request at all.
    pub weight: u32,
}

/// `mirror = { service = "shadow", percent = 10 }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// A service of the file.
    pub service: Arc<str>,
    /// How many of a hundred requests are copied: from 0 to 100. Default 100.
    pub percent: f64,
}
