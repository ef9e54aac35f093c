//! A question over HTTP/2.
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Uri, header, response::Parts, uri};

use super::{super::Address, connect};
use crate::h2::client::builder;

/// An answer, whole.
pub(super) struct Answer {
    pub(super) head: Parts,
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
}

/// Asks on a connection of its own, which ends with the answer.
pub(super) async fn ask(
    address: &Address,
    authority: &HeaderValue,
    mut question: Request<()>,
    body: Bytes,
    max: usize,
) -> Result<Answer, String> {
    question.headers_mut().remove(header::HOST);
    let mut parts = std::mem::take(question.uri_mut()).into_parts();
    parts.scheme = Some(if address.tls.is_some() { uri::Scheme::HTTPS } else { uri::Scheme::HTTP });
    parts.authority = uri::Authority::try_from(authority.as_bytes()).ok();
    *question.uri_mut() = Uri::from_parts(parts).map_err(|error| error.to_string())?;
    let stream = connect(address).await?;
    let begun = builder().handshake::<_, Bytes>(stream).await;
    let (mut sender, connection) = begun.map_err(|error| error.to_string())?;
    let exchange = async move {
        let (answer, mut stream) = sender.send_request(question, body.is_empty())?;
        // What is asked is shorter than any window.
        if !body.is_empty() {
            stream.send_data(body, true)?;
        }
        let (head, mut body) = answer.await?.into_parts();
        let mut whole = BytesMut::new();
        while let Some(data) = body.data().await {
            let data = data?;
            whole.extend_from_slice(&data);
            if whole.len() > max {
                return Ok(None);
            }
            body.flow_control().release_capacity(data.len())?;
        }
        let trailers = body.trailers().await?;
        Ok(Some(Answer { head, body: whole.freeze(), trailers }))
    };
    // The connection ends when nobody holds a part of it any more.
    let (outcome, _) = tokio::join!(exchange, connection);
    let answer = outcome.map_err(|error: ::h2::Error| error.to_string())?;
    answer.ok_or_else(|| "its answer is too long".into())
}
