//! What has to be there before anything is measured: a buyer, an administrator, a stock.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use xtask::http::{self, Answer};

use super::DualError;

const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that one restock adds.
const RESTOCK: u64 = 1_000_000;
/// How often: more places than any run of the benchmark sells.
const RESTOCKS: u64 = 20;

pub(super) const ADMIN_EMAIL: &str = "admin@example.com";
pub(super) const ADMIN_PASSWORD: &str = "correct horse battery staple";

/// Someone who may buy, and a full stock.
pub(super) struct Prepared {
    /// The buyer's `Authorization` line, ended by CR LF.
    pub(super) field: String,
}

pub(super) fn prepare(gateway: SocketAddr) -> Result<Prepared, DualError> {
    let buyer = json!({ "email": "buyer@example.com", "password": ADMIN_PASSWORD, "name": "Buyer" });
    expect("register", "201", &post(gateway, "/users", "", &buyer)?, 201)?;
    let field = login(gateway, "buyer@example.com")?;
    let admin = login(gateway, ADMIN_EMAIL)?;
    for _ in 0..RESTOCKS {
        let answer = post(gateway, "/api/v1/restock", &admin, &json!({ "qty": RESTOCK }))?;
        expect("restock", "200", &answer, 200)?;
    }
    Ok(Prepared { field })
}

/// The stock as the gateway tells it.
pub(super) fn available(gateway: SocketAddr, field: &str) -> Result<u64, DualError> {
    let what = "GET /api/v1/available";
    let answer = http::get_with(gateway, "/api/v1/available", field, TIMEOUT);
    let answer = answer.map_err(|source| DualError::Io { what, source })?;
    let body = expect(what, "200 and qty", &answer, 200)?;
    body["qty"].as_u64().ok_or_else(|| unexpected(what, "200 and qty", &answer))
}

/// The bytes of one purchase and of one read of the stock.
pub(super) fn requests(gateway: SocketAddr, field: &str) -> [Vec<u8>; 2] {
    let common = format!("Host: {gateway}\r\nUser-Agent: bench\r\nAccept: */*\r\n{field}");
    let body = "{\"qty\":1}";
    let json = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let purchase = format!("POST /api/v1/purchase HTTP/1.1\r\n{common}{json}\r\n{body}");
    let read = format!("GET /api/v1/available HTTP/1.1\r\n{common}\r\n");
    [purchase.into_bytes(), read.into_bytes()]
}

fn login(gateway: SocketAddr, email: &str) -> Result<String, DualError> {
    let answer = post(gateway, "/auth/login", "", &json!({ "email": email, "password": ADMIN_PASSWORD }))?;
    let body = expect("login", "200 and access_token", &answer, 200)?;
    let token = body["access_token"].as_str();
    let token = token.ok_or_else(|| unexpected("login", "200 and access_token", &answer))?;
    Ok(format!("Authorization: Bearer {token}\r\n"))
}

fn post(gateway: SocketAddr, path: &str, field: &str, body: &Value) -> Result<Answer, DualError> {
    let sent = http::post(gateway, path, field, &body.to_string(), TIMEOUT);
    sent.map_err(|source| DualError::Io { what: "a request of the preparation", source })
}

fn expect(step: &'static str, expected: &'static str, answer: &Answer, status: u16) -> Result<Value, DualError> {
    if answer.status != status {
        return Err(unexpected(step, expected, answer));
    }
    Ok(serde_json::from_str(&answer.body).unwrap_or_default())
}

fn unexpected(step: &'static str, expected: &'static str, answer: &Answer) -> DualError {
    DualError::Answer { step, expected, status: answer.status, body: answer.body.clone() }
}
