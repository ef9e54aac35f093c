//! A head for a service in this process: the bytes that would go over the wire, read as a server reads them. So what a
//! service is told, and what it is not, is the same whichever way it is reached.
use http::{HeaderValue, Request};

use super::Head;
use crate::{
    config::Limits,
    h1::{
        encode,
        head::{self, FIELDS_ON_STACK, RawQuery},
    },
    rejection::Rejection,
};

impl Head {
    /// The request to `host`, without its body.
    pub(crate) fn to_request(&self, host: &HeaderValue) -> Result<Request<()>, Rejection> {
        let mut text = Vec::with_capacity(self.bytes.len() + host.len() + 16);
        text.extend_from_slice(&self.bytes[..self.line]);
        encode::field(&mut text, "host", host.as_bytes());
        text.extend_from_slice(&self.bytes[self.line..]);
        text.extend_from_slice(b"\r\n");
        // The client's own head was within its limits; the gateway has added to it.
        let fields = memchr::memchr_iter(b'\n', &text).count().max(FIELDS_ON_STACK);
        let limits = Limits { header: text.len(), headers: fields, uri: text.len(), body: u64::MAX };
        let mut request = Request::new(());
        head::parse_request(&text.into(), &limits, &mut request).map_err(|bad| bad.rejection)?;
        if request.extensions().get::<RawQuery>().is_some() {
            return Err(Rejection::BadRequest("The query holds bytes that no URI may have.".into()));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method, Uri};

    use super::*;

    fn head(target: &'static str, fields: &[(&'static str, &'static str)]) -> (Head, Request<()>) {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(target);
        *request.headers_mut() =
            fields.iter().map(|&(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        (Head::new(&mut request, |_, lines| lines.put("x-request-id", &[b"7"])), request)
    }

    #[test]
    fn a_service_reads_what_would_go_over_the_wire() {
        let (head, _) =
            head("/a%2Db?c=%20", &[("host", "client"), ("x-b", "1"), ("x-b", "2"), ("content-length", "3")]);
        let request = head.to_request(&HeaderValue::from_static("example:80")).unwrap();
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::POST, "/a%2Db?c=%20"));
        let mut fields: Vec<_> =
            request.headers().iter().map(|(k, v)| format!("{k}: {}", v.to_str().unwrap())).collect();
        fields.sort();
        assert_eq!(fields, ["content-length: 3", "host: example:80", "x-b: 1", "x-b: 2", "x-request-id: 7"]);
    }

    #[test]
    fn more_fields_than_a_client_may_send_are_read() {
        let mut request = Request::new(());
        let many = (0..300).map(|n| (format!("x-{n}").parse().unwrap(), HeaderValue::from(n)));
        *request.headers_mut() = many.collect::<HeaderMap>();
        let head = Head::new(&mut request, |_, _| ());
        assert_eq!(head.to_request(&HeaderValue::from_static("a")).unwrap().headers().len(), 301);
    }

    #[test]
    fn a_query_that_is_no_uri_is_the_clients_fault() {
        let mut request = Request::new(());
        request.extensions_mut().insert(RawQuery("a=\"".into()));
        let head = Head::new(&mut request, |_, _| ());
        let refused = head.to_request(&HeaderValue::from_static("a")).unwrap_err();
        assert!(matches!(refused, Rejection::BadRequest(_)));
    }
}
