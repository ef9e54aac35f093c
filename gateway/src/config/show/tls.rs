//! Certificates as `/config` shows them: by their files and their names, never by what is in them.
use serde_json::{Value, json};

use crate::config::{Certificate, Tls, UpstreamTls};

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

pub(super) fn of_upstreams(tls: &UpstreamTls) -> Value {
    let mut shown = tls.identity.as_ref().map_or_else(|| json!({}), certificate);
    if let Some(roots) = &tls.ca {
        shown["ca"] = roots.file.display().to_string().into();
    }
    if let Some(name) = tls.server_name() {
        shown["server_name"] = name.into();
    }
    shown
}
