//! `protocol`, and what fits it.
use std::ops::Range;

use super::Checks;
use crate::config::{
    Protocol,
    diagnose::{Code, Finding},
    read::{At, Text},
};

/// What is written, and where.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub(super) protocol: Protocol,
    span: Range<usize>,
}

/// What is written, if it is known.
pub(super) fn check(written: Option<&At<Text>>, checks: &mut Checks) -> Option<Spoken> {
    let text = written?;
    let protocol = Protocol::named(text.value.as_str());
    if protocol.is_none() {
        let message = format!("`{}` is no protocol of upstreams", text.value.shown());
        let finding = Finding::new(Code::BadProtocol, &text.span, message).label("not a protocol");
        let help = "expected \"http1\", \"h2\" (HTTP/2 over TLS) or \"h2c\" (HTTP/2 without TLS)";
        checks.report(finding.help(help));
    }
    protocol.map(|protocol| Spoken { protocol, span: text.span.clone() })
}

impl Spoken {
    /// Reports an upstream whose scheme says another thing of TLS than the protocol does.
    pub(super) fn report_unfit(&self, is_https: bool, url: &At<Text>, checks: &mut Checks) {
        let (why, help) = match (self.protocol, is_https) {
            (Protocol::H2, false) => {
                ("`h2` is HTTP/2 over TLS", "write `https://`, or `protocol = \"h2c\"` for HTTP/2 without TLS")
            }
            (Protocol::H2c, true) => {
                ("`h2c` is HTTP/2 without TLS", "write `http://`, or `protocol = \"h2\"` for HTTP/2 over TLS")
            }
            _ => return,
        };
        let message = format!("the upstream `{}` does not fit its protocol: {why}", url.value.shown());
        let finding = Finding::new(Code::Conflict, &url.span, message).label("this scheme");
        checks.report(finding.related(&self.span, "this protocol").help(help));
    }
}
