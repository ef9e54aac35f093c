//! Requests to a service's routes, without a socket, and their answers.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// What differs between two answers to the same request: that one is given again, and which request it was.
const OF_ONE_REQUEST: [&str; 2] = ["idempotency-replayed", "x-request-id"];

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: HeaderMap,
    /// Its body, as it came.
    pub bytes: Vec<u8>,
    /// The same parsed; null when it is not JSON.
    pub body: Value,
}

impl Answer {
    /// Asserts a status.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "most who assert it ask for nothing more")]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// Asserts a problem of this status and code.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!((&self.body["code"], &self.body["status"]), (&code.into(), &status.into()), "{self:?}");
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
    }

    /// Asserts 400 with exactly these fields at fault.
    #[track_caller]
    pub fn names(&self, fields: &[&str]) {
        self.fails(400, "validation_failed");
        let errors = self.body["errors"].as_array().expect("a list of the fields at fault");
        let named: Vec<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        assert_eq!(named, fields, "{self:?}");
    }

    /// Asserts that it is `first` again, to the byte, and says so.
    #[track_caller]
    pub fn replays(&self, first: &Self) {
        let fields = |answer: &Self| {
            let mut fields = answer.headers.clone();
            for name in OF_ONE_REQUEST {
                fields.remove(name);
            }
            fields
        };
        assert_eq!((self.status, fields(self), &self.bytes), (first.status, fields(first), &first.bytes));
        assert!(!first.headers.contains_key("idempotency-replayed"), "{first:?}");
        assert_eq!(self.header("idempotency-replayed"), "true");
    }

    /// The string at `name` of its body.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }

    /// The field `name`.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }

    /// A page's items.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items in {self:?}")).clone()
    }
}

/// A request, with `body` as JSON if there is one.
pub fn request(method: Method, path: &str, body: Option<&Value>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = match body {
        Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    request.expect("a test names a path that there can be")
}

/// `request` with a field.
pub fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    let value = value.parse().expect("a test sends fields that can be sent");
    request.headers_mut().insert(HeaderName::from_static(name), value);
    request
}

/// The answer of `router`.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let Ok(response) = router.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a service's body ends").to_bytes().to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: parts.status, headers: parts.headers, bytes, body }
}
