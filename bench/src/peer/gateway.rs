//! Ours: one worker, everything else as shipped, so with its access log, its metrics and its health probes.

use std::{fs, io, net::SocketAddr, path::Path, process::Command};

use xtask::ports;

use super::{Listen, Place, own_directory};
use crate::rules::{AUDIENCE, Algorithm, IDENTITY, ISSUER, Limit, Rules};

/// The environment variable that the file takes the shared secret from.
pub(crate) const SECRET: &str = "BENCH_JWT_SECRET";

/// What differs from one measurement to the next in the gateway's file.
pub(crate) struct File<'a> {
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) upstream: SocketAddr,
    /// The table of its TLS listener.
    pub(crate) tls: &'a str,
    /// Whether the origin is probed.
    pub(crate) health: bool,
    /// The tables of its rules.
    pub(crate) rules: &'a str,
}

impl File<'_> {
    pub(crate) fn text(&self) -> String {
        let Self { listen, admin, upstream, tls, health, rules } = self;
        let health = if *health { "health = \"/health\"\n" } else { "" };
        format!(
            r#"[server]
listen = "{listen}"
workers = 1
max_connections = 20000
{tls}
[admin]
listen = "{admin}"
{rules}
[services.origin]
upstreams = ["http://{upstream}"]
{health}routes = ["/"]
"#
        )
    }
}

pub(super) fn command(program: &Path, place: &Place<'_>, listen: Listen<'_>) -> io::Result<Command> {
    let directory = own_directory(place, "gateway", listen.plain)?;
    let mut command = Command::new(program);
    let mut rules = String::new();
    if let Some(asked) = &place.rules {
        asked.write_keys(&directory)?;
        command.env(SECRET, asked.keys.secret());
        rules = jwt(asked, &directory) + &rate_limit(asked.limit);
    }
    let admin = ports::free_address()?;
    let file = directory.join("gateway.toml");
    let tls = listen.tls.map_or_else(String::new, |(address, shown)| {
        let (cert, key) = (shown.cert.display(), shown.key.display());
        format!("\n[server.tls]\nlisten = \"{address}\"\ncertificates = [{{ cert = \"{cert}\", key = \"{key}\" }}]\n")
    });
    let (listen, upstream) = (listen.plain, place.upstream);
    fs::write(&file, File { listen, admin, upstream, tls: &tls, health: true, rules: &rules }.text())?;
    command.args(["run", "--config"]).arg(file);
    Ok(command)
}

/// The table that takes these tokens; `directory` holds the keys.
pub(crate) fn jwt(rules: &Rules<'_>, directory: &Path) -> String {
    let key = if rules.algorithm == Algorithm::Hs256 {
        format!("secret = \"${{{SECRET}}}\"")
    } else {
        format!("jwks = {{ file = \"{}\" }}", directory.join("jwks.json").display())
    };
    let name = rules.algorithm.name();
    format!(
        r#"
[[jwt]]
issuer = "{ISSUER}"
audience = ["{AUDIENCE}"]
{key}
algorithms = ["{name}"]
claims = {{ sub = "{IDENTITY}" }}
"#
    )
}

/// The table that lets so many requests of one address pass.
pub(crate) fn rate_limit(limit: Limit) -> String {
    let Limit { requests, seconds } = limit;
    format!("\n[rate_limit]\nrequests = {requests}\nper = \"{seconds}s\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Keys, NO_LIMIT};

    #[test]
    fn a_file_with_rules_names_no_secret() {
        let keys = Keys::generate().unwrap();
        let text = |algorithm| {
            let rules = Rules { keys: &keys, algorithm, limit: NO_LIMIT };
            let tables = jwt(&rules, Path::new("/somewhere")) + &rate_limit(rules.limit);
            let [listen, admin, upstream] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
            File { listen, admin, upstream, tls: "", health: true, rules: &tables }.text()
        };
        let shared = text(Algorithm::Hs256);
        assert!(shared.contains("secret = \"${BENCH_JWT_SECRET}\"") && !shared.contains(keys.secret()), "{shared}");
        assert!(
            shared.contains("algorithms = [\"HS256\"]") && shared.contains("requests = 1000000\nper = \"1s\""),
            "{shared}"
        );
        let published = text(Algorithm::EdDsa);
        assert!(published.contains("jwks = { file = \"/somewhere/jwks.json\" }"), "{published}");
    }
}
