//! Stage 4: which route a request takes. Pure: values in, a choice out; no clock, no I/O, no log.
//!
//! [`RoutePattern`] is what an operator writes, parsed; [`RouteTable`] puts all of them in order of precedence, once,
//! and finds the winner for a request. The path of a request must be normalised before
//! ([`crate::path::normalise`]): what is matched is what is forwarded.
//!
//! # Precedence
//!
//! Of the routes all of which hold for a request, the first by these rules wins. The order of the file decides nothing;
//! the fields of `precedence::Precedence`, in their order, are these rules.
//!
//! 1. **Host**: an exact one, then `*.` wildcards from the longest to the shortest, then routes without a host.
//! 2. **Path**: exact (`$`), then prefixes from the longest to the shortest (length counts segments), then expressions.
//!    Of equally long ones, segment by segment from the left, a literal goes before a `{name}`.
//! 3. **Conditions**: more go before fewer. Each header field and each query parameter is one; all methods together are
//!    one.
//! 4. So that the order is certain: longer expressions before shorter ones, then by their text; header fields, then
//!    query parameters, by name and then an exact value before an expression before mere presence; fewer methods before more,
//!    and a HEAD that is written before one that GET brings.
//!
//! Routes that are equal in all of this, and others that can never win, are each a [`Conflict`].
//!
//! A condition that does not hold makes the route no match, and the next is tried, down to routes without a host. When
//! none is left, [`Miss`] says whether only the method was wrong.
mod condition;
mod host;
mod params;
mod pattern;
mod precedence;
mod query;
mod redirect;
mod reverse;
mod rewrite;
mod table;

pub use condition::{HeaderCondition, QueryCondition};
pub use host::HostPattern;
pub use params::Params;
pub use pattern::{PathPattern, PatternFault, RoutePattern};
pub use query::{Found, Miss, Query};
pub use redirect::RedirectTarget;
pub use reverse::Example;
pub use rewrite::Rewrite;
pub use table::{Conflict, RouteTable};
