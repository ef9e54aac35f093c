//! Services in the gateway's own process. One whose name is mounted is called, every other is reached over its
//! upstreams; whatever else the file says of it holds the same.
//!
//! A call runs on the thread of the worker that has the request, as a part of the request's own future: no queue and no
//! other thread stands between them, and a client that goes away drops the call. While it is polled, and while it is
//! dropped, the runtime of the mounts is the current one: timers, sockets and tasks that a service starts belong to that
//! runtime, which outlives the workers. So what a service does must not block, as anywhere in async code, and
//! `tokio::task::block_in_place` panics in it.
mod ask;
mod call;
mod request_body;
mod response_body;

use std::{convert::Infallible, error::Error, fmt, future::poll_fn, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use tokio::runtime::Handle;

pub(crate) use call::{Call, Panicked};
pub(crate) use request_body::Feed;
pub use request_body::{Broken, RequestBody};
pub(crate) use response_body::ResponseBody;

/// Why an answer's body broke off; it is for the log.
type BoxError = Box<dyn Error + Send + Sync>;
pub(crate) type BoxBody = UnsyncBoxBody<Bytes, BoxError>;
pub(crate) type BoxFuture = Pin<Box<dyn Future<Output = Response<BoxBody>> + Send>>;

/// The services of this process, by the names that they have in the file. None: every service is reached over its
/// upstreams.
#[derive(Debug, Clone, Default)]
pub struct Mounts {
    services: Vec<(Box<str>, Mounted)>,
}

impl Mounts {
    /// Has `service` called for the requests of `[services.NAME]`, within `runtime`, which needs its timers and its I/O
    /// and must live until the gateway has ended.
    #[must_use]
    pub fn with<S, B>(mut self, name: &str, runtime: Handle, service: S) -> Self
    where
        S: tower_service::Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let inner = Inner { name: name.into(), runtime, service: Adapter(service) };
        self.services.push((name.into(), Mounted(Arc::new(inner))));
        self
    }

    /// The names, in the order in which they were mounted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|(name, _)| &**name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Mounted> {
        self.services.iter().find(|(mounted, _)| **mounted == *name).map(|(_, service)| service)
    }
}

/// A service that is called. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Mounted(Arc<Inner<dyn Service>>);

struct Inner<S: ?Sized> {
    name: Box<str>,
    runtime: Handle,
    service: S,
}

impl Mounted {
    /// Begins a call; nothing of it runs before it is polled.
    pub(crate) fn call(&self, request: Request<RequestBody>) -> Call<BoxFuture> {
        Call::new(self.clone(), || self.0.service.call(request))
    }

    /// Its name in the file.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    fn runtime(&self) -> &Handle {
        &self.0.runtime
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mounted").field(&self.name()).finish()
    }
}

/// What [`Mounted`] needs of a service, whatever its types are.
trait Service: Send + Sync {
    fn call(&self, request: Request<RequestBody>) -> BoxFuture;
}

struct Adapter<S>(S);

impl<S, B> Service for Adapter<S>
where
    S: tower_service::Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn call(&self, request: Request<RequestBody>) -> BoxFuture {
        // As tower has it: who has waited until a service is ready calls that very one.
        let Self(mut service) = Self(self.0.clone());
        Box::pin(async move {
            let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
            let Ok(response) = service.call(request).await;
            response.map(|body| body.map_err(Into::into).boxed_unsync())
        })
    }
}

#[cfg(test)]
mod tests;
