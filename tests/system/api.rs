//! The system's API as its clients use it.
use std::net::SocketAddr;

use e2e::{Client, Message};
use serde_json::{Value, json};

/// `GET path` on a connection of its own, as nobody.
pub(crate) fn get(at: SocketAddr, path: &str) -> Message {
    Client::connect(at).get(path)
}

/// `POST path` on a connection of its own, as nobody.
pub(crate) fn post(at: SocketAddr, path: &str, body: &Value) -> Message {
    try_post(at, path, "", body).expect("an answer")
}

/// The same with these fields; `None` when the connection is refused or cut.
fn try_post(at: SocketAddr, path: &str, fields: &str, body: &Value) -> Option<Message> {
    let mut client = Client::try_connect(at)?;
    let body = body.to_string();
    let length = body.len();
    client.send(format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{fields}\r\n{body}"
    ));
    client.answer_to("POST").ok()
}

/// A user with its tokens.
#[derive(Clone)]
pub(crate) struct Caller {
    at: SocketAddr,
    /// Empty for one that only logged in.
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Caller {
    /// Registers, and logs in.
    pub(crate) fn register(at: SocketAddr, name: &str) -> Self {
        let email = format!("{name}@example.com");
        let made = post(at, "/users", &json!({ "email": email, "password": "correct horse", "name": name }));
        assert_eq!(made.status(), 201, "{}", made.text());
        let id = text(&made.json(), "id");
        Self { id, ..Self::login(at, &email, "correct horse") }
    }

    /// Logs in.
    pub(crate) fn login(at: SocketAddr, email: &str, password: &str) -> Self {
        let tokens = post(at, "/auth/login", &json!({ "email": email, "password": password }));
        assert_eq!(tokens.status(), 200, "{}", tokens.text());
        let tokens = tokens.json();
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        Self { at, id: String::new(), email: email.to_owned(), access, refresh }
    }

    /// `GET path`.
    pub(crate) fn get(&self, path: &str) -> Message {
        Client::connect(self.at).ask(&format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {}", self.access))
    }

    /// `POST path`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Message {
        self.post_keyed(path, body, None)
    }

    /// `POST path` with this Idempotency-Key.
    pub(crate) fn post_keyed(&self, path: &str, body: &Value, key: Option<&str>) -> Message {
        self.try_post(path, body, key).expect("an answer")
    }

    /// The same; `None` when the connection is cut or refused.
    pub(crate) fn try_post(&self, path: &str, body: &Value, key: Option<&str>) -> Option<Message> {
        let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
        let fields = format!("authorization: Bearer {}\r\n{key}", self.access);
        try_post(self.at, path, &fields, body)
    }

    /// The subjects of its notifications, sorted, and how each stands.
    pub(crate) fn notifications(&self) -> Vec<(String, String)> {
        let list = self.get("/notifications?limit=100");
        assert_eq!(list.status(), 200, "{}", list.text());
        let list = list.json();
        let items = list["items"].as_array().expect("a list").iter();
        let mut told: Vec<_> = items.map(|item| (text(item, "subject"), text(item, "status"))).collect();
        told.sort();
        told
    }
}

/// A member that is a string.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
