//! `[[jwt]]`: callers that show a token. [`crate::token`] judges it; here stands where it comes from, whose keys it is
//! judged by, and what is waited for.
mod fetch;
mod refresh;
mod store;

use std::{pin::Pin, rc::Rc, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, header, response::Parts};
use tokio::time::{Instant, timeout_at};

use crate::{
    body::Body,
    config::{Config, Jwt, KeySource},
    exchange::{Exchange, Identity},
    mounts::Mounted,
    rejection::{Rejection, TokenFault},
    tasks::Tasks,
    token::{self, KeySet, Known, MAX_TOKEN, Token, Verified},
    worker::Worker,
};

use refresh::Source;
use store::Store;

/// How long a request waits for keys: after the start for the first ones, later for those that its token names.
const KEY_WAIT: Duration = Duration::from_secs(2);

/// A question that is asked once it is polled: the answer's head and its body, or why there is none.
pub(crate) type Asking = Pin<Box<dyn Future<Output = Result<(Parts, Bytes), String>> + Send>>;

/// From a path to a question for each upstream.
pub(crate) type Questions = dyn Fn(&str) -> Vec<Asking> + Send + Sync;

/// The longest answer with keys, in bytes.
pub(crate) const MAX_ANSWER: usize = 256 * 1024;

/// Where a service is asked for its keys.
pub(crate) enum Keeper {
    /// At its upstreams: a path makes a question to each, those first that are best to ask now.
    Remote(Box<Questions>),
    /// In this process.
    Mounted(Mounted),
}

/// Every issuer of the file.
#[derive(Debug)]
pub(crate) struct Issuers {
    blocks: Vec<Block>,
    started: Instant,
    fetching: Tasks,
}

/// One `[[jwt]]`.
#[derive(Debug)]
struct Block {
    issuer: token::Issuer,
    store: Arc<Store>,
    source: Option<Arc<Source>>,
}

/// Why a token was not found good.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Fault(TokenFault),
    /// The issuer with this index has no key yet.
    NoKeys(usize),
    /// The issuer with this index has no such key.
    UnknownKey(usize),
}

impl From<TokenFault> for Refused {
    fn from(fault: TokenFault) -> Self {
        Self::Fault(fault)
    }
}

impl Issuers {
    /// Those of `config`, none without a block. `counted` names the claims that limits count by, `keeper` tells where a
    /// service is asked. Keys of files are read at once, all others by [`Issuers::watch`]; those that an issuer of `known`
    /// has from the same place for the same algorithms are known from the start.
    pub(crate) fn new(
        config: &Config,
        counted: &[Box<str>],
        keeper: impl Fn(&str) -> Keeper,
        known: Option<(&[Jwt], &Self)>,
    ) -> Option<Arc<Self>> {
        let blocks = config.jwt.iter().map(|jwt| {
            let source = match &jwt.keys {
                KeySource::Secret(secret) => {
                    let store = Store::holding(KeySet::secret(secret.expose(), &jwt.algorithms));
                    return Block { issuer: token::Issuer::new(jwt, counted), store: Arc::new(store), source: None };
                }
                KeySource::Service { service, path } => Source::Service { keeper: keeper(service), path: path.clone() },
                KeySource::Url { url, .. } => Source::Url(url.clone()),
                KeySource::File(path) => Source::File(path.clone()),
            };
            let store = known.and_then(|(blocks, issuers)| issuers.store_like(jwt, blocks));
            let store = store.unwrap_or_else(|| Arc::new(Store::empty()));
            if let Source::File(path) = &source {
                store.replace(refresh::read(path, &jwt.algorithms).ok());
            }
            Block { issuer: token::Issuer::new(jwt, counted), store, source: Some(Arc::new(source)) }
        });
        let blocks: Vec<_> = blocks.collect();
        (!blocks.is_empty()).then(|| Arc::new(Self { blocks, started: Instant::now(), fetching: Tasks::default() }))
    }

    /// The keys of the issuer among `blocks`, which these are made of, that has the same name, place and algorithms.
    fn store_like(&self, jwt: &Jwt, blocks: &[Jwt]) -> Option<Arc<Store>> {
        let is_same =
            |other: &Jwt| (&other.issuer, &other.keys, &other.algorithms) == (&jwt.issuer, &jwt.keys, &jwt.algorithms);
        let index = blocks.iter().position(is_same)?;
        self.blocks.get(index).map(|block| Arc::clone(&block.store))
    }

    /// Starts to fetch keys, on the current runtime: one task for each issuer whose keys can change.
    pub(crate) fn watch(&self) {
        for block in &self.blocks {
            if let Some(source) = &block.source {
                let (source, store) = (Arc::clone(source), Arc::clone(&block.store));
                let (name, algorithms) = (block.issuer.name().to_owned(), block.issuer.algorithms().to_vec());
                self.fetching.spawn(refresh::keep(name, source, algorithms, store));
            }
        }
    }

    /// Fetches nothing any more.
    pub(crate) fn end(&self) {
        self.fetching.end();
    }

    /// Has the keys of files looked at soon: somebody has written them, perhaps.
    pub(crate) fn read_files_again(&self) {
        let is_file = |block: &&Block| matches!(block.source.as_deref(), Some(Source::File(_)));
        self.blocks.iter().filter(is_file).for_each(|block| block.store.wake());
    }

    /// Whose token a request shows, if it shows one.
    pub(crate) async fn identify(
        &self,
        request: &Request<Body>,
        exchange: &Exchange,
    ) -> Result<Option<Rc<Identity>>, Rejection> {
        let Some(token) = bearer(request.headers())? else { return Ok(None) };
        if token.len() > MAX_TOKEN {
            return Err(Rejection::Unauthorized(TokenFault::Malformed));
        }
        let worker = &exchange.worker;
        let now = worker.core.clock.unix_micros(exchange.started);
        let key = worker.tokens.borrow().key(token.as_bytes());
        let generation = |issuer: usize| self.blocks.get(issuer).map_or(0, |block| block.store.generation());
        let known = worker.tokens.borrow_mut().get(key, token.as_bytes(), now, generation);
        if known.is_some() {
            return Ok(known);
        }
        let good = match self.judge(token, now, worker) {
            Ok(good) => good,
            Err(Refused::Fault(fault)) => return Err(Rejection::Unauthorized(fault)),
            // Boxed: nearly no request waits, and what it would need is not carried by all of them.
            Err(Refused::NoKeys(issuer)) => Box::pin(self.after_first_keys(issuer, token, exchange)).await?,
            Err(Refused::UnknownKey(issuer)) => Box::pin(self.after_refetch(issuer, token, exchange)).await?,
        };
        let identity = Rc::clone(&good.identity);
        worker.tokens.borrow_mut().insert(key, token.as_bytes(), good);
        Ok(Some(identity))
    }

    /// Looks at a token, with the keys that there are at this moment.
    fn judge(&self, text: &str, now: u64, worker: &Worker) -> Result<Known, Refused> {
        let token = Token::read(text, &mut worker.core.last_header.borrow_mut())?;
        let claims = token.claims()?;
        let name = claims.issuer()?.ok_or(TokenFault::Issuer)?;
        let issuer = self.blocks.iter().position(|block| block.issuer.name() == name).ok_or(TokenFault::Issuer)?;
        let block = &self.blocks[issuer];
        block.issuer.takes(&token)?;
        let held = block.store.held().ok_or(Refused::NoKeys(issuer))?;
        match block.issuer.verify(&token, &claims, &held.keys, now) {
            Ok(Verified { identity, expires }) => {
                Ok(Known { issuer, generation: held.generation, expires, identity: Rc::new(identity) })
            }
            Err(TokenFault::KeyUnknown) => Err(Refused::UnknownKey(issuer)),
            Err(fault) => Err(Refused::Fault(fault)),
        }
    }

    /// Soon after the start, the first keys may be on their way.
    async fn after_first_keys(&self, issuer: usize, token: &str, exchange: &Exchange) -> Result<Known, Rejection> {
        let store = &self.blocks[issuer].store;
        store.until(self.started + KEY_WAIT, |store| store.held().is_some()).await;
        self.judge(token, now(exchange), &exchange.worker).map_err(settled)
    }

    /// A key that is not known may be one that the issuer signs with since a moment ago.
    async fn after_refetch(&self, issuer: usize, token: &str, exchange: &Exchange) -> Result<Known, Rejection> {
        let store = &self.blocks[issuer].store;
        let deadline = Instant::now() + KEY_WAIT;
        loop {
            let mut attempts = store.attempts();
            // Another fetch may have ended since the token was looked at.
            let refused = match self.judge(token, now(exchange), &exchange.worker) {
                Ok(good) => return Ok(good),
                Err(refused) => refused,
            };
            let waits = matches!(refused, Refused::UnknownKey(_)) && store.ask_again();
            if !waits || timeout_at(deadline, attempts.changed()).await.is_err() {
                return Err(settled(refused));
            }
        }
    }
}

/// What a refusal is once nothing is waited for any more.
fn settled(refused: Refused) -> Rejection {
    match refused {
        Refused::Fault(fault) => Rejection::Unauthorized(fault),
        Refused::NoKeys(_) => Rejection::KeysUnavailable,
        Refused::UnknownKey(_) => Rejection::Unauthorized(TokenFault::KeyUnknown),
    }
}

/// The time after a wait, in microseconds since 1970.
fn now(exchange: &Exchange) -> u64 {
    exchange.worker.core.clock.unix_micros(std::time::Instant::now())
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750 §2.1). Another scheme shows no token; two fields could mean two
/// callers.
fn bearer(fields: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let mut values = fields.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Rejection::BadRequest("The field Authorization is there twice.".into()));
    }
    let value = value.as_bytes();
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    match str::from_utf8(rest.trim_ascii()) {
        Ok(token) if !token.is_empty() => Ok(Some(token)),
        _ => Err(Rejection::Unauthorized(TokenFault::Malformed)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_field_shows_one_token() {
        let malformed = || Err(Rejection::Unauthorized(TokenFault::Malformed));
        let fields = |values: &[&'static str]| {
            let mut fields = HeaderMap::new();
            for value in values {
                fields.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            fields
        };
        let check = |values: &[&'static str], expected: Result<Option<&str>, Rejection>| {
            assert_eq!(bearer(&fields(values)), expected);
        };
        check(&[], Ok(None));
        check(&["Bearer a.b.c"], Ok(Some("a.b.c")));
        check(&["bEARER   a.b.c"], Ok(Some("a.b.c")));
        check(&["Basic am9lOnB3"], Ok(None));
        check(&["Bearera.b.c"], Ok(None));
        check(&["Bearer"], malformed());
        check(&["Bearer "], malformed());
        assert!(matches!(bearer(&fields(&["Bearer a", "Basic b"])), Err(Rejection::BadRequest(_))));
    }
}
