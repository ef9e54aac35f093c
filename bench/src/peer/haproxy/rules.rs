//! The rules in HAProxy's language: a token as its manual's chapter on `jwt_verify` has it, a stick table for the
//! limit, a UUID for each request, a line of log for each, and the exporter of metrics.

use std::{io, net::SocketAddr, path::Path, process::Command};

use xtask::ports;

use crate::rules::{AUDIENCE, Algorithm, IDENTITY, ISSUER, Limit, Rules};

/// What rules add to the parts of a file. Each is empty or ends its last line, but for `log`, which is a statement.
pub(super) struct Sections {
    pub(super) global: String,
    pub(super) log: String,
    pub(super) frontend: String,
    pub(super) others: String,
}

impl Sections {
    /// Of a plain forward.
    pub(super) fn none() -> Self {
        Self { global: String::new(), log: "no log".into(), frontend: String::new(), others: String::new() }
    }
}

/// A place for the exporter of metrics, where this build has one.
pub(super) fn exporter(program: &Path) -> io::Result<Option<SocketAddr>> {
    let output = Command::new(program).arg("-vv").output()?;
    let has_one = String::from_utf8_lossy(&output.stdout).contains("prometheus-exporter");
    has_one.then(ports::free_address).transpose()
}

/// `directory` holds the keys.
pub(super) fn sections(rules: &Rules<'_>, directory: &Path, exporter: Option<SocketAddr>) -> Sections {
    let name = rules.algorithm.name();
    let key = match rules.algorithm {
        Algorithm::Hs256 => rules.keys.secret().to_owned(),
        // It has no EdDSA; `Peer::algorithm` never asks for it.
        Algorithm::Rs256 | Algorithm::EdDsa => directory.join("rsa.pem").display().to_string(),
    };
    let Limit { requests, seconds } = rules.limit;
    let metrics = exporter.map_or_else(String::new, |address| {
        format!("\nfrontend metrics\n    bind {address}\n    http-request use-service prometheus-exporter\n")
    });
    Sections {
        global: "    log stdout format raw local0 info\n".into(),
        log: "log global\n    option httplog".into(),
        // A limit of the addresses comes before the token, as with us; IPv6 counts by /64.
        frontend: format!(
            "    unique-id-format %[uuid()]
    unique-id-header X-Request-Id
    log-format '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %U %B %tsc %HM %HPO %HV %ID'
    http-response set-header X-Request-Id %[unique-id]
    http-request track-sc0 src,ipmask(32,64) table addresses
    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {requests} }}
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
    http-request set-var(txn.now) date()
    http-request deny deny_status 401 unless {{ var(txn.alg) -m str {name} }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {ISSUER} }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.aud') -m str {AUDIENCE} }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.exp','int'),sub(txn.now) -m int gt 0 }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(txn.alg,\"{key}\") 1 }}
    http-request set-header {IDENTITY} %[var(txn.token),jwt_payload_query('$.sub')]
"
        ),
        others: format!(
            "
backend addresses
    stick-table type ipv6 size 100k expire 2m store http_req_rate({seconds}s)
{metrics}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Keys;

    #[test]
    fn each_algorithm_has_its_key() {
        let keys = Keys::generate().unwrap();
        let check = |algorithm, expected: &str| {
            let rules = Rules { keys: &keys, algorithm, limit: Limit { requests: 7, seconds: 60 } };
            let sections = sections(&rules, Path::new("/somewhere"), None);
            assert!(sections.frontend.contains(expected), "{}", sections.frontend);
            assert!(sections.frontend.contains("sc_http_req_rate(0) gt 7"), "{}", sections.frontend);
            assert!(sections.others.contains("http_req_rate(60s)"), "{}", sections.others);
            assert!(!sections.others.contains("prometheus"));
        };
        check(Algorithm::Hs256, keys.secret());
        check(Algorithm::Rs256, "jwt_verify(txn.alg,\"/somewhere/rsa.pem\")");
        check(Algorithm::Rs256, "-m str RS256");
    }
}
