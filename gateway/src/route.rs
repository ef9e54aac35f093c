//! Stage 4: which route a request takes. Pure: values in, a choice out.
//!
//! `pattern` parses what an operator writes, `host` and `condition` what narrows it, and `table` puts all of them in
//! order of precedence and finds the winner.
mod condition;
mod host;
mod params;
mod pattern;
mod precedence;
mod query;
mod rewrite;
mod table;

pub use condition::{HeaderCondition, QueryCondition};
pub use host::HostPattern;
pub use params::Params;
pub use pattern::{PathPattern, PatternFault, RoutePattern};
pub use query::{Found, Miss, Query};
pub use rewrite::Rewrite;
pub use table::{Conflict, RouteTable};
