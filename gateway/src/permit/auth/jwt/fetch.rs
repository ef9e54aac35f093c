//! One GET for keys: an answer of a bounded size, in a bounded time, without redirects.
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{Asking, MAX_ANSWER};
use crate::{mounts::Mounted, tls};

/// For the connect, the handshake and the whole answer together.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What an issuer answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Bytes,
    /// `max-age` of its `Cache-Control`.
    pub(super) max_age: Option<Duration>,
}

/// Asks a service of this process for its keys.
pub(super) async fn ask_mounted(service: &Mounted, path: &str) -> Result<Answer, String> {
    let question = question(path, service.name())?;
    let asked = tokio::time::timeout(TIMEOUT, service.ask(question, MAX_ANSWER)).await;
    let (head, body) = asked.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")))?;
    only_200(head.status)?;
    Ok(Answer { body, max_age: max_age(&head.headers) })
}

/// Asks an upstream of a service for its keys, by the service's own rules of TLS.
pub(super) async fn ask_upstream(asking: Asking) -> Result<Answer, String> {
    let asked = tokio::time::timeout(TIMEOUT, asking).await;
    let (head, body) = asked.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")))?;
    only_200(head.status)?;
    Ok(Answer { body, max_age: max_age(&head.headers) })
}

/// Asks for `url`, http or https; only 200 is an answer.
pub(super) async fn get(url: &Uri) -> Result<Answer, String> {
    let asked = async {
        let host = url.host().ok_or("the URL has no host")?;
        let is_https = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((bare, port)).await.map_err(|error| format!("cannot connect: {error}"))?;
        if !is_https {
            return ask(stream, url).await;
        }
        let name = ServerName::try_from(bare.to_owned()).map_err(|error| error.to_string())?;
        let stream = TlsConnector::from(tls::system()).connect(name, stream).await;
        ask(stream.map_err(|error| format!("no TLS: {error}"))?, url).await
    };
    tokio::time::timeout(TIMEOUT, asked).await.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}")))
}

async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin, url: &Uri) -> Result<Answer, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let exchange = async move {
        let target = url.path_and_query().map_or("/", |target| target.as_str());
        let host = url.authority().map_or("", |authority| authority.as_str());
        let mut request = question(target, host)?.map(|()| Empty::new());
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        only_200(response.status())?;
        let max_age = max_age(response.headers());
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await.map_err(|error| error.to_string())?;
        Ok(Answer { body: body.to_bytes(), max_age })
    };
    let (outcome, _) = tokio::join!(exchange, connection);
    outcome
}

fn question(target: &str, host: &str) -> Result<Request<()>, String> {
    Request::get(target)
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .header(header::USER_AGENT, concat!("gateway/", env!("CARGO_PKG_VERSION"), " (keys)"))
        .body(())
        .map_err(|error| error.to_string())
}

fn only_200(status: StatusCode) -> Result<(), String> {
    if status == StatusCode::OK { Ok(()) } else { Err(format!("answered {status}")) }
}

/// RFC 9111 §5.2.2.1.
fn max_age(fields: &HeaderMap) -> Option<Duration> {
    let values = fields.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let seconds = directives.find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse().ok())
    });
    seconds.flatten().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_says_how_long_its_answer_is_good() {
        for (value, expected) in [
            ("max-age=60", Some(60)),
            ("public, Max-Age=\"5\"", Some(5)),
            ("no-store", None),
            ("max-age=soon", None),
            ("s-maxage=9", None),
        ] {
            let fields = HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static(value))]);
            assert_eq!(max_age(&fields), expected.map(Duration::from_secs), "{value}");
        }
    }
}
