//! A question of the gateway's own to one upstream, off the hot path: on a connection of its own, the answer whole.
mod grpc;
mod http2;

use bytes::Bytes;
use http::{HeaderValue, Request, header, response::Parts};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Address, Place, Upstream};
use crate::transport::Transport;

impl Upstream {
    /// The answer to GET `target` (path and query), if its body has at most `max` bytes; `about` tells the upstream
    /// what is asked for. It has no time limit, and follows no redirect.
    pub(crate) async fn ask(&self, target: &str, about: &str, max: usize) -> Result<(Parts, Bytes), String> {
        let question = Request::get(target)
            .header(header::HOST, &self.authority)
            .header(header::USER_AGENT, agent(about))
            .body(())
            .map_err(|error| error.to_string())?;
        match &self.place {
            Place::Remote(address) if address.protocol.is_http2() => {
                let answer = http2::ask(address, &self.authority, question, Bytes::new(), max).await?;
                Ok((answer.head, answer.body))
            }
            Place::Remote(address) => ask_remote(address, question, max).await,
            Place::Mounted(mounted) => mounted.ask(question, max).await,
        }
    }
}

fn agent(about: &str) -> String {
    format!("gateway/{} ({about})", env!("CARGO_PKG_VERSION"))
}

async fn connect(address: &Address) -> Result<Transport, String> {
    let at = address.socket().map_err(|rejection| rejection.detail().into_owned())?;
    let stream = TcpStream::connect(at).await.map_err(|error| format!("cannot connect: {error}"))?;
    match &address.tls {
        None => Ok(stream.into()),
        Some(tls) => tls.connect(stream).await.map_err(|error| format!("no TLS: {error}")),
    }
}

async fn ask_remote(address: &Address, question: Request<()>, max: usize) -> Result<(Parts, Bytes), String> {
    let stream = connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let exchange = async move {
        let mut request = question.map(|()| Empty::new());
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, max).collect().await.map_err(|error| error.to_string())?;
        Ok((head, body.to_bytes()))
    };
    let (outcome, _) = tokio::join!(exchange, connection);
    outcome
}
