//! Stage 5: whether a request may pass. A route's `Rules` are asked in one order, this file's to decide: what is
//! cheap and needs no secret comes first, so that a flood is turned away before it costs a signature.
//!
//! A route without rules has none of this: `Permit::rules` is `None`, decided when the configuration is built.
pub(crate) mod auth;
pub(crate) mod cors;
pub(crate) mod forward_auth;
pub mod rate;
pub(crate) mod validation;

use std::sync::Arc;

use auth::api_key::{ApiKeys, Shown};
use http::{HeaderMap, Request};
use rate::Halt;

use crate::{
    body::{Body, LeasedBody},
    exchange::{Client, Exchange},
    h1::head::ResponseHead,
    rejection::Rejection,
};

/// What one route asks of a request.
#[derive(Debug)]
pub(crate) struct Permit {
    /// The longest body, in bytes.
    pub(crate) max_body: u64,
    /// Everything else; none when all of it is off.
    pub(crate) rules: Option<Box<Rules>>,
}

/// Rules that a configuration can turn on; each that is off is `None`.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) cors: Option<Arc<cors::Cors>>,
    pub(crate) rate: Option<rate::Rate>,
    /// `[[api_key]]`, also where nobody is asked for a key: one that is shown goes no further.
    pub(crate) keys: Option<Arc<ApiKeys>>,
    pub(crate) validation: Option<validation::Validation>,
    pub(crate) auth: Option<auth::Auth>,
    pub(crate) forward_auth: Option<forward_auth::ForwardAuth>,
}

/// What the rules say of a request that is not refused.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It goes on.
    Pass,
    /// An authoriser gave the client's answer.
    Answer(Box<(ResponseHead, LeasedBody)>),
}

impl Permit {
    /// These rules, or none at all where each of them is off.
    pub(crate) fn new(max_body: u64, rules: Rules) -> Self {
        let Rules { cors, rate, validation, keys, auth, forward_auth } = &rules;
        let is_off = cors.is_none() && rate.is_none() && validation.is_none() && keys.is_none();
        let is_off = is_off && auth.is_none() && forward_auth.is_none();
        Self { max_body, rules: (!is_off).then(|| Box::new(rules)) }
    }

    /// The policy for requests from another origin.
    pub(crate) fn cors(&self) -> Option<&cors::Cors> {
        self.rules.as_ref().and_then(|rules| rules.cors.as_deref())
    }

    /// Asks every rule about a request for `path`, its normalised path.
    pub(crate) async fn check(
        &self,
        request: &mut Request<Body>,
        client: &Client,
        path: &str,
        exchange: &mut Exchange,
    ) -> Result<Verdict, Rejection> {
        // A stream of messages has no length of its own, and its client speaks when there is something to say.
        let max_body = if exchange.is_grpc { u64::MAX } else { self.max_body };
        if exchange.is_grpc {
            request.body().allow_silence();
        }
        match &self.rules {
            None => request.body().limit(max_body).map(|()| Verdict::Pass),
            Some(rules) => rules.check(max_body, request, client, path, exchange).await,
        }
    }
}

impl Rules {
    async fn check(
        &self,
        max_body: u64,
        request: &mut Request<Body>,
        client: &Client,
        path: &str,
        exchange: &mut Exchange,
    ) -> Result<Verdict, Rejection> {
        if let Some(rate) = &self.rate {
            // Boxed, so that a store takes no room in the walk of a request whose limit is in memory.
            match rate.count(request, exchange) {
                Ok(()) => {}
                Err(Halt::Refused(rejection)) => return Err(rejection),
                Err(Halt::Elsewhere) => Box::pin(rate.ask(Some(request), exchange)).await?,
            }
        }
        request.body().limit(max_body)?;
        if let Some(validation) = &self.validation {
            validation.check(request).await?;
        }
        let shown = self.keys.as_ref().map_or(Shown::Nothing, |keys| keys.take(request));
        if let Some(auth) = &self.auth {
            let outcome = auth.check(request, shown, exchange).await;
            if outcome.is_err() {
                // Whoever tries tokens is counted as well, by its address: a limit by a claim is no free guess.
                Box::pin(self.count_by_claim(exchange)).await?;
            }
            outcome?;
        }
        if let Some(rate) = &self.rate {
            match rate.count_by_claim(exchange) {
                Ok(()) => {}
                Err(Halt::Refused(rejection)) => return Err(rejection),
                Err(Halt::Elsewhere) => Box::pin(rate.ask(None, exchange)).await?,
            }
        }
        if let Some(authoriser) = &self.forward_auth
            // Boxed, so that it takes no room in the walk of a request that asks nobody.
            && let Some(answer) = Box::pin(authoriser.ask(request, client, path, exchange)).await?
        {
            return Ok(Verdict::Answer(answer));
        }
        if let Some(validation) = &self.validation {
            validation.check_body(request).await?;
        }
        Ok(Verdict::Pass)
    }

    /// Counts a request against the limit, unless the limit is by a claim that is not known yet.
    pub(crate) async fn count(&self, request: &Request<Body>, exchange: &mut Exchange) -> Result<(), Rejection> {
        let Some(rate) = &self.rate else { return Ok(()) };
        match rate.count(request, exchange) {
            Ok(()) => Ok(()),
            Err(Halt::Refused(rejection)) => Err(rejection),
            Err(Halt::Elsewhere) => rate.ask(Some(request), exchange).await,
        }
    }

    async fn count_by_claim(&self, exchange: &mut Exchange) -> Result<(), Rejection> {
        let Some(rate) = &self.rate else { return Ok(()) };
        match rate.count_by_claim(exchange) {
            Ok(()) => Ok(()),
            Err(Halt::Refused(rejection)) => Err(rejection),
            Err(Halt::Elsewhere) => rate.ask(None, exchange).await,
        }
    }

    /// Writes what pages of other origins are granted into an answer, an error or not.
    pub(crate) fn mark(&self, exchange: &Exchange, fields: &mut HeaderMap) {
        if let Some(cors) = &self.cors {
            cors.mark(exchange, fields);
        }
    }
}
