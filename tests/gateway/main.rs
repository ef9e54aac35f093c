//! The gateway as its clients, its upstreams and its operators meet it: one module a concern.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod access_log;
mod admin;
mod api_keys;
mod balance;
mod bodies;
mod cancel;
mod cli;
mod connections;
mod cors;
mod errors;
mod expect_continue;
mod fields;
mod forward_auth;
mod framing;
mod health;
mod jwt;
mod jwt_hostile;
mod jwt_identity;
mod jwt_keys;
mod layering;
mod life;
mod limits;
mod paths_hosts;
mod rate_limit;
mod routing;
mod rules;
mod stale;
mod start;
mod streaming;
mod timeouts;
mod trace_ids;
mod upstream_answers;
mod upstream_extras;
mod upstream_faults;
mod validation;
