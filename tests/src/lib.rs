//! What the end-to-end tests stand on: the real `gateway` binary on port 0, an upstream that records what it is sent
//! and misbehaves as told, and a client that sees every byte.
//!
//! Nothing here sleeps: whatever is awaited is awaited until [`DEADLINE`], and then the test says what was missing.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod acme;
mod binary;
mod client;
mod dns;
mod gateway;
mod http2;
mod lines;
mod message;
mod process;
mod redis;
mod signer;
mod tls;
mod upstream;
mod wait;
mod websocket;
mod wire;

pub use acme::AcmeServer;
pub use binary::{binary, example};
pub use client::Client;
pub use dns::NameServer;
pub use gateway::{Gateway, service};
pub use http2::{Asked, Exchange, Http2, Http2Conn, error, field_block, frame, kind};
pub use lines::Lines;
pub use message::{Cut, Message};
pub use process::{Process, Run, gateway, write_file};
pub use redis::Redis;
pub use signer::{Jwks, Signer, base64, from_now};
pub use tls::{Authority, Shown, client, server, server_of};
pub use upstream::{Conn, Upstream, ok, with_body};
pub use wait::{DEADLINE, eventually};
pub use websocket::{Frame, GOING_AWAY, GRANT, UPGRADE, WebSocket};
pub use wire::{End, Wire};
