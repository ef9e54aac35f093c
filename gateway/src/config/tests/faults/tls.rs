//! `[server.tls]`, and a service's `tls`.
use super::{before_service, check, in_service};

#[test]
fn the_certificates() {
    let site = "{ cert = \"src/config/tests/site.pem\", key = \"src/config/tests/site.key\" }";
    let tls = |text: &str| format!("[server.tls]\n{text}");
    for (text, expected) in [
        ("listen = \"0.0.0.0:81\"", "1:1 missing_key"),
        ("certificates = []", "2:16 bad_certificate"),
        ("certificates = [\"site.pem\"]", "2:17 wrong_type"),
        ("certificates = [{ cert = \"src/config/tests/site.pem\" }]", "2:17 missing_key"),
        ("certificates = [{ key = \"src/config/tests/site.key\" }]", "2:17 missing_key"),
        ("certificates = { cert = \"no.pem\", key = \"src/config/tests/site.key\" }", "2:25 file_missing"),
        ("certificates = { cert = \"src\", key = \"src/config/tests/site.key\" }", "2:25 file_unreadable"),
        ("certificates = { cert = \"src/lib.rs\", key = \"src/config/tests/site.key\" }", "2:25 bad_certificate"),
        ("certificates = { cert = \"src/config/tests/site.pem\", key = \"src/lib.rs\" }", "2:60 bad_certificate"),
        (
            "certificates = { cert = \"src/config/tests/site.pem\", key = \"src/config/tests/other.key\" }",
            "2:60 bad_certificate",
        ),
    ] {
        before_service(&tls(text), &[expected]);
    }
    for (text, expected) in [
        ("listen = []", "2:10 bad_address"),
        ("listen = \"localhost:81\"", "2:10 bad_address"),
        ("listen = \"0.0.0.0:8000\"", "2:10 duplicate_address"),
        ("listen = \"127.0.0.1:8900\"", "2:10 duplicate_address"),
        ("client_ca = \"no.pem\"", "2:13 file_missing"),
        ("client_ca = \"src/config/tests/site.key\"", "2:13 bad_certificate"),
        ("redirect_http = \"yes\"", "2:17 wrong_type"),
    ] {
        before_service(&tls(&format!("{text}\ncertificates = {site}")), &[expected]);
    }
    for (text, expected) in [
        ("acme = { domains = [\"a.b\"] }", "2:8 missing_key"),
        ("acme = { terms_agreed = true }", "2:8 missing_key"),
        ("acme = { domains = [], terms_agreed = true }", "2:20 bad_host"),
        ("acme = { domains = [\"a.b\"], terms_agreed = false }", "2:44 conflict"),
        ("acme = { domains = \"*.a.b\", terms_agreed = true }", "2:20 bad_host"),
        ("acme = { domains = [\"a.b\", \"localhost\"], terms_agreed = true }", "2:28 bad_host"),
        ("acme = { domains = [\"a.b\", \"10.0.0.1\"], terms_agreed = true }", "2:28 bad_host"),
        ("acme = { domains = [\"a.b\", \"../a.b\"], terms_agreed = true }", "2:28 bad_host"),
        ("acme = { domains = \"a.b\", terms_agreed = true, contact = \"mailto:a@b\" }", "2:58 bad_url"),
        ("acme = { domains = \"a.b\", terms_agreed = true, directory = \"http://a.b/d\" }", "2:60 bad_url"),
        ("acme = { domains = \"a.b\", terms_agreed = true, directory = \"https:///d\" }", "2:60 bad_url"),
        ("acme = { domains = \"a.b\", terms_agreed = true, ca = \"no.pem\" }", "2:53 file_missing"),
        ("acme = { domains = \"a.b\", terms_agreed = true, retry = \"0s\" }", "2:56 out_of_range"),
    ] {
        before_service(&tls(text), &[expected]);
    }
    // Both files of a pair are told at once.
    let neither = "certificates = { cert = \"no.pem\", key = \"no.key\" }";
    before_service(&tls(neither), &["2:25 file_missing", "2:41 file_missing"]);
}

#[test]
fn the_trust_in_upstreams() {
    let service =
        |tls: &str| format!("[services.user]\nupstreams = [\"https://a\"]\nroutes = [\"/users\"]\ntls = {{ {tls} }}\n");
    for (tls, expected) in [
        ("ca = \"no.pem\"", "4:14 file_missing"),
        ("ca = \"src/config/tests/site.key\"", "4:14 bad_certificate"),
        ("server_name = \"a b\"", "4:23 bad_host"),
        ("server_name = \"a:443\"", "4:23 bad_host"),
        ("cert = \"src/config/tests/site.pem\"", "4:16 missing_key"),
        ("key = \"src/config/tests/site.key\"", "4:15 missing_key"),
        ("verify = false", "4:9 unknown_key"),
    ] {
        check(&service(tls), &[expected]);
    }
    in_service("tls = {}", &["4:7 conflict"]);
}
