//! The operator's listener: `/metrics`, `/live`, `/ready`, `/services`, `/config`. It runs on the control runtime, so
//! that a slow scrape never waits for, nor holds up, a request.
mod mounted;

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::{
    local,
    telemetry::{
        exposition,
        metrics::{Metrics, Shared},
    },
};

/// How long an operator's request head may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// What the listener tells.
pub(crate) struct Admin {
    metrics: Arc<Metrics>,
    registry: Registry,
    /// How the file fared when it was last read again.
    last_reload: Mutex<Value>,
    is_stopping: AtomicBool,
}

impl Admin {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Shared(Arc::clone(&metrics))));
        Self { metrics, registry, last_reload: Mutex::default(), is_stopping: AtomicBool::new(false) }
    }

    /// From now on `/ready` says that no new work is taken.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Relaxed);
    }

    /// What `/config` says of the last reload.
    pub(crate) fn note_reload(&self, outcome: Value) {
        *self.last_reload.lock().expect("no holder of this lock panics") = outcome;
    }

    /// The configuration that serves, without its secrets, and how the file fared when it was last read again.
    fn config(&self) -> Value {
        let mut config = self.metrics.live.load().config.redacted();
        let last_reload = self.last_reload.lock().expect("no holder of this lock panics");
        if !last_reload.is_null() {
            config["reload"] = last_reload.clone();
        }
        config
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = json(StatusCode::METHOD_NOT_ALLOWED, &json!({ "title": "Method Not Allowed" }));
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/metrics" => self.metrics(request).await,
            "/live" => json(StatusCode::OK, &json!({ "status": "live" })),
            "/ready" if self.is_stopping.load(Relaxed) => {
                json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "draining" }))
            }
            "/ready" => json(StatusCode::OK, &json!({ "status": "ready" })),
            "/services" => {
                let live = self.metrics.live.load();
                let services = live.clusters.iter();
                let services = services.map(|cluster| (cluster.name.to_string(), local::service(cluster)));
                json(StatusCode::OK, &services.collect::<Map<_, _>>().into())
            }
            "/config" => json(StatusCode::OK, &self.config()),
            _ => json(
                StatusCode::NOT_FOUND,
                &json!({ "title": "Not Found", "paths": ["/metrics", "/live", "/ready", "/services", "/config"] }),
            ),
        }
    }

    /// The numbers as OpenMetrics, which a Prometheus that asks for its older text format reads as well; with them those
    /// of the services in this process.
    async fn metrics(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("a String takes everything");
        let mounted = mounted::metrics(&self.metrics.live.load_full()).await;
        if !mounted.is_empty() {
            text = exposition::merge(&text, &mounted);
        }
        let mut response = Response::new(Full::from(text));
        let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let format = HeaderValue::from_static(if accepts.contains("application/openmetrics-text") {
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        } else {
            "text/plain; version=0.0.4; charset=utf-8"
        });
        response.headers_mut().insert(header::CONTENT_TYPE, format);
        response
    }
}

fn json(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{value:#}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Opens the listener.
pub(crate) fn bind(address: SocketAddr) -> io::Result<StdListener> {
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves for as long as it is polled: while the process drains, operators still want to see how far it is.
pub(crate) async fn serve(listener: Arc<TcpListener>, admin: Arc<Admin>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // Out of descriptors, most likely.
            continue;
        };
        let admin = Arc::clone(&admin);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let admin = Arc::clone(&admin);
                async move { Ok::<_, Infallible>(admin.answer(&request).await) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "an admin connection broke off");
            }
        });
    }
}
