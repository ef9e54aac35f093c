//! Which upstream of a service a request goes to.
use std::fmt;

use http::HeaderName;

/// `load_balance = "round_robin"`, `"least_requests"`, `"p2c"`, `{ hash = "ip" }` or `{ sticky = "cookie:NAME" }`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoadBalance {
    /// In turn, each as often as its weight says. The default.
    #[default]
    RoundRobin,
    /// The one that is at work on the fewest requests.
    LeastRequests,
    /// Of two drawn at random, the one at work on fewer.
    PowerOfTwo,
    /// The same one for the same key, while it is there and not much busier than its share.
    Hash(HashKey),
    /// The one that the cookie of this name tells of, which the gateway gives; else in turn.
    Sticky(Box<str>),
}

/// How many requests one upstream may be at work on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxInFlight {
    /// `max_in_flight = 100`.
    Fixed(u32),
    /// `max_in_flight = "adaptive"` or `{ adaptive = { min = 5, max = 1000 } }`: found out by how long answers take.
    Adaptive {
        /// Never fewer. Default 5, at least 1.
        min: u32,
        /// Never more. Default 1,000, at least `min`.
        max: u32,
    },
}

impl MaxInFlight {
    /// As `"adaptive"` means it.
    pub const ADAPTIVE: Self = Self::Adaptive { min: 5, max: 1000 };
}

/// What a request is hashed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashKey {
    /// `"ip"`: the client's address.
    Address,
    /// `"header:NAME"`: the first value of this field; the address where it is not there.
    Header(HeaderName),
    /// `"cookie:NAME"`: this cookie; the address where it is not there.
    Cookie(Box<str>),
}

impl LoadBalance {
    /// What requests are hashed by, if they are.
    pub fn key(&self) -> Option<&HashKey> {
        if let Self::Hash(key) = self { Some(key) } else { None }
    }

    /// The name of the cookie by which a client keeps its upstream, if it does.
    pub fn cookie(&self) -> Option<&str> {
        if let Self::Sticky(name) = self { Some(name) } else { None }
    }

    /// Whether it matters how many requests an upstream is at work on.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::RoundRobin | Self::Sticky(_))
    }
}

/// As the file says it.
impl fmt::Display for HashKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => out.write_str("ip"),
            Self::Header(name) => write!(out, "header:{name}"),
            Self::Cookie(name) => write!(out, "cookie:{name}"),
        }
    }
}
