use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::Wake,
};

use http_body_util::BodyExt;

use super::*;

/// A waker that counts.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn task() -> (Arc<Counter>, Waker) {
    let counter = Arc::new(Counter::default());
    (Arc::clone(&counter), Waker::from(counter))
}

fn woken(counter: &Counter) -> usize {
    counter.0.swap(0, Ordering::Relaxed)
}

fn next(body: &mut RequestBody, waker: &Waker) -> Poll<Option<Result<Bytes, Broken>>> {
    let piece = Pin::new(body).poll_frame(&mut Context::from_waker(waker));
    piece.map(|piece| piece.map(|piece| piece.map(|frame| frame.into_data().unwrap())))
}

fn feed_and_body(text: &'static str) -> (RequestBody, Feed) {
    let (body, feed) = RequestBody::of(Body::full(text));
    (body, feed.unwrap())
}

#[test]
fn nothing_is_read_before_it_is_asked_for() {
    let ((service, of_service), (client, of_client)) = (task(), task());
    let (mut body, mut feed) = feed_and_body("hello");
    assert_eq!(body.size_hint().exact(), Some(5));

    assert!(feed.poll(&mut Context::from_waker(&of_client)).is_pending());
    assert!(!feed.is_asked() && feed.moved_at.is_none());

    assert!(next(&mut body, &of_service).is_pending());
    assert!(feed.is_asked());
    assert_eq!(woken(&client), 1, "the feed is in another task, which has to be told");

    assert_eq!(feed.poll(&mut Context::from_waker(&of_client)), Poll::Ready(Ok(())));
    assert_eq!(woken(&service), 1);
    assert_eq!(next(&mut body, &of_service), Poll::Ready(Some(Ok(Bytes::from("hello")))));
    assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
    assert_eq!(next(&mut body, &of_service), Poll::Ready(None));
}

#[test]
fn two_ends_in_one_task_do_not_wake_it() {
    let (task, waker) = task();
    let (mut body, mut feed) = feed_and_body("hello");
    assert!(feed.poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(next(&mut body, &waker).is_pending());
    assert!(feed.poll(&mut Context::from_waker(&waker)).is_ready());
    assert!(next(&mut body, &waker).is_ready());
    assert_eq!(woken(&task), 0);
}

#[test]
fn a_body_that_nobody_reads_ends_its_feed() {
    let (client, of_client) = task();
    let (body, mut feed) = feed_and_body("hello");
    assert!(feed.poll(&mut Context::from_waker(&of_client)).is_pending());
    drop(body);
    assert_eq!(woken(&client), 1);
    assert_eq!(feed.poll(&mut Context::from_waker(&of_client)), Poll::Ready(Ok(())));
    assert!(feed.moved_at.is_none(), "it was read all the same");
}

#[tokio::test]
async fn a_request_without_a_body_needs_no_feed() {
    let (body, feed) = RequestBody::of(Body::empty());
    assert!(feed.is_none() && body.is_end_stream());
    assert!(body.collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn both_ends_of_two_tasks_go_on_together() {
    let (body, mut feed) = feed_and_body("from one thread to another");
    let read = tokio::task::spawn_blocking(|| futures_block_on(body.collect()));
    poll_fn(|cx| feed.poll(cx)).await.unwrap();
    assert_eq!(read.await.unwrap().unwrap().to_bytes(), "from one thread to another");
}

fn futures_block_on<F: Future>(future: F) -> F::Output {
    struct Thread(std::thread::Thread);
    impl Wake for Thread {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Thread(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
