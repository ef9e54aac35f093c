//! The gateway: a request walks down the module list once.
//!
//! | step | module | does |
//! |---|---|---|
//! | 1 | `accept` | takes connections, as many as there are permits |
//! | 2 | `edge` | speaks HTTP with the client, within its time and size limits |
//! | 3 | `trace` | gives the request its id and its place in a trace |
//! | 4 | [`route`] | finds the route, on the one form of the path |
//! | 5 | `permit` | refuses what may not pass |
//! | 6 | `transform` | makes the client's request into the upstream's, and the answer likewise |
//! | 7 | `cluster`, `balance` | picks a healthy upstream |
//! | 8 | `upstream` | sends, over a pooled connection or a new one |
//! | 9 | `respond` | makes an answer of whatever came out |
//!
//! `gateway::handle` is this table in code. Beside the walk stand what all of it speaks of (`exchange`, `rejection`,
//! `body`), what a route does beside a plain forward (`split`, `mirror`, `cache`, `compress`), the wire (`h1`, `h2`), what a connection
//! becomes that is
//! upgraded (`tunnel`), services in this process
//! ([`mounts`]), what they say of themselves (`openapi`), what the file says ([`config`]) and what becomes of it (`live`), and the process (`run`,
//! `worker`, `shutdown`, `telemetry`, `admin`).
mod accept;
mod acme;
mod admin;
mod ask_health;
mod balance;
mod body;
mod cache;
mod cluster;
mod compress;
pub mod config;
mod cookie;
mod degrade;
mod edge;
mod exchange;
mod forward;
mod gateway;
mod grpc;
mod h1;
mod h2;
mod live;
mod local;
mod mirror;
pub mod mounts;
mod names;
mod openapi;
pub mod path;
pub mod permit;
mod proxy_protocol;
mod rejection;
mod reserved;
mod respond;
pub mod route;
mod run;
mod shutdown;
mod split;
mod tallies;
mod tasks;
pub mod telemetry;
mod tls;
pub mod token;
mod trace;
mod transform;
mod transport;
mod tunnel;
mod upstream;
mod vary;
mod worker;

pub use ask_health::{HealthError, ask_health};
pub use exchange::Identity;
pub use mounts::Mounts;
pub use rejection::TokenFault;
pub use run::{Bound, StartError, run};
