//! A gateway with a service inside, as a program of its own: the smallest thing that mounts one. The end-to-end tests
//! run it, so the service misbehaves as it is told by its path.
//!
//! `cargo run -p gateway --example mounted -- gateway.toml`, where the file has a `[services.app]`.
use std::{
    convert::Infallible,
    env,
    error::Error,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use gateway::{Bound, Mounts, config::Config, mounts::RequestBody, telemetry::messages};
use http::{Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use tokio::sync::Notify;
use tower_service::Service;

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>>;

/// The service.
#[derive(Clone, Default)]
struct App(Arc<State>);

#[derive(Default)]
struct State {
    is_sick: AtomicBool,
    /// Bytes that `/endless` gave.
    produced: AtomicU64,
    /// Requests to `/never` that were dropped.
    dropped: AtomicU64,
    stop: Notify,
}

impl Service<Request<RequestBody>> for App {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let state = Arc::clone(&self.0);
        Box::pin(async move { Ok(answer(request, state).await) })
    }
}

async fn answer(request: Request<RequestBody>, state: Arc<State>) -> Answer {
    match request.uri().path() {
        "/health" if state.is_sick.load(Ordering::Relaxed) => status(StatusCode::SERVICE_UNAVAILABLE),
        "/sick" => {
            state.is_sick.store(true, Ordering::Relaxed);
            text("sick")
        }
        // What it is told, one field a line.
        "/told" => {
            let head = format!("{} {}", request.method(), request.uri());
            let fields = request.headers().iter();
            let fields = fields.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default()));
            text(&std::iter::once(head).chain(fields).collect::<Vec<_>>().join("\n"))
        }
        "/echo" => Response::new(request.into_body().map_err(Into::into).boxed_unsync()),
        "/length" => text(&request.into_body().collect().await.map_or(0, |body| body.to_bytes().len()).to_string()),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            text("slow")
        }
        "/never" => {
            let _dropped = OnDrop(state);
            std::future::pending().await
        }
        "/dropped" => text(&state.dropped.load(Ordering::Relaxed).to_string()),
        "/endless" => Response::new(Pieces { state, left: u64::MAX, then: Then::End }.boxed_unsync()),
        "/produced" => text(&state.produced.load(Ordering::Relaxed).to_string()),
        "/panic" => panic!("as it was told"),
        "/panic-later" => Response::new(Pieces { state, left: 1, then: Then::Panic }.boxed_unsync()),
        "/short" => declared("5000", Pieces { state, left: 1, then: Then::End }),
        "/long" => declared("50", Pieces { state, left: 1, then: Then::End }),
        "/stop" => {
            state.stop.notify_one();
            text("stopping")
        }
        "/metrics" => text(&env::var("METRICS").unwrap_or_default()),
        "/jwks" => text(&env::var("JWKS").unwrap_or_default()),
        _ => text("hello"),
    }
}

struct OnDrop(Arc<State>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Pieces of a thousand bytes, of no declared length.
struct Pieces {
    state: Arc<State>,
    left: u64,
    then: Then,
}

enum Then {
    End,
    Panic,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            assert!(matches!(self.then, Then::End), "as it was told");
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.state.produced.fetch_add(1000, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1000])))))
    }
}

fn text(text: &str) -> Answer {
    Response::new(Full::from(text.to_owned()).map_err(Into::into).boxed_unsync())
}

fn status(status: StatusCode) -> Answer {
    let mut answer = text("");
    *answer.status_mut() = status;
    answer
}

fn declared(length: &'static str, body: Pieces) -> Answer {
    let mut answer = Response::new(body.boxed_unsync());
    answer.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static(length));
    answer
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).unwrap_or_else(|| "gateway.toml".into());
    let config = Config::load(Path::new(&file)).map_err(|faults| format!("{file}:\n{}", faults.to_json()))?;
    let _messages = messages::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let app = App::default();
    let mounts = Mounts::default().with("app", runtime.handle().clone(), app.clone());
    Bound::bind(&config)?.serve(&mounts, async move {
        app.0.stop.notified().await;
        "the service asked for it"
    })?;
    Ok(())
}
