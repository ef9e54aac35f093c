//! `[[jwt]]`: who issues tokens.
use crate::config::read::{Length, Named, OneOrMany, Text, table};

table! {
    /// One issuer of tokens.
    RawJwt {
        /// The `iss` of its tokens, letter by letter.
        #[required]
        issuer: Text,
        /// Whom its tokens are for: one of these is in a token's `aud`. Without it, a token that names anybody is refused.
        audience: OneOrMany<Text>,
        /// Where its public keys are.
        jwks: RawJwks,
        /// The secret that it shares with the gateway, for HS256, HS384 and HS512: from the environment, `${JWT_SECRET}`.
        secret: Text,
        /// The algorithms that it may sign with; `HS256` with a secret, else `RS256`, `ES256` and `EdDSA`, unless said.
        algorithms: OneOrMany<Text>,
        /// How far its clock and ours may be apart.
        leeway: Length = "5s",
        /// Claims and the header fields that upstreams read them from: `sub = "X-User-Id"`.
        claims: Named<Text>,
    }
}

table! {
    /// Where an issuer's public keys are: a service of this file, a URL or a file.
    RawJwks {
        /// The service that serves them.
        service: Text,
        /// The path that the service serves them under.
        path: Text = "/.well-known/jwks.json",
        /// Their address.
        url: Text,
        /// A file with them; a relative path starts at this file's folder.
        file: Text,
    }
}
