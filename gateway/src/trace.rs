//! Stage 3: a request gets its identity: an id, a place in a distributed trace, and the moment it began.
use std::{rc::Rc, sync::atomic::Ordering::Relaxed, time::Instant};

use http::{HeaderMap, Request, header};

use crate::{
    body::Body,
    exchange::{Exchange, Origin, RequestId, TRACEPARENT, TracePosition, X_REQUEST_ID},
    grpc,
    worker::{Core, Worker},
};

/// Longest id that is taken from a trusted proxy.
const MAX_ID: usize = 128;

/// Opens the exchange. What is decided here, stage 6 writes, once the client's own fields are sorted out.
pub(crate) fn open(request: &Request<Body>, from: Origin, worker: Rc<Worker>) -> Box<Exchange> {
    let started = Instant::now();
    let is_grpc = grpc::is_call(request);
    let timeout = if is_grpc { grpc::timeout(request.headers()) } else { None };
    let Origin { client, is_trusted } = from;
    worker.core.gauges.in_flight.fetch_add(1, Relaxed);
    Box::new(Exchange {
        started,
        request_id: request_id(request, is_trusted, &worker.core, started),
        trace: position(request.headers(), &worker.core),
        client,
        is_trusted,
        method: request.method().clone(),
        host: request.headers().get(header::HOST).cloned(),
        uri: Some(request.uri().clone()),
        version: request.version(),
        is_grpc,
        deadline: timeout.and_then(|timeout| started.checked_add(timeout)),
        bytes_in: request.body().meter(),
        bytes_out: 0,
        route: None,
        origin: None,
        identity: None,
        standing: None,
        permitted: started,
        granted: Vec::new(),
        upstream: None,
        upstream_time: None,
        retries: 0,
        hedged: 0,
        may_resend: true,
        affinity: 0,
        upgrades: false,
        status: 0,
        failure: None,
        ended: false,
        worker,
    })
}

/// Where the request stands in which trace: the client's is continued, or one begins here.
fn position(fields: &HeaderMap, core: &Core) -> TracePosition {
    // Two of them say nothing.
    let mut parents = fields.get_all(TRACEPARENT).iter();
    let parent = match (parents.next(), parents.next()) {
        (Some(parent), None) => TraceParent::parse(parent.as_bytes()),
        _ => None,
    };
    let is_continued = parent.is_some();
    TracePosition { traceparent: parent.unwrap_or_else(|| TraceParent::start(core)).child(core), is_continued }
}

fn request_id(request: &Request<Body>, is_trusted: bool, core: &Core, now: Instant) -> RequestId {
    if is_trusted
        && let Some(id) = request.headers().get(X_REQUEST_ID)
        && (1..=MAX_ID).contains(&id.len())
        && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:=+/".contains(b))
    {
        return RequestId::from_slice(id.as_bytes());
    }
    new_request_id(core, now)
}

/// A UUIDv7: its time orders the lines of a log.
pub(crate) fn new_request_id(core: &Core, now: Instant) -> RequestId {
    let random = core.random_u128().to_le_bytes();
    let random = random.first_chunk::<10>().expect("16 bytes have a first 10");
    let id = uuid::Builder::from_unix_timestamp_millis(core.clock.unix_micros(now) / 1000, random).into_uuid();
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    id.hyphenated().encode_lower(&mut text);
    RequestId::from_buf(text)
}

/// Where in which trace a request stands (W3C Trace Context §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TraceParent {
    trace: u128,
    sampled: bool,
}

impl TraceParent {
    /// A new trace.
    fn start(core: &Core) -> Self {
        Self { trace: core.random_u128().max(1), sampled: true }
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>`, lower case, no id all zeros; a later version may go on after a `-`.
    fn parse(text: &[u8]) -> Option<Self> {
        let (version, rest) = (hex(text.get(..2)?)?, text.get(2..55)?);
        let sound = rest[0] == b'-' && rest[33] == b'-' && rest[50] == b'-';
        let ends =
            if version == 0 { text.len() == 55 } else { version != 255 && matches!(text.get(55), None | Some(b'-')) };
        let (trace, parent, flags) = (hex(&rest[1..33])?, hex(&rest[34..50])?, hex(&rest[51..53])?);
        (sound && ends && trace != 0 && parent != 0).then_some(Self { trace, sampled: flags & 1 == 1 })
    }

    /// The header of a new span under this trace.
    fn child(self, core: &Core) -> [u8; 55] {
        #[allow(clippy::cast_possible_truncation, reason = "a span id is 64 random bits")]
        let span = (core.random_u128() as u64).max(1);
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut text[3..35], &self.trace.to_be_bytes());
        write_hex(&mut text[36..52], &span.to_be_bytes());
        text[54] = b'0' + u8::from(self.sampled);
        text
    }
}

/// Lower-case hexadecimal digits only.
fn hex(text: &[u8]) -> Option<u128> {
    text.iter().try_fold(0u128, |value, &b| {
        let digit = match b {
            b'0'..=b'9' => b - b'0',
            b'a'..=b'f' => b - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

fn write_hex(out: &mut [u8], bytes: &[u8]) {
    for (pair, &byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&HEX[usize::from(byte)]);
    }
}

/// Each byte's two digits.
static HEX: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (mut table, mut byte) = ([[0; 2]; 256], 0);
    while byte < 256 {
        table[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sound_traceparent_is_continued() {
        let parse = |text: &str| TraceParent::parse(text.as_bytes());
        let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
        let sound = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(parse(sound), Some(TraceParent { trace, sampled: true }));
        assert_eq!(parse(&sound.replace("-01", "-00")), Some(TraceParent { trace, sampled: false }));
        assert_eq!(parse(&format!("cc{}-more", &sound[2..])), Some(TraceParent { trace, sampled: true }));
        for bad in [
            "",
            "00",
            &sound[..54],
            &format!("{sound}-more"),
            &format!("{sound}0"),
            &sound.to_uppercase(),
            &format!("ff{}", &sound[2..]),
            &sound.replace("00f067aa0ba902b7", "0000000000000000"),
            &sound.replace("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            &sound.replace('-', "_"),
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
