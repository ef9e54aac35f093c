//! Cross-origin requests (the Fetch standard, §3.2): what a page of another origin may send, and which of its answers
//! it may read.
//!
//! It is the browser that enforces this. The gateway answers preflights and writes the grant into answers; a request of
//! an origin that is not granted is forwarded all the same, and its answer carries no grant.
mod origin;
mod policy;
mod preflight;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::{exchange::Exchange, rejection::Rejection, vary};
pub(crate) use origin::{OriginPattern, Origins};
pub(crate) use policy::{Listed, Policy};
pub(crate) use preflight::Preflight;

/// A policy, with its fields as they go over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    policy: Policy,
    allow_methods: HeaderValue,
    allow_headers: Option<HeaderValue>,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

const TRUE: HeaderValue = HeaderValue::from_static("true");
const ANY: HeaderValue = HeaderValue::from_static("*");

impl Cors {
    /// The policy, ready to serve.
    pub(crate) fn new(policy: Policy) -> Self {
        let names = |list: &Listed<HeaderName>| list.text(|name| name.as_str());
        Self {
            allow_methods: policy.methods.text(Method::as_str).unwrap_or_else(|| HeaderValue::from_static("")),
            allow_headers: policy.headers.as_ref().and_then(names),
            expose_headers: names(&policy.expose_headers),
            max_age: policy.max_age.map(|age| age.as_secs().into()),
            policy,
        }
    }

    /// What the file says.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The fields that answer a preflight beside those of [`Cors::mark`]; else `cors_denied`.
    pub(crate) fn grant(&self, origin: Option<&HeaderValue>, asked: &Preflight) -> Result<HeaderMap, Rejection> {
        let is_granted = origin.is_some_and(|origin| self.policy.origins.take(origin.as_bytes()))
            && self.policy.methods.has(&asked.method)
            && asked.names.as_ref().is_some_and(|names| names.iter().all(|name| self.takes_field(name)));
        if !is_granted {
            return Err(Rejection::CorsDenied);
        }
        let mut fields = HeaderMap::new();
        fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods.clone());
        let allow_headers = match &self.policy.headers {
            Some(_) => self.allow_headers.clone(),
            None => asked.names(),
        };
        let optional = [
            (header::ACCESS_CONTROL_ALLOW_HEADERS, allow_headers),
            (header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone()),
        ];
        for (name, value) in optional {
            value.map(|value| fields.insert(name, value));
        }
        for name in ["Access-Control-Request-Method", "Access-Control-Request-Headers"] {
            vary::add(&mut fields, name);
        }
        Ok(fields)
    }

    /// By the standard `*` does not cover Authorization, which has to be named (§3.2.3).
    fn takes_field(&self, name: &HeaderName) -> bool {
        self.policy
            .headers
            .as_ref()
            .is_none_or(|headers| headers.names.contains(name) || (headers.any && *name != header::AUTHORIZATION))
    }

    /// Writes what the policy grants this request into its answer, whatever that is; nothing else is left of a grant.
    ///
    /// An answer that is the same for every origin always says so, and needs no `Vary`; any other depends on the
    /// request's `Origin`, also where there was none (§3.2.5, on caches).
    pub(crate) fn mark(&self, exchange: &Exchange, fields: &mut HeaderMap) {
        self.mark_for(exchange.origin.as_ref(), fields);
    }

    fn mark_for(&self, origin: Option<&HeaderValue>, fields: &mut HeaderMap) {
        for name in [
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
        ] {
            fields.remove(name);
        }
        let granted = if self.policy.origins.any {
            ANY
        } else {
            vary::add(fields, "Origin");
            match origin {
                Some(origin) if self.policy.origins.take(origin.as_bytes()) => origin.clone(),
                _ => return,
            }
        };
        fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, granted);
        if self.policy.credentials {
            fields.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        if let Some(names) = &self.expose_headers {
            fields.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names.clone());
        }
    }
}

/// The `Origin` of a request. Several make one that nobody is granted: it is not known which of them it is.
pub(crate) fn origin(fields: &HeaderMap) -> Option<HeaderValue> {
    let mut origins = fields.get_all(header::ORIGIN).iter();
    let first = origins.next()?;
    if origins.next().is_some() { Some(HeaderValue::from_static("")) } else { Some(first.clone()) }
}

/// Takes out what an upstream grants by itself: the policy of the route says it all.
pub(crate) fn replace(fields: &mut HeaderMap) {
    let is_grant = |name: &&HeaderName| name.as_str().starts_with("access-control-");
    let grants: smallvec::SmallVec<[HeaderName; 4]> = fields.keys().filter(is_grant).cloned().collect();
    for name in grants {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests;
