//! One request and what came of it.

use std::{error::Error as _, time::Duration};

use reqwest::{Client, Method, Request, Url, header::CONTENT_TYPE, redirect};
use serde_json::Value;

use crate::{
    mix::{Escape, Step, field},
    user::User,
};

/// What a server's own words may take of a line.
const MAX_DETAIL: usize = 160;

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `RateLimit-Policy` field, where there is one.
    pub policy: Option<String>,
    /// The body's JSON; null when it is none.
    pub json: Value,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Silence {
    /// No connection came about.
    Connect,
    /// It was not there in time.
    Timeout,
    /// The connection ended before the answer did.
    Broken,
    /// The request could not be made of its template: a captured value does not fit there.
    Unsendable,
    /// The run ended before.
    Unfinished,
}

impl Silence {
    /// As a human reads it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::Timeout => "timed out",
            Self::Broken => "connection broke",
            Self::Unsendable => "a value does not fit its place",
            Self::Unfinished => "still waiting at the end",
        }
    }
}

/// One user's HTTP client: its own pool, in which its one connection waits between steps.
pub fn client(url: &Url, timeout: Duration) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(timeout)
        .pool_max_idle_per_host(1)
        .user_agent(concat!("cargo-xtask-load/", env!("CARGO_PKG_VERSION")));
    // Where nothing is encrypted the system's roots are not read: each of many users would read them again.
    if url.scheme() == "http" { builder.tls_certs_only([]) } else { builder }.build()
}

/// The request for `step` by what `user` knows; `None` when a value does not fit where it belongs.
pub fn request(base: &Url, step: &Step, user: &User) -> Option<Request> {
    let path = step.path.fill(user, Escape::Path)?;
    let url = Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/'))).ok()?;
    let mut request = Request::new(step.method.clone(), url);
    for (name, value) in &step.headers {
        request.headers_mut().insert(name, field(&value.fill(user, Escape::No)?)?);
    }
    if let Some(body) = &step.json {
        let json = body.fill(user)?.to_string();
        request.headers_mut().entry(CONTENT_TYPE).or_insert(field("application/json")?);
        *request.body_mut() = Some(json.into());
    } else if [Method::POST, Method::PUT, Method::PATCH].contains(&step.method) {
        // So that a Content-Length of 0 is said, as clients do.
        *request.body_mut() = Some(Vec::new().into());
    }
    Some(request)
}

/// Sends a request and reads its answer to the end.
pub async fn exchange(client: &Client, request: Request) -> Result<Answer, Silence> {
    let response = client.execute(request).await.map_err(|error| silence(&error))?;
    let status = response.status().as_u16();
    let policy = response.headers().get("ratelimit-policy").and_then(|value| value.to_str().ok()).map(printable);
    let body = response.bytes().await.map_err(|error| silence(&error))?;
    Ok(Answer { status, policy, json: serde_json::from_slice(&body).unwrap_or_default() })
}

impl Answer {
    /// What a problem (RFC 9457) says of itself: its code, else its detail or title; short and without control
    /// characters.
    pub fn problem(&self) -> Option<String> {
        let member = |name: &str| self.json.get(name).and_then(Value::as_str);
        match (member("code"), member("detail").or_else(|| member("title"))) {
            (Some(code), Some(detail)) => Some(printable(&format!("{code}: {detail}"))),
            (code, detail) => code.or(detail).map(printable),
        }
    }
}

fn silence(error: &reqwest::Error) -> Silence {
    // A request's time-out may come while it connects; that it is over says more than where it was.
    if error.is_timeout() {
        Silence::Timeout
    } else if error.is_connect() {
        Silence::Connect
    } else if error.is_builder() || error.source().is_none() {
        Silence::Unsendable
    } else {
        Silence::Broken
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|each| !each.is_control()).take(MAX_DETAIL).collect()
}
