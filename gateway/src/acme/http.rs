//! One question to the authority: an answer of a bounded size, in a bounded time.
use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// For the connect, the handshake and the whole answer together.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest answer, in bytes: a chain of certificates.
const MAX_ANSWER: usize = 256 * 1024;

/// Asks over https alone, by this trust, on a connection for each question.
#[derive(Debug)]
pub(super) struct Http(pub(super) Arc<ClientConfig>);

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let tls = TlsConnector::from(Arc::clone(&self.0));
        Box::pin(async move {
            let asked = tokio::time::timeout(TIMEOUT, ask(tls, request)).await;
            let answer = asked.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}").into()));
            answer.map(BytesResponse::from).map_err(Error::Other)
        })
    }
}

async fn ask(tls: TlsConnector, mut request: Request<BodyWrapper<Bytes>>) -> Result<Response<Full<Bytes>>, Failure> {
    let url = std::mem::take(request.uri_mut());
    if url.scheme_str() != Some("https") {
        return Err("the authority leads to a URL that is not https".into());
    }
    let authority = url.authority().ok_or("a URL without a host")?;
    let bare = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let stream = TcpStream::connect((bare.as_str(), authority.port_u16().unwrap_or(443))).await?;
    let stream = tls.connect(ServerName::try_from(bare)?, stream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    *request.uri_mut() = url.path_and_query().map_or("/", |target| target.as_str()).parse::<Uri>()?;
    let fields = request.headers_mut();
    fields.insert(header::HOST, HeaderValue::from_str(authority.as_str())?);
    fields.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let exchange = async move {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await?;
        Ok(Response::from_parts(head, Full::new(body.to_bytes())))
    };
    // An authority may close without a word of TLS, once its answer is whole.
    let (outcome, _) = tokio::join!(exchange, connection);
    outcome
}
