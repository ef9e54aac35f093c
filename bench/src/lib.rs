//! Measures a proxy beside its peers: what a request costs, how fast it is, what an idle connection holds.
//!
//! - [`origin`]: the server behind the proxy, so cheap that the proxy is what is measured.
//! - [`load`]: a closed loop of clients before it, which checks every answer.
//! - [`usage`]: the CPU time and memory of a whole process tree, to the nanosecond and the page.
//! - [`peer`]: the proxies themselves: how each is configured and started.
//! - [`rules`]: what a proxy is made to ask of a request, and the tokens to ask for; proven before it is measured.
//! - [`tls`]: the certificate of all proxies, and how the load speaks TLS.
//! - [`instructions`]: what a request costs in instructions, rule by rule, under valgrind.
//! - [`dual`]: the whole system in one process beside the same in many.
//! - [`compare`]: rounds over all of them, interleaved, and the tables that come out.
//!
//! Everything stays on the loopback interface and is bounded in time and number.

pub mod compare;
pub mod dual;
pub mod instructions;
pub mod load;
pub mod origin;
pub mod peer;
pub mod pin;
pub mod rules;
pub mod tls;
pub mod usage;
pub mod wire;
