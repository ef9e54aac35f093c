use std::{
    collections::VecDeque,
    io::Read,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// What a client reads.
fn decoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        Coding::Gzip => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).map(drop),
        Coding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).map(drop),
        Coding::Zstd => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut out).map(drop),
    }
    .unwrap();
    out
}

/// All that comes out of a body, at once.
fn all(body: &mut Coded) -> Vec<u8> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut out = Vec::new();
    loop {
        match body.poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => out.extend_from_slice(frame.data_ref().unwrap()),
            Poll::Ready(Some(Err(rejection))) => panic!("{rejection:?}"),
            Poll::Ready(None) => return out,
            // It lets others have their turn.
            Poll::Pending => {}
        }
    }
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_sent(text in proptest::collection::vec(any::<u8>(), 0..200_000), repeat in 1..20usize) {
        for coding in Coding::ALL {
            let whole = text.repeat(if text.len() < 5_000 { repeat } else { 1 });
            let mut body = Coded::new(Body::full(whole.clone()), Encoder::new(coding).unwrap());
            prop_assert_eq!(decoded(coding, &all(&mut body)), whole);
            prop_assert!(body.is_end());
        }
    }
}

/// What was written before a flush can be read before the end.
#[test]
fn a_flush_lets_out_all_that_came() {
    for coding in Coding::ALL {
        let mut encoder = Encoder::new(coding).unwrap();
        let mut sent = Vec::new();
        let mut events: VecDeque<_> = (0..20).map(|n| format!("data: {n}\n\n")).collect();
        let mut read = Vec::new();
        while let Some(event) = events.pop_front() {
            encoder.write(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            sent.extend_from_slice(event.as_bytes());
            read.append(encoder.out());
            let mut out = vec![0; sent.len()];
            match coding {
                Coding::Gzip => flate2::read::GzDecoder::new(&read[..]).read_exact(&mut out),
                Coding::Brotli => brotli::Decompressor::new(&read[..], 4096).read_exact(&mut out),
                Coding::Zstd => zstd::stream::read::Decoder::new(&read[..]).unwrap().read_exact(&mut out),
            }
            .unwrap();
            assert_eq!(out, sent, "{coding:?}");
        }
    }
}

/// The fields of a 200 to a client that takes gzip, after these of its upstream.
fn after(status: u16, given: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut response = Response::new(Body::full(Bytes::from_static(b"x")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let fields = given.iter().map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    *response.headers_mut() = fields.collect();
    Accepted { coding: Some(Coding::Gzip) }.apply(&Method::GET, &mut response);
    let shown = response.headers().iter().filter(|(name, _)| *name != header::CONTENT_TYPE);
    let mut shown: Vec<_> = shown.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    shown.sort_unstable();
    shown
}

const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");

#[track_caller]
fn check(given: &[(&'static str, &'static str)], expected: &[&str]) {
    assert_eq!(after(200, given), expected, "{given:?}");
}

#[test]
fn fields_say_what_became_of_the_answer() {
    check(&[TEXT], &["content-encoding: gzip", "vary: Accept-Encoding"]);
    check(
        &[TEXT, ("content-length", "1024"), ("accept-ranges", "bytes"), ("etag", "\"a\""), ("vary", "Origin")],
        &["content-encoding: gzip", "etag: W/\"a\"", "vary: Origin, Accept-Encoding"],
    );
    check(&[TEXT, ("etag", "W/\"a\"")], &["content-encoding: gzip", "etag: W/\"a\"", "vary: Accept-Encoding"]);
}

#[test]
fn what_must_not_be_changed_is_not() {
    for (name, value) in [
        ("content-length", "1023"),
        ("content-encoding", "br"),
        ("content-encoding", "identity"),
        ("cache-control", "public, No-Transform"),
        ("content-range", "bytes 0-1/2"),
        ("content-digest", "sha-256=:AA==:"),
        ("content-md5", "AA=="),
    ] {
        check(&[TEXT, (name, value)], &[&format!("{name}: {value}")]);
    }
    check(&[], &[]);
    assert_eq!(after(206, &[TEXT]), Vec::<String>::new());
    assert_eq!(after(204, &[TEXT]), Vec::<String>::new());
    assert_eq!(after(304, &[("etag", "\"a\"")]), ["etag: W/\"a\"", "vary: Accept-Encoding"]);
}

#[test]
fn types_that_gain() {
    let check = |kinds: &[&str], expected: bool| {
        for kind in kinds {
            assert_eq!(gains(kind), expected, "{kind}");
        }
    };
    check(&["text/html", "TEXT/css; charset=x", "application/json", "application/problem+json", "image/svg+xml"], true);
    check(&["application/wasm", "application/javascript", "text/event-stream", "application/atom+xml"], true);
    check(&["image/png", "image/jpeg", "video/mp4", "application/zip", "application/gzip", "font/woff2"], false);
    check(&["application/grpc", "application/grpc+json", "application/grpc-web+json", "application/pdf", ""], false);
    check(&["application/octet-stream", "multipart/form-data"], false);
}
