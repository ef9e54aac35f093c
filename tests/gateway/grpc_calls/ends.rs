//! Calls that their clients end early: the server hears of it.
use std::time::Duration;

use super::{
    parts::{Guard, Notes},
    *,
};

/// A server whose handler never answers, and tells the `grpc-timeout` that it was given, and its end.
fn silent() -> (std::net::SocketAddr, mpsc::Sender<()>, mpsc::UnboundedReceiver<String>) {
    let (seen, sight) = mpsc::unbounded_channel();
    let (server, alive) = serve(Method::Unary(handler(move |asked: Request<Note>| {
        let guard = Guard(seen.clone());
        async move {
            let timeout = asked.metadata().get("grpc-timeout").map(|value| value.to_str().unwrap().to_owned());
            guard.0.send(timeout.unwrap_or_default()).unwrap();
            std::future::pending().await
        }
    })));
    (server, alive, sight)
}

/// With `grpc-timeout` the server's own clock may be faster than the client's cancel; without, only that ends the handler.
#[test]
fn a_deadline_is_told_and_ends_the_handler() {
    let (server, _alive, mut sight) = silent();
    let gateway = before(server, "");
    block_on(async {
        let limit = Duration::from_millis(300);
        let mut asked = Request::new(note(1));
        asked.set_timeout(limit);
        let told = asked.metadata().get("grpc-timeout").unwrap().to_str().unwrap().to_owned();
        let ended = Caller::connect(&gateway).await.unary(asked).await.unwrap_err();
        assert_eq!(ended.code(), Code::Cancelled, "tonic's word for it: {ended:?}");
        assert_eq!((sight.recv().await, sight.recv().await), (Some(told), Some("dropped".to_owned())));
        let impatient = Caller::with(&gateway, |endpoint| endpoint.timeout(limit)).await;
        let ended = impatient.unary(note(1)).await.unwrap_err();
        assert_eq!(ended.code(), Code::Cancelled, "{ended:?}");
        assert_eq!((sight.recv().await, sight.recv().await), (Some(String::new()), Some("dropped".to_owned())));
    });
}

/// What came before is the client's, and then it is told why there is no more.
#[test]
fn a_stream_that_is_out_of_time_ends_with_a_status() {
    let (seen, mut sight) = mpsc::unbounded_channel();
    let (server, _alive) = serve(Method::ServerStreaming(handler(move |_| {
        let guard = Guard(seen.clone());
        let told = stream::unfold((guard, 1), async |(guard, number)| match number {
            1 => Some((Ok(note(number)), (guard, number + 1))),
            _ => std::future::pending().await,
        });
        async { Ok(Response::new(Box::pin(told) as Notes)) }
    })));
    let gateway = before(server, "timeouts.total = '500ms'");
    block_on(async {
        let mut told = Caller::connect(&gateway).await.server_streaming(note(0)).await.unwrap();
        assert_eq!(told.message().await.unwrap(), Some(note(1)));
        let ended = told.message().await.unwrap_err();
        assert_eq!(ended.code(), Code::DeadlineExceeded, "{ended:?}");
        assert_eq!(sight.recv().await.unwrap(), "dropped");
    });
}

/// The other calls of the connection go on.
#[test]
fn a_stream_that_is_dropped_ends_its_handler_alone() {
    let (seen, mut sight) = mpsc::unbounded_channel();
    let more = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&more);
    let (server, _alive) = serve(Method::ServerStreaming(handler(move |_| {
        let (guard, held) = (Guard(seen.clone()), Arc::clone(&held));
        let told = stream::unfold((guard, held, 1), async |(guard, held, number)| {
            if number > 1 {
                held.acquire().await.unwrap().forget();
            }
            Some((Ok(note(number)), (guard, held, number + 1)))
        });
        async { Ok(Response::new(Box::pin(told) as Notes)) }
    })));
    let gateway = before(server, "");
    block_on(async {
        let caller = Caller::connect(&gateway).await;
        let mut dropped = caller.server_streaming(note(0)).await.unwrap();
        let mut kept = caller.server_streaming(note(0)).await.unwrap();
        for told in [&mut dropped, &mut kept] {
            assert_eq!(told.message().await.unwrap(), Some(note(1)));
        }
        drop(dropped);
        assert_eq!(sight.recv().await.unwrap(), "dropped");
        more.add_permits(1);
        assert_eq!(kept.message().await.unwrap(), Some(note(2)));
        assert!(sight.try_recv().is_err(), "the other's handler lives");
    });
}
