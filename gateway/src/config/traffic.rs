//! Where a route's requests go beside, or in place of, its service.
use std::sync::Arc;

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

/// `fallback = { status = 200, content_type = "application/json", body = "[]" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
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
