//! Stage 6: what a request and an answer look like on the other side.
//!
//! The order matters and is this file's to decide: what the client or the upstream may not say is removed first, then
//! the gateway writes its own fields, then the operator's rules have the last word.
pub(crate) mod forwarded;
pub(crate) mod headers;
pub(crate) mod hop_by_hop;
pub(crate) mod own;

pub(crate) mod target;

use http::{HeaderMap, Request};

use own::OwnFields;

use crate::{
    body::Body,
    config::{HeaderRules, StripPrefix},
    exchange::{Client, Exchange},
    h1::client::Head,
    reserved::Reserved,
    route::Rewrite,
};

/// Takes out of a client's fields what is about its connection alone and what it may not say, before anything is decided
/// by them: what decides is what an upstream sees. Tells whether they ask for a WebSocket.
pub(crate) fn strip(fields: &mut HeaderMap, reserved: &Reserved) -> bool {
    let asks_for_websocket = hop_by_hop::remove(fields);
    reserved.remove(fields);
    asks_for_websocket
}

/// What one route does to what passes.
#[derive(Debug)]
pub(crate) struct Transform {
    pub(crate) strip_prefix: StripPrefix,
    pub(crate) rewrite: Option<Rewrite>,
    pub(crate) own: OwnFields,
    pub(crate) request: HeaderRules,
    pub(crate) response: HeaderRules,
}

impl Transform {
    /// Makes a client's request, of which [`strip`] has left what counts, into the upstream's; its fields leave `request`, as what goes over the wire.
    pub(crate) fn request(
        &self,
        request: &mut Request<Body>,
        client: &Client,
        exchange: &Exchange,
        matched: target::Matched<'_>,
    ) -> Head {
        let path = target::forwarded_path(&self.strip_prefix, self.rewrite.as_ref(), matched);
        if *path != *request.uri().path() {
            *request.uri_mut() = target::with_path(request.uri(), &path);
        }
        let head = Head::new(request, |fields, out| {
            self.own.write(fields, client, exchange, out);
            for (name, value) in &exchange.granted {
                fields.append(name, value.clone());
            }
            headers::apply(&self.request, fields);
            if let Some(identity) = &exchange.identity {
                out.append(&identity.lines);
            }
        });
        let accept = exchange.upgrades.then(|| request.extensions_mut().remove()).flatten();
        head.upgrading(exchange.upgrades, accept)
    }

    /// Makes an upstream's answer into the client's.
    pub(crate) fn response(&self, fields: &mut HeaderMap) {
        hop_by_hop::remove(fields);
        headers::apply(&self.response, fields);
    }
}
