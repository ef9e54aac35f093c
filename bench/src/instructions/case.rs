//! What is on while a request is counted.

use std::{io, path::Path};

use crate::{
    peer::gateway::{jwt, rate_limit},
    rules::{Algorithm, KeyError, Keys, NO_LIMIT, Rules},
};

/// Whose page asks, in the cases that send `Origin`.
const PAGE: &str = "https://app.example.com";

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// No rule, and a request without a token: the plain forward.
    Plain,
    /// No rule, and the request that the rules below are asked about, with its token and its `Origin`.
    Off,
    /// Tokens alone; the one that comes has been seen before.
    Jwt,
    /// A limit a client alone.
    RateLimit,
    /// Cross-origin requests alone.
    Cors,
    /// All of these.
    All,
}

impl Case {
    pub(super) const ALL: [Self; 6] = [Self::Plain, Self::Off, Self::Jwt, Self::RateLimit, Self::Cors, Self::All];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Off => "token sent, rules off",
            Self::Jwt => "jwt (HS256, known)",
            Self::RateLimit => "rate limit by IP",
            Self::Cors => "cors",
            Self::All => "all three",
        }
    }

    /// The tables of the gateway's file.
    pub(super) fn rules(self, keys: &Keys, directory: &Path) -> io::Result<String> {
        let rules = asked(keys);
        rules.write_keys(directory)?;
        let [jwt, limit, cors] = [jwt(&rules, directory), rate_limit(rules.limit), cors()];
        Ok(match self {
            Self::Plain | Self::Off => String::new(),
            Self::Jwt => jwt,
            Self::RateLimit => limit,
            Self::Cors => cors,
            Self::All => jwt + &limit + &cors,
        })
    }

    /// What the request has beside the usual fields. All but the plain one send the same, so that they differ by the
    /// rule alone.
    pub(super) fn fields(self, keys: &Keys) -> Result<String, KeyError> {
        if self == Self::Plain {
            return Ok(String::new());
        }
        Ok(format!("{}Origin: {PAGE}\r\n", Rules::field(&asked(keys).token(0)?)))
    }
}

fn asked(keys: &Keys) -> Rules<'_> {
    Rules { keys, algorithm: Algorithm::Hs256, limit: NO_LIMIT }
}

fn cors() -> String {
    format!("\n[cors]\norigins = [\"{PAGE}\"]\nmethods = [\"GET\"]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_on_alone() {
        let keys = Keys::generate().unwrap();
        let directory = tempfile::tempdir().unwrap();
        for case in Case::ALL {
            let text = case.rules(&keys, directory.path()).unwrap();
            let on = ["[[jwt]]", "[rate_limit]", "[cors]"].map(|table| text.contains(table));
            let expected = [Case::Jwt, Case::RateLimit, Case::Cors].map(|alone| case == alone || case == Case::All);
            assert_eq!(on, expected, "{case:?}");
            assert_eq!(case.fields(&keys).unwrap().is_empty(), case == Case::Plain, "{case:?}");
        }
    }
}
