//! One request to a service in this process.
use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Response, Version};
use tokio::time::Instant;

use crate::{
    body::{AnswerBody, Body},
    config::UpstreamTimeouts,
    h1::{
        client::Head,
        head::{ResponseHead, Seen},
        wire::Timer,
    },
    mounts::{BoxBody, BoxFuture, Call, Feed, Mounted, Panicked, RequestBody, ResponseBody},
    rejection::Rejection,
};

/// Calls the service and waits for the head of its answer, at most `timeouts.request` from now, or from the moment that
/// the request's body last moved. The service is told what would go over the wire.
pub(super) async fn send(
    mounted: &Mounted,
    head: &Head,
    host: &HeaderValue,
    body: &mut Body,
    timeouts: &UpstreamTimeouts,
) -> Result<(ResponseHead, AnswerBody), Rejection> {
    let (reader, mut feed) = RequestBody::of(std::mem::replace(body, Body::empty()));
    let mut call = mounted.call(head.to_request(host)?.map(|()| reader));
    let (now, mut timer) = (Instant::now(), Timer::default());
    let answer = poll_fn(|cx| {
        if let Poll::Ready(answer) = poll_answer(&mut call, &mut feed, cx) {
            return Poll::Ready(answer);
        }
        // What the client is slow to send is the client's time, not the service's.
        if feed.as_ref().is_some_and(|feed| feed.waits_for_client) {
            return Poll::Pending;
        }
        let since = feed.as_ref().and_then(|feed| feed.moved_at).unwrap_or(now);
        ready!(timer.poll(cx, since + timeouts.request));
        Poll::Ready(Err(Rejection::UpstreamTimeout))
    });
    let answer = answer.await?;
    // Nobody asked to switch protocols, and nothing follows an interim answer here.
    if answer.status().is_informational() {
        return Err(Rejection::UpstreamProtocol);
    }
    let (head, body) = ResponseBody::new(answer, &head.method, &call, feed);
    let head =
        ResponseHead { status: head.status, version: Version::HTTP_11, fields: head.headers, seen: Seen::default() };
    Ok((head, AnswerBody::Mounted(Box::new(body))))
}

/// Goes on with the call, and hands it what it asks for of the request's body.
fn poll_answer(
    call: &mut Call<BoxFuture>,
    feed: &mut Option<Feed>,
    cx: &mut Context<'_>,
) -> Poll<Result<Response<BoxBody>, Rejection>> {
    loop {
        if let Some(feed) = feed
            && let Poll::Ready(Err(rejection)) = feed.poll(cx)
        {
            return Poll::Ready(Err(rejection));
        }
        match call.poll(cx) {
            Poll::Ready(Ok(answer)) => return Poll::Ready(Ok(answer)),
            Poll::Ready(Err(Panicked)) => return Poll::Ready(Err(Rejection::UpstreamPanicked)),
            Poll::Pending if feed.as_ref().is_some_and(Feed::is_asked) => {}
            Poll::Pending => return Poll::Pending,
        }
    }
}
