//! Certificates as `/config` shows them: by their files and their names, never by what is in them.
use serde_json::{Value, json};

use crate::config::{Certificate, Tls};

pub(super) fn tls(tls: &Tls) -> Value {
    let mut shown = json!({
        "listen": tls.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "certificates": tls.certificates.iter().map(certificate).collect::<Vec<_>>(),
        "redirect_http": tls.redirect_http,
    });
    if let Some(roots) = &tls.client_ca {
        shown["client_ca"] = roots.file.display().to_string().into();
    }
    shown
}

fn certificate(certificate: &Certificate) -> Value {
    json!({ "cert": certificate.cert.display().to_string(), "key": certificate.key.display().to_string() })
}
