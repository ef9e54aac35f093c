use std::{
    convert::Infallible,
    future::Ready,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use http_body::Frame;
use http_body_util::Full;
use tokio::runtime::{Builder, Runtime};

use super::*;

/// A service made of a function, and what tells whether it was ready when it was called.
#[derive(Clone)]
struct Function<F>(F, bool);

impl<F, T, B> tower_service::Service<Request<RequestBody>> for Function<F>
where
    F: Fn() -> T,
    T: Future<Output = Result<Response<B>, Infallible>>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = T;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.1 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> T {
        assert!(self.1, "called before it was ready");
        (self.0)()
    }
}

fn mounted<F, T, B>(runtime: &Runtime, function: F) -> Mounted
where
    F: Fn() -> T + Clone + Send + Sync + 'static,
    T: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mounts = Mounts::default().with("app", runtime.handle().clone(), Function(function, false));
    mounts.get("app").expect("just mounted").clone()
}

fn services() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).thread_name("services").enable_all().build().unwrap()
}

fn ask(service: &Mounted) -> Result<Bytes, String> {
    let worker = Builder::new_current_thread().build().unwrap();
    let question = Request::get("/").body(()).unwrap();
    worker.block_on(service.ask(question, 100)).map(|(_, body)| body)
}

#[test]
fn a_call_runs_on_the_callers_thread_with_the_runtime_of_the_mounts() {
    let runtime = services();
    let service = mounted(&runtime, || async {
        let here = std::thread::current().name().map(str::to_owned);
        assert_ne!(here.as_deref(), Some("services"));
        // The caller's own runtime has no timers.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let there = tokio::spawn(async { std::thread::current().name().map(str::to_owned) }).await.unwrap();
        Ok(Response::new(Full::from(there.unwrap_or_default())))
    });
    assert_eq!(ask(&service).unwrap(), "services");
}

#[test]
fn a_panic_is_its_own_calls_alone() {
    let runtime = services();
    let panics = Arc::new(AtomicBool::new(true));
    let now = Arc::clone(&panics);
    let service = mounted(&runtime, move || {
        let panics = now.load(Ordering::Relaxed);
        async move {
            assert!(!panics, "of the test");
            Ok(Response::new(Full::from("well")))
        }
    });
    assert_eq!(ask(&service).unwrap_err(), "it panicked");
    panics.store(false, Ordering::Relaxed);
    assert_eq!(ask(&service).unwrap(), "well");
}

#[test]
fn a_service_that_panics_before_it_has_a_future_is_contained_too() {
    let runtime = services();
    let service = mounted(&runtime, || -> Ready<Result<Response<Full<Bytes>>, Infallible>> { panic!("of the test") });
    assert_eq!(ask(&service).unwrap_err(), "it panicked");
}

/// A body that never comes, and whose end needs a runtime and panics.
struct Fragile;

impl http_body::Body for Fragile {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        tokio::spawn(async {});
        panic!("of the test");
    }
}

#[test]
fn what_is_dropped_has_its_runtime_and_its_panic_goes_no_further() {
    let runtime = services();
    let service = mounted(&runtime, || async { Ok(Response::new(Fragile)) });
    let mut call = service.call(Request::new(RequestBody::empty()));
    let worker = Builder::new_current_thread().build().unwrap();
    let answer = worker.block_on(poll_fn(|cx| call.poll(cx))).unwrap();
    drop(call.part(answer.into_body()));
}

#[test]
fn an_answer_to_a_question_is_bounded() {
    let runtime = services();
    let service = mounted(&runtime, || async { Ok(Response::new(Full::from("x".repeat(101)))) });
    assert_eq!(ask(&service).unwrap_err(), "its answer is too long");
}
