//! HTTP/2 over TLS: agreed on by ALPN, and held to the certificate that the client came for.
use std::sync::Arc;

use e2e::{Authority, Client, Gateway, Http2, Shown, Upstream, client, service};

fn gateway(certificates: &[&Shown], keys: &str, upstream: &Upstream) -> Gateway {
    let list: Vec<String> = certificates.iter().map(|one| one.toml()).collect();
    let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = [{}]\n", list.join(", "));
    Gateway::start(&format!("{tls}{keys}\n{}", service("app", &[upstream], "")))
}

fn connect(gateway: &Gateway, authority: &Authority, own: Option<&Shown>, protocols: &[&str]) -> Client {
    let mut tls = Arc::unwrap_or_clone(client(authority, own, &[]));
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Client::tls(gateway.https.unwrap(), &Arc::new(tls), "a.test").unwrap()
}

#[test]
fn the_handshake_chooses_the_version() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    for (offered, agreed) in [(&["http/1.1", "h2"][..], "h2"), (&["h2"], "h2"), (&["http/1.1"], "http/1.1")] {
        let mut client = connect(&gateway, &authority, None, offered);
        assert_eq!(client.session().alpn_protocol(), Some(agreed.as_bytes()), "{offered:?}");
        let (answer, via) = match agreed {
            "h2" => (Http2::over(client).get(1, "/"), "2 gateway"),
            _ => (client.get("/"), "1.1 gateway"),
        };
        assert_eq!(answer.text(), "ok");
        let seen = upstream.last();
        assert_eq!((seen.field("via"), seen.field("x-forwarded-proto")), (Some(via), Some("https")));
    }
}

#[test]
fn with_client_ca_a_stream_stays_with_its_certificate() {
    let (authority, clients, upstream) = (Authority::new(), Authority::new(), Upstream::ok());
    let keys = format!("server.tls.client_ca = '{}'", clients.file().display());
    let gateway = gateway(&[&authority.issue(&["a.test"]), &authority.issue(&["b.test"])], &keys, &upstream);
    let own = clients.issue(&["client"]);
    let mut client = Http2::over(connect(&gateway, &authority, Some(&own), &["h2"]));
    for (stream, host, status) in [(1, "a.test", 200), (3, "b.test", 421), (5, "a.test:8443", 200)] {
        let fields = [(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", "/")];
        client.send_fields(stream, &fields, true);
        let answer = client.answer(stream);
        assert_eq!(answer.status(), status, "{host}");
    }
    assert_eq!(upstream.requests().len(), 2);
}

/// A large answer and a large upload, each in many records.
#[test]
fn large_bodies_go_both_ways() {
    let (authority, upstream) =
        (Authority::new(), Upstream::answering(|request| e2e::with_body("200 OK", &request.body)));
    let gateway = gateway(&[&authority.issue(&["a.test"])], "", &upstream);
    let mut client = Http2::over(connect(&gateway, &authority, None, &["h2"]));
    let body: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    client.send_request(1, "POST", "/", &[], false);
    assert_eq!(client.send_body(1, &body), body.len());
    assert!(client.answer(1).body == body);
}
