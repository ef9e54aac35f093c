//! `[server.tls]`: HTTPS, the certificates, and who issues them; and how a service's `tls` trusts its upstreams.
use crate::config::read::{Length, OneOrMany, Text, table};

table! {
    /// HTTPS: where it listens, and as whom.
    RawTls {
        /// Addresses for HTTPS.
        listen: OneOrMany<Text> = "0.0.0.0:8443",
        /// The certificates, each with its key; a client's server name (SNI) picks one, the first where none fits.
        certificates: OneOrMany<RawCertificate>,
        /// An authority that issues one more by itself.
        acme: RawAcme,
        /// A PEM file of authorities: every client must show a certificate of one of them.
        client_ca: Text,
        /// Whether cleartext requests are sent to HTTPS (308), all but `/health`.
        redirect_http: bool = false,
    }
}

table! {
    /// A certificate and its private key.
    RawCertificate {
        /// A PEM file: the certificate, then those of its issuers. A relative path starts at this file's folder.
        #[required]
        cert: Text,
        /// A PEM file with its private key.
        #[required]
        key: Text,
    }
}

table! {
    /// An authority that issues a certificate by itself (ACME, RFC 8555), and renews it. It looks for the proof (HTTP-01)
    /// on port 80 of each name, which has to lead to a cleartext listener.
    RawAcme {
        /// The names that the certificate is for.
        #[required]
        domains: OneOrMany<Text>,
        /// Whether you agree to the terms of the authority: without that it issues nothing.
        #[required]
        terms_agreed: bool,
        /// E-mail addresses that it may write to.
        contact: OneOrMany<Text> = [],
        /// Its directory.
        directory: Text = "https://acme-v02.api.letsencrypt.org/directory",
        /// A PEM file of authorities that may vouch for the directory, in the place of the system's.
        ca: Text,
        /// The folder for the certificate, its key and the account. A relative path starts at this file's folder.
        cache: Text = "acme",
        /// How long after a failure it is asked again; after more of them in a row, twice as long each time, up to 6h.
        retry: Length = "1m",
    }
}

table! {
    /// How `https://` upstreams are trusted. They always are verified.
    RawUpstreamTls {
        /// A PEM file of authorities that may vouch for them, in the place of the system's.
        ca: Text,
        /// The name that their certificates must have, and that they are asked for by.
        server_name: Text,
        /// A PEM file with the certificate that they are shown when they ask for one.
        cert: Text,
        /// A PEM file with its private key.
        key: Text,
    }
}
