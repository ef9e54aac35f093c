//! Clients as people have them: reqwest, and OpenSSL's own where it is installed.
use std::{
    io::Write,
    net::SocketAddr,
    process::{Command, Stdio},
};

use e2e::{Authority, Gateway, Upstream, service, with_body};
use reqwest::{Certificate, ClientBuilder, redirect::Policy, tls::TlsInfo};

fn gateway(authority: &Authority, keys: &str, upstream: &Upstream) -> (Gateway, [Vec<u8>; 2]) {
    let shown = [authority.issue(&["a.test"]), authority.issue(&["b.test"])];
    let list = format!("[{}, {}]", shown[0].toml(), shown[1].toml());
    let tls = format!("server.tls.listen = '127.0.0.1:0'\nserver.tls.certificates = {list}\n{keys}");
    let gateway = Gateway::start(&format!("{tls}\n{}", service("app", &[upstream], "")));
    (gateway, shown.map(|one| one.der().to_vec()))
}

/// What every name leads to is this machine.
fn builder(authority: &Authority) -> ClientBuilder {
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let root = Certificate::from_der(&authority.certificate).unwrap();
    let builder = reqwest::Client::builder().tls_certs_only([root]).tls_info(true).no_proxy();
    ["a.test", "b.test", "unknown.test"].into_iter().fold(builder, |builder, name| builder.resolve(name, here))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn reqwest_is_sent_to_https_and_stays_there() {
    let (authority, upstream) = (Authority::new(), Upstream::answering(|request| with_body("200 OK", &request.body)));
    let (gateway, [first, second]) = gateway(&authority, "server.tls.redirect_http = true", &upstream);
    let client = builder(&authority).redirect(Policy::limited(1)).build().unwrap();
    run(async {
        let from = format!("http://b.test:{}/x?y=1", gateway.address.port());
        // 308 keeps the method and the body.
        let answer = client.post(from).body("body").send().await.unwrap();
        assert_eq!(answer.url().as_str(), format!("https://b.test:{}/x?y=1", gateway.https.unwrap().port()));
        assert_eq!(answer.extensions().get::<TlsInfo>().unwrap().peer_certificate(), Some(&second[..]));
        assert_eq!(answer.text().await.unwrap(), "body");
        for _ in 0..3 {
            let url = format!("https://a.test:{}/", gateway.https.unwrap().port());
            let answer = client.get(url).send().await.unwrap();
            assert_eq!(answer.extensions().get::<TlsInfo>().unwrap().peer_certificate(), Some(&first[..]));
            assert_eq!(answer.status(), 200);
        }
    });
    gateway.wait_metric("gateway_tls_handshakes_total{result=\"full\"}", 2.0);
    assert_eq!(upstream.last().field("x-forwarded-proto"), Some("https"));
}

/// SPEC §3.1: an unknown name, or none, gets the first certificate.
#[test]
fn whoever_asks_for_another_name_or_none_is_shown_the_first_certificate() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (gateway, [first, _]) = gateway(&authority, "", &upstream);
    let url = format!("https://unknown.test:{}/", gateway.https.unwrap().port());
    run(async {
        let strict = builder(&authority).build().unwrap().get(&url).send().await;
        assert!(strict.unwrap_err().is_connect());
        for with_name in [true, false] {
            let client = builder(&authority).tls_danger_accept_invalid_certs(true).tls_sni(with_name).build().unwrap();
            let answer = client.get(&url).send().await.unwrap();
            assert_eq!(answer.extensions().get::<TlsInfo>().unwrap().peer_certificate(), Some(&first[..]));
            assert_eq!(answer.status(), 200);
        }
    });
}

#[test]
fn openssl_gets_in_and_resumes() {
    let (authority, upstream) = (Authority::new(), Upstream::ok());
    let (gateway, _) = gateway(&authority, "server.workers = 2", &upstream);
    let (ca, address) = (authority.file(), gateway.https.unwrap().to_string());
    let s_client = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &address, "-CAfile", ca.to_str().unwrap(), "-verify_return_error"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let request = b"GET / HTTP/1.1\r\nhost: b.test\r\nconnection: close\r\n\r\n";
        process.stdin.take().unwrap().write_all(request).unwrap();
        Some(String::from_utf8_lossy(&process.wait_with_output().unwrap().stdout).into_owned())
    };
    let session = authority.file().with_file_name("session.pem");
    let session = session.to_str().unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let name = ["-servername", "b.test", "-verify_hostname", "b.test", "-ign_eof", version];
        let Some(first) = s_client(&[&name[..], &["-sess_out", session]].concat()) else {
            eprintln!("there is no openssl here: nothing is tested");
            return;
        };
        assert!(first.contains("HTTP/1.1 200 OK") && first.contains("New, TLSv1."), "{first}");
        assert!(first.contains("Verify return code: 0 (ok)"), "{first}");
        let again = s_client(&[&name[..], &["-sess_in", session]].concat()).unwrap();
        assert!(again.contains("HTTP/1.1 200 OK") && again.contains("Reused, TLSv1."), "{again}");
    }
}
