//! The health protocol of gRPC (<https://github.com/grpc/grpc/blob/master/doc/health-checking.md>).
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, header};

use super::{agent, http2};
use crate::{
    grpc,
    upstream::{Place, Upstream},
};

const CHECK: &str = "/grpc.health.v1.Health/Check";
/// The longest answer, in bytes.
const MAX_ANSWER: usize = 4096;
/// A message's head: whether it is compressed, and its length.
const HEAD: usize = 5;
/// `status` of the answer, a varint, and its value `SERVING`.
const STATUS: u8 = 1 << 3;
const SERVING: u8 = 1;

impl Upstream {
    /// Asks `Check` for this service, or the server as a whole where it is empty: why it is not `SERVING`, if it is not. It
    /// has no time limit.
    pub(crate) async fn check_grpc(&self, service: &str) -> Result<(), String> {
        let Place::Remote(address) = &self.place else {
            return Err("a service in this process has no health by gRPC".into());
        };
        let question = Request::post(CHECK)
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header(header::USER_AGENT, agent("health"))
            .body(())
            .map_err(|error| error.to_string())?;
        let answer = http2::ask(address, &self.authority, question, message(service), MAX_ANSWER).await?;
        if !answer.head.status.is_success() {
            return Err(format!("answered {}", answer.head.status));
        }
        // An answer of trailers alone has them in its head.
        let ended = answer.trailers.as_ref().and_then(status).or_else(|| status(&answer.head.headers));
        match ended {
            Some("0") => serving(&answer.body),
            Some("5") => Err(format!("it knows no service `{service}` (grpc-status 5)")),
            Some(other) => Err(format!("grpc-status {other}")),
            None => Err("its answer has no grpc-status".into()),
        }
    }
}

fn status(fields: &HeaderMap) -> Option<&str> {
    fields.get(grpc::STATUS).map(HeaderValue::to_str).and_then(Result::ok)
}

/// `HealthCheckRequest { service = 1 }`, as a message of gRPC.
fn message(service: &str) -> Bytes {
    let mut field = BytesMut::new();
    if !service.is_empty() {
        field.put_u8(1 << 3 | 2);
        let mut length = service.len();
        while length >= 128 {
            field.put_u8(u8::try_from(length % 128).unwrap_or_default() | 128);
            length /= 128;
        }
        field.put_u8(u8::try_from(length).unwrap_or_default());
        field.put_slice(service.as_bytes());
    }
    let mut message = BytesMut::with_capacity(HEAD + field.len());
    message.put_u8(0);
    message.put_u32(u32::try_from(field.len()).unwrap_or_default());
    message.put(field);
    message.freeze()
}

/// Whether `HealthCheckResponse { status = 1 }` says `SERVING`.
fn serving(body: &[u8]) -> Result<(), String> {
    match body.get(HEAD..) {
        Some([STATUS, SERVING]) => Ok(()),
        Some([] | [STATUS, 0]) => Err("answered UNKNOWN".into()),
        Some([STATUS, 2]) => Err("answered NOT_SERVING".into()),
        Some([STATUS, 3]) => Err("answered SERVICE_UNKNOWN".into()),
        _ => Err("its answer is no HealthCheckResponse".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_message_of_one_string() {
        assert_eq!(*message(""), [0; 5]);
        assert_eq!(*message("a.B"), *b"\0\0\0\0\x05\x0a\x03a.B");
        let long = message(&"x".repeat(300));
        assert_eq!(long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
    }

    #[test]
    fn serving_alone_is_healthy() {
        assert_eq!(serving(b"\0\0\0\0\x02\x08\x01"), Ok(()));
        for (body, expected) in [
            (&b"\0\0\0\0\0"[..], "UNKNOWN"),
            (b"\0\0\0\0\x02\x08\0", "UNKNOWN"),
            (b"\0\0\0\0\x02\x08\x02", "NOT_SERVING"),
            (b"\0\0\0\0\x02\x08\x03", "SERVICE_UNKNOWN"),
            (b"\0\0\0\0\x02\x08\x09", "no HealthCheckResponse"),
            (b"", "no HealthCheckResponse"),
            (b"ok", "no HealthCheckResponse"),
        ] {
            assert!(serving(body).is_err_and(|why| why.contains(expected)), "{body:?}");
        }
    }
}
