//! The gateway as its clients, its upstreams and its operators meet it: one module a concern.
mod expect_continue;
mod fields;
mod framing;
mod limits;
mod paths_hosts;
mod upstream_extras;
mod upstream_faults;
