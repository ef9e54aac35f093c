//! From the file as written to a [`Config`]: defaults, inheritance, and every fault that more than one value, or a
//! value's meaning, makes.
//!
//! A fault never stops the check. What cannot be used is reported and replaced by something harmless, which never gets
//! out: one finding is enough for the whole to be refused.
mod acme;
mod address;
mod api_key;
mod auth;
mod cache;
mod circuit;
mod conflicts;
mod cors;
mod dns;
mod fallback;
mod file;
mod forward_auth;
mod headers;
mod health;
mod hedge;
mod identity;
mod jwt;
mod layer;
mod limit_store;
mod load_balance;
mod max_in_flight;
mod rate_limit;
mod retry;
mod route;
mod server;
mod service;
mod timeouts;
mod tls;
mod traffic;
mod upstream;
mod validation;

use std::{
    fs, io,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use http::HeaderName;

use super::{
    Config, Source,
    diagnose::{Code, Finding},
    raw::RawConfig,
    read::{At, Bytes, Count, Length, units},
};

/// The meaning of `raw`, or all that is wrong with it.
pub(super) fn check(raw: &RawConfig, file: &str, sources: &mut Vec<Source>) -> Result<Config, Vec<Finding>> {
    let names = raw.services.iter().flat_map(|services| &services.value.entries).map(|entry| entry.name.clone());
    let mut checks = Checks {
        folder: Path::new(file).parent().unwrap_or(Path::new("")).to_owned(),
        findings: Vec::new(),
        // What was written counts, sound or not: a block at fault is a fault of its own.
        has_credentials: raw.jwt.as_ref().is_some_and(|jwt| !jwt.value.is_empty)
            || raw.api_key.as_ref().is_some_and(|keys| !keys.value.is_empty),
        identity_headers: identity::all(raw),
        credential_headers: identity::of_credentials(raw),
        services: names.collect(),
        fed: Vec::new(),
        is_fed_unsure: false,
        listen: Vec::new(),
        sources: Vec::new(),
    };
    let (server, admin) = server::check(raw, &mut checks);
    checks.listen.clone_from(&server.listen);
    let dns = dns::check(raw, &mut checks);
    checks.listen.extend(server.tls.iter().flat_map(|tls| &tls.listen));
    let jwt = jwt::check_all(raw, &mut checks);
    let api_keys = api_key::check_all(raw, &mut checks);
    let outermost = layer::Layer::of_file(raw, &mut checks);
    let limit_store = rate_limit::store(raw, &mut checks);
    let cache_size = cache::size(raw, &mut checks);
    let services = service::check_all(raw, &server, &outermost, &mut checks);
    sources.append(&mut checks.sources);
    if checks.findings.is_empty() {
        let (file, rate_limit, cors) = (Path::new(file).to_owned(), outermost.rate_limit(), outermost.cors());
        let sources = sources.clone();
        Ok(Config {
            file,
            server,
            admin,
            dns,
            jwt,
            api_keys,
            rate_limit,
            limit_store,
            cors,
            cache_size,
            services,
            sources,
        })
    } else {
        Err(checks.findings)
    }
}

/// The faults so far, and what checks must know of other parts of the file.
struct Checks {
    /// Where the file stands: paths in it are seen from there.
    folder: PathBuf,
    findings: Vec<Finding>,
    /// Whether there is anything that a credential could be checked with.
    has_credentials: bool,
    /// The fields that say who calls: the gateway's alone to write.
    identity_headers: Vec<HeaderName>,
    /// Those of them that are written from a caller's credential.
    credential_headers: Vec<HeaderName>,
    /// The names of all services.
    services: Vec<String>,
    /// Those that routes of others send requests to: they may have none of their own.
    fed: Vec<String>,
    /// Whether some of those names could not be read, or are nobody's.
    is_fed_unsure: bool,
    /// Where clients connect.
    listen: Vec<SocketAddr>,
    /// The files that were read, or would have been.
    sources: Vec<Source>,
}

/// No time of the file may be longer: beyond it, somebody mistook the unit.
const LONGEST: Duration = Duration::from_hours(24);

impl Checks {
    /// Reads a file that this one names; a relative one is seen from this one's folder. It is watched from then on.
    fn read(&mut self, name: &str) -> io::Result<(PathBuf, Vec<u8>)> {
        let path = self.folder.join(name);
        self.read_at(&path).map(|bytes| (path, bytes))
    }

    /// The same, of a path that is seen from where the process is.
    fn read_at(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let read = fs::read(path);
        self.sources.push(Source::read(path, read.as_deref().ok()));
        read
    }

    fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The number under `key`, if it is within `range`.
    fn count(&mut self, key: &str, written: &At<Count>, range: RangeInclusive<u64>) -> Option<u64> {
        let number = written.value.0;
        if range.contains(&number) {
            return Some(number);
        }
        let (least, most) = range.into_inner();
        let message = format!("`{key}` cannot be {number}");
        self.out_of_range(written, message, &format!("from {least} to {most}"))
    }

    /// The size under `key`, if it is within `range`; in bytes.
    fn size(&mut self, key: &str, written: &At<Bytes>, range: RangeInclusive<u64>) -> Option<u64> {
        let size = written.value.0;
        if range.contains(&size) {
            return Some(size);
        }
        let (least, most) = (units::show_size(*range.start()), units::show_size(*range.end()));
        let message = format!("`{key}` cannot be {}", units::show_size(size));
        self.out_of_range(written, message, &format!("from \"{least}\" to \"{most}\""))
    }

    /// The time under `key`, if it is above zero and not absurd.
    fn time(&mut self, key: &str, written: &At<Length>) -> Option<Duration> {
        if written.value.0.is_zero() {
            let message = format!("`{key}` cannot be zero");
            return self.out_of_range(written, message, "longer than \"0s\"");
        }
        self.time_or_zero(key, written)
    }

    /// The same where no time at all makes sense.
    fn time_or_zero(&mut self, key: &str, written: &At<Length>) -> Option<Duration> {
        let time = written.value.0;
        if time <= LONGEST {
            return Some(time);
        }
        let message = format!("`{key}` cannot be {}", units::show_duration(time));
        self.out_of_range(written, message, "at most \"24h\"")
    }

    fn out_of_range<T, V>(&mut self, at: &At<V>, message: String, expected: &str) -> Option<T> {
        let finding = Finding::new(Code::OutOfRange, &at.span, message);
        self.report(finding.label("out of range").help(format!("expected a value {expected}")));
        None
    }
}
