//! Which rules a proxy gets for a workload, and what it is asked.

use xtask::options::Workload;

use crate::{
    load::Work,
    peer::Peer,
    rules::{Algorithm, KeyError, Keys, NO_LIMIT, Rules},
};

/// How many tokens `get-hs256-many` takes in turn.
const MANY: u32 = 20_000;

/// How `workload` signs its tokens for `peer`; `None` where it has none. HAProxy 2.6 has no EdDSA: it verifies RS256
/// there, the nearest it has to a public key's signature.
pub(super) fn algorithm(workload: Workload, peer: &Peer) -> Option<Algorithm> {
    match workload {
        Workload::GetHs256 | Workload::GetHs256Many => Some(Algorithm::Hs256),
        Workload::GetEddsa if matches!(peer, Peer::HAProxy(_)) => Some(Algorithm::Rs256),
        Workload::GetEddsa => Some(Algorithm::EdDsa),
        Workload::GetRs256 => Some(Algorithm::Rs256),
        _ => None,
    }
}

/// What `workload` demands of `peer`; `None` for a plain forward.
pub(super) fn rules<'a>(workload: Workload, peer: &Peer, keys: &'a Keys) -> Option<Rules<'a>> {
    let algorithm = algorithm(workload, peer).filter(|_| peer.keeps_rules())?;
    Some(Rules { keys, algorithm, limit: NO_LIMIT })
}

/// What the load sends to `peer`. One without rules gets the same bytes, tokens and all.
pub(super) fn work(
    workload: Workload,
    peer: &Peer,
    keys: &Keys,
    address: std::net::SocketAddr,
) -> Result<Work, KeyError> {
    let Some(algorithm) = algorithm(workload, peer) else {
        return Ok(Work::new(workload, address));
    };
    let rules = Rules { keys, algorithm, limit: NO_LIMIT };
    let count = if workload == Workload::GetHs256Many { MANY } else { 1 };
    let field = |subject| rules.token(subject).map(|token| Rules::field(&token));
    let fields = (0..count).map(field).collect::<Result<Vec<_>, _>>()?;
    Ok(Work::with_fields(workload, address, &fields))
}

/// What a row is called: with the rules that are not the workload's own, or with none.
pub(super) fn label(workload: Workload, peer: &Peer) -> String {
    let name = peer.name();
    match algorithm(workload, peer) {
        Some(_) if !peer.keeps_rules() => format!("{name}, no rules"),
        Some(Algorithm::Rs256) if workload == Workload::GetEddsa => format!("{name}, RS256"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn who_keeps_what() {
        let keys = Keys::generate().unwrap();
        let [gateway, nginx, haproxy] = [Peer::Gateway, Peer::Nginx, Peer::HAProxy].map(|peer| peer(PathBuf::new()));
        let check = |workload, peer: &Peer, expected: Option<Algorithm>, name: &str| {
            let found = rules(workload, peer, &keys).map(|rules| rules.algorithm);
            assert_eq!((found, label(workload, peer).as_str()), (expected, name), "{workload:?}");
        };
        check(Workload::Get, &gateway, None, "gateway");
        check(Workload::GetEddsa, &gateway, Some(Algorithm::EdDsa), "gateway");
        check(Workload::GetEddsa, &haproxy, Some(Algorithm::Rs256), "haproxy, RS256");
        check(Workload::GetRs256, &haproxy, Some(Algorithm::Rs256), "haproxy");
        check(Workload::GetHs256Many, &gateway, Some(Algorithm::Hs256), "gateway");
        check(Workload::GetHs256, &nginx, None, "nginx, no rules");
        check(Workload::Newconn, &nginx, None, "nginx");
    }

    #[test]
    fn a_proxy_without_rules_is_sent_the_token_too() {
        let keys = Keys::generate().unwrap();
        let address = "127.0.0.1:1".parse().unwrap();
        let sent = |workload, count: usize| {
            let work = work(workload, &Peer::Nginx(PathBuf::new()), &keys, address).unwrap();
            assert_eq!(work.requests.len(), count);
            String::from_utf8(work.requests[count - 1].clone()).unwrap()
        };
        assert!(sent(Workload::GetRs256, 1).contains("\r\nAuthorization: Bearer ey"));
        assert!(!sent(Workload::Get, 1).contains("Authorization"));
        sent(Workload::GetHs256Many, 20_000);
    }
}
