//! Webhooks: a signed POST of JSON to a URL that a user has named.
//!
//! A user must not make the service call the machines beside it (SSRF). So the addresses are checked that are
//! really connected to: those that the client's resolver gives for a name, and the one that a URL holds
//! itself. A name that turns to another address between a check and the connection gains nothing by it.
//! Redirects are not followed, and no proxy of the environment is used, which would resolve names by itself.

mod address;
mod resolver;
mod signature;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kit::Clock;
use reqwest::header::{CONTENT_TYPE, HeaderName};
use reqwest::{Client, Url, redirect};
use serde::Serialize;
use uuid::Uuid;

use super::secret::Secret;
use crate::application::ports::Unsuitable;
use crate::domain::{Notification, Undelivered, WebhookUrl};
use resolver::{NoPublicAddress, PublicResolver};

/// Says who sent the body, and when.
const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");
/// The notification's id: deliveries of one notification bear the same, so that a receiver can take the
/// second for what it is.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The channel.
pub struct WebhookChannel {
    client: Client,
    secret: Secret,
    allow_private: bool,
    clock: Arc<dyn Clock>,
}

/// The body.
#[derive(Serialize)]
struct Body<'a> {
    id: Uuid,
    subject: &'a str,
    message: &'a str,
    created_at: Timestamp,
}

impl WebhookChannel {
    /// Signs with `secret`. A receiver may take `timeout` in all. Without `allow_private` only addresses of
    /// the public Internet are called.
    pub fn new(secret: Secret, allow_private: bool, timeout: Duration, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .user_agent(concat!("notification/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(PublicResolver { allow_private });
        let client = builder.build().map_err(|error| format!("webhooks cannot be set up: {error}"))?;
        Ok(Self { client, secret, allow_private, clock })
    }

    /// Refuses a URL that holds an address which is not public. A name shows its addresses only later.
    pub(super) fn check(&self, to: &WebhookUrl) -> Result<(), Unsuitable> {
        let refused = |address: IpAddr| !self.allow_private && !address::is_public(address);
        let literal = Url::parse(to.as_str()).ok().and_then(|url| literal(&url));
        if literal.is_some_and(refused) { Err(Unsuitable::Address) } else { Ok(()) }
    }

    /// Sends one; any answer of 200 to 299 is success, its body is not read.
    pub(super) async fn deliver(&self, to: &WebhookUrl, notification: &Notification) -> Result<(), Undelivered> {
        self.check(to).map_err(|_| not_public())?;
        let Notification { id, subject, message, created_at, .. } = notification;
        let body = Body { id: id.0, subject: subject.as_str(), message: message.as_str(), created_at: *created_at };
        let body = serde_json::to_vec(&body).expect("a body of strings always serialises");
        let signature = signature::sign(self.secret.expose(), self.clock.now().as_second(), &body);
        let request = self
            .client
            .post(to.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, signature)
            .header(IDEMPOTENCY_KEY, id.to_string())
            .body(body);
        let answer = request.send().await.map_err(|error| undelivered(&error))?;
        let status = answer.status().as_u16();
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Undelivered { reason: format!("the receiver answered {status}"), permanent: false })
    }
}

/// The address that a URL holds in place of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    // The URL's parser has brought every spelling of an IPv4 address (`0x7f.1`) to the usual one.
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn not_public() -> Undelivered {
    Undelivered { reason: "the receiver's address is not a public one".to_owned(), permanent: true }
}

/// In our words, so that the reason shows nothing of the network that the service stands in.
fn undelivered(error: &reqwest::Error) -> Undelivered {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    if causes.any(|cause| cause.is::<NoPublicAddress>()) {
        return not_public();
    }
    let reason = if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "the receiver could not be reached"
    } else {
        "the receiver's answer could not be read"
    };
    Undelivered { reason: reason.to_owned(), permanent: false }
}

#[cfg(test)]
mod tests;
