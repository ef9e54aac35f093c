//! An authority that issues certificates by itself (RFC 8555): it checks who signs, fetches each proof, and signs.
mod jws;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};

use crate::{
    client::Client,
    message::Message,
    tls::{Authority, server},
    upstream::Upstream,
    wait::eventually,
};
use jws::{Accounts, Signed};

/// The authority; it ends with this value.
#[derive(Debug)]
pub struct AcmeServer {
    upstream: Upstream,
    /// Whose certificates it has, and shows.
    pub authority: Arc<Authority>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_down: bool,
    /// Where the names lead to, as far as it knows.
    names_at: Option<SocketAddr>,
    /// Certificates are good from so many seconds ago for so many seconds.
    life: (u64, u64),
    accounts: Accounts,
    orders: Vec<Order>,
}

#[derive(Debug)]
struct Order {
    names: Vec<String>,
    /// For each name, whether its proof was good, once that was looked at.
    proven: Vec<Option<bool>>,
    certificate: Option<String>,
}

impl Default for AcmeServer {
    fn default() -> Self {
        Self::new()
    }
}

impl AcmeServer {
    /// One whose certificates are good for a day.
    pub fn new() -> Self {
        let authority = Arc::new(Authority::new());
        let shown = server(&authority.issue(&["127.0.0.1"]), None);
        let state = Arc::new(Mutex::new(State { life: (60, 86400), ..State::default() }));
        let (its_authority, its_state) = (Arc::clone(&authority), Arc::clone(&state));
        let upstream = Upstream::tls(shown, move |request| answer(request, &its_authority, &its_state));
        Self { upstream, authority, state }
    }

    /// `[server.tls.acme]` of a client of it, with this folder.
    pub fn toml(&self, domains: &[&str], cache: &std::path::Path) -> String {
        let (url, ca) = (self.upstream.address, self.authority.file());
        format!(
            "server.tls.acme = {{ domains = {domains:?}, terms_agreed = true, contact = 'ops@a.test', retry = '1s', \
             directory = 'https://{url}/directory', ca = '{}', cache = '{}' }}\n",
            ca.display(),
            cache.display()
        )
    }

    /// Says where all names lead to.
    pub fn resolve(&self, names_at: SocketAddr) {
        self.state().names_at = Some(names_at);
    }

    /// Answers nothing but 500 from now on, or all again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// Issues certificates that are good from so many seconds ago for so many seconds.
    pub fn set_life(&self, ago: u64, life: u64) {
        self.state().life = (ago, life);
    }

    /// How many accounts, and orders, there are.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.accounts.len(), state.orders.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn answer(request: &Message, authority: &Authority, state: &Mutex<State>) -> Vec<u8> {
    let base = format!("https://{}", request.field("host").unwrap());
    let mut locked = state.lock().unwrap();
    if locked.is_down {
        return reply("500 Internal Server Error", "", "{}");
    }
    let nonce = format!("replay-nonce: {}\r\n", locked.accounts.nonce());
    let path: Vec<&str> = request.target().split('/').skip(1).collect();
    match (request.method(), &path[..]) {
        ("GET", ["directory"]) => {
            let url = |name: &str| format!("{base}/{name}");
            let directory = json!({ "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("order") });
            return reply("200 OK", "", &directory.to_string());
        }
        ("HEAD", ["nonce"]) => return reply("200 OK", &nonce, ""),
        _ => {}
    }
    let Some(Signed { payload, thumbprint }) = locked.accounts.check(request, &base) else {
        let problem = json!({ "type": "urn:ietf:params:acme:error:malformed", "status": 400 });
        return reply("400 Bad Request", &nonce, &problem.to_string());
    };
    let number = path.get(1).and_then(|number| number.parse::<usize>().ok()).unwrap_or_default();
    let index = path.get(2).and_then(|index| index.parse::<usize>().ok()).unwrap_or_default();
    let created = |name: &str, number: usize| format!("{nonce}location: {base}/{name}/{number}\r\n");
    match path[0] {
        "account" => reply("201 Created", &created("account", 0), "{\"status\":\"valid\"}"),
        "order" if path.len() == 1 => {
            let names = payload["identifiers"].as_array().unwrap().iter();
            let names: Vec<String> = names.map(|name| name["value"].as_str().unwrap().to_owned()).collect();
            locked.orders.push(Order { proven: vec![None; names.len()], names, certificate: None });
            let number = locked.orders.len() - 1;
            reply("201 Created", &created("order", number), &locked.orders[number].json(&base, number))
        }
        "order" => reply("200 OK", &nonce, &locked.orders[number].json(&base, number)),
        "authorization" => reply("200 OK", &nonce, &locked.orders[number].authorization(&base, number, index)),
        "challenge" => {
            let (name, token) = (locked.orders[number].names[index].clone(), token(number, index));
            // Without the lock: whoever serves the proof may ask for something meanwhile.
            drop(locked);
            let at = eventually("where the names lead to", || state.lock().unwrap().names_at);
            let lines = format!("GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nhost: {name}");
            let proof = Client::connect(at).ask(&lines);
            let is_good = proof.status() == 200 && proof.text() == format!("{token}.{thumbprint}");
            state.lock().unwrap().orders[number].proven[index] = Some(is_good);
            let challenge = state.lock().unwrap().orders[number].challenge(&base, number, index);
            reply("200 OK", &nonce, &challenge.to_string())
        }
        "finalize" => {
            let request = jws::decode(payload["csr"].as_str().unwrap());
            let life = locked.life;
            let order = &mut locked.orders[number];
            assert!(order.proven.iter().all(|proven| *proven == Some(true)));
            order.certificate = authority.sign(&request, &order.names, life);
            reply("200 OK", &nonce, &order.json(&base, number))
        }
        "certificate" => reply("200 OK", &nonce, locked.orders[number].certificate.as_deref().unwrap()),
        other => panic!("nobody is told of /{other}"),
    }
}

fn token(number: usize, index: usize) -> String {
    format!("token_{number}-{index}")
}

impl Order {
    fn json(&self, base: &str, number: usize) -> String {
        let status = match () {
            () if self.certificate.is_some() => "valid",
            () if self.proven.contains(&Some(false)) => "invalid",
            () if self.proven.contains(&None) => "pending",
            () => "ready",
        };
        let authorizations = (0..self.names.len()).map(|index| format!("{base}/authorization/{number}/{index}"));
        let mut order = json!({
            "status": status,
            "identifiers": self.names.iter().map(|name| json!({ "type": "dns", "value": name })).collect::<Vec<_>>(),
            "authorizations": authorizations.collect::<Vec<_>>(),
            "finalize": format!("{base}/finalize/{number}"),
        });
        if self.certificate.is_some() {
            order["certificate"] = format!("{base}/certificate/{number}").into();
        }
        order.to_string()
    }

    fn status(&self, index: usize) -> &'static str {
        match self.proven[index] {
            None => "pending",
            Some(true) => "valid",
            Some(false) => "invalid",
        }
    }

    fn authorization(&self, base: &str, number: usize, index: usize) -> String {
        json!({
            "identifier": { "type": "dns", "value": self.names[index] },
            "status": self.status(index),
            "challenges": [self.challenge(base, number, index)],
        })
        .to_string()
    }

    fn challenge(&self, base: &str, number: usize, index: usize) -> Value {
        let mut challenge = json!({
            "type": "http-01",
            "url": format!("{base}/challenge/{number}/{index}"),
            "token": token(number, index),
            "status": self.status(index),
        });
        if self.proven[index] == Some(false) {
            let kind = "urn:ietf:params:acme:error:unauthorized";
            challenge["error"] = json!({ "type": kind, "detail": "that is not the proof", "status": 403 });
        }
        challenge
    }
}

fn reply(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
