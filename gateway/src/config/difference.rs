//! What a new configuration changes, in an operator's words.
use std::{collections::HashMap, fmt::Write, hash::Hash};

use super::{Config, Route, Server, Service, Tls, Upstream, Written};
use crate::route::HostPattern;

/// Names that one sentence lists; of more it says how many there are.
const MAX_LISTED: usize = 10;

impl Config {
    /// One sentence for each part of the file that says something else than it did in `before`: `routes added: /a, /b`,
    /// `service user: upstream http://10.0.0.2:8001 added`, `limits changed`. None where nothing does.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        routes(before, self, &mut changes);
        services(before, self, &mut changes);
        blocks(before, self, &mut changes);
        server(before, self, &mut changes);
        changes
    }
}

fn routes(before: &Config, now: &Config, changes: &mut Vec<String>) {
    let all = |config| routes_of(config).map(|(service, route)| (route_key(service, route), route));
    let shown = |key: &RouteKey<'_>| match key.host {
        Some(host) => format!("{} ({host})", key.text),
        None => key.text.to_owned(),
    };
    let differences = Differences::between(all(before), all(now), |before, now| before == now);
    differences.tell("routes", shown, changes);
}

/// What makes a route the same one as before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RouteKey<'c> {
    service: &'c str,
    text: &'c str,
    host: Option<&'c str>,
    written: &'c Written,
}

fn routes_of(config: &Config) -> impl Iterator<Item = (&Service, &Route)> {
    config.services.iter().flat_map(|service| service.routes.iter().map(move |route| (service, route)))
}

fn route_key<'c>(service: &'c Service, route: &'c Route) -> RouteKey<'c> {
    RouteKey {
        service: &service.name,
        text: &route.pattern.text,
        host: route.pattern.host.as_ref().map(HostPattern::as_str),
        written: &route.written,
    }
}

fn services(before: &Config, now: &Config, changes: &mut Vec<String>) {
    let [before, now] =
        [before, now].map(|config| config.services.iter().map(|service| (&*service.name, service)).collect::<Vec<_>>());
    let differences = Differences::between(before.iter().copied(), now.iter().copied(), |_, _| true);
    differences.tell("services", |name| (*name).to_owned(), changes);
    let before: HashMap<&str, &Service> = before.into_iter().collect();
    for (name, now) in now {
        let Some(before) = before.get(name) else { continue };
        let parts = service(before, now);
        if !parts.is_empty() {
            changes.push(format!("service {name}: {}", parts.join(", ")));
        }
    }
}

/// What is another of a service, beside its routes.
fn service(before: &Service, now: &Service) -> Vec<String> {
    let mut parts = Vec::new();
    let has = |all: &[Upstream], one: &Upstream| all.iter().any(|other| other.url() == one.url());
    for (from, to, what) in
        [(&now.upstreams, &before.upstreams, "added"), (&before.upstreams, &now.upstreams, "removed")]
    {
        parts.extend(from.iter().filter(|one| !has(to, one)).map(|one| format!("upstream {} {what}", one.url())));
    }
    let kept = now.upstreams.iter().filter(|one| has(&before.upstreams, one) && !before.upstreams.contains(one));
    parts.extend(kept.map(|one| format!("upstream {} changed", one.url())));
    let others = [
        ("health check changed", before.health == now.health),
        ("protocol changed", before.protocol == now.protocol),
        ("host changed", before.host == now.host),
        ("circuit breaker changed", before.circuit_breaker == now.circuit_breaker),
        ("balancing changed", (&before.load_balance, before.slow_start) == (&now.load_balance, now.slow_start)),
        ("max_in_flight changed", before.max_in_flight == now.max_in_flight),
        ("tls changed", before.tls == now.tls),
        (if now.critical { "critical now" } else { "no longer critical" }, before.critical == now.critical),
    ];
    parts.extend(others.into_iter().filter(|(_, same)| !same).map(|(what, _)| what.to_owned()));
    parts
}

fn blocks(before: &Config, now: &Config, changes: &mut Vec<String>) {
    let [jwt_before, jwt_now] = [before, now].map(|config| config.jwt.iter().map(|jwt| (&*jwt.issuer, jwt)));
    let differences = Differences::between(jwt_before, jwt_now, |before, now| before == now);
    differences.tell("issuers", |issuer| (*issuer).to_owned(), changes);
    let others = [
        ("name servers", before.dns == now.dns),
        ("API keys", before.api_keys == now.api_keys),
        ("the limit of the file as a whole", before.rate_limit == now.rate_limit),
        ("where limits are counted", before.limit_store == now.limit_store),
        ("the CORS policy of the file as a whole", before.cors == now.cors),
    ];
    changes.extend(others.into_iter().filter(|(_, same)| !same).map(|(what, _)| format!("{what} changed")));
}

fn server(before: &Config, now: &Config, changes: &mut Vec<String>) {
    let (old, new) = (&before.server, &now.server);
    let https = |server: &Server| server.tls.as_ref().map_or_else(Vec::new, |tls| tls.listen.clone());
    let values = [
        ("server.tls.listen", format!("{:?}", https(old)), format!("{:?}", https(new))),
        ("server.listen", format!("{:?}", old.listen), format!("{:?}", new.listen)),
        ("server.workers", old.workers.to_string(), new.workers.to_string()),
        ("server.max_connections", old.max_connections.to_string(), new.max_connections.to_string()),
        ("cache.max_size", before.cache_size.to_string(), now.cache_size.to_string()),
        ("admin.listen", before.admin.listen.to_string(), now.admin.listen.to_string()),
    ];
    for (key, before, now) in values {
        if before != now {
            changes.push(format!("{key}: {before} is {now} now"));
        }
    }
    let others = [
        ("server.timeouts", old.timeouts == new.timeouts),
        ("server.limits", old.limits == new.limits),
        ("server.trusted_proxies", old.trusted_proxies == new.trusted_proxies),
        ("server.proxy_protocol", old.proxy_protocol == new.proxy_protocol),
        ("server.docs", old.docs == new.docs),
        ("server.tls.certificates", of_tls(old, |tls| &tls.certificates) == of_tls(new, |tls| &tls.certificates)),
        ("server.tls.acme", of_tls(old, |tls| &tls.acme) == of_tls(new, |tls| &tls.acme)),
        ("server.tls.client_ca", of_tls(old, |tls| &tls.client_ca) == of_tls(new, |tls| &tls.client_ca)),
        ("server.tls.redirect_http", of_tls(old, |tls| &tls.redirect_http) == of_tls(new, |tls| &tls.redirect_http)),
        ("server.drain_timeout", old.drain_timeout == new.drain_timeout),
    ];
    changes.extend(others.into_iter().filter(|(_, same)| !same).map(|(key, _)| format!("{key} changed")));
}

fn of_tls<T>(server: &Server, of: impl FnOnce(&Tls) -> &T) -> Option<&T> {
    server.tls.as_ref().map(of)
}

/// Which of a list's members came, went, or are others than they were.
#[derive(Debug)]
struct Differences<K> {
    added: Vec<K>,
    changed: Vec<K>,
    removed: Vec<K>,
}

impl<K: Hash + Eq + Clone> Differences<K> {
    fn between<'c, V: 'c>(
        before: impl Iterator<Item = (K, &'c V)>,
        now: impl Iterator<Item = (K, &'c V)>,
        is_same: impl Fn(&V, &V) -> bool,
    ) -> Self {
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        let order: Vec<(K, &V)> = before.collect();
        let mut left: HashMap<K, &V> = order.iter().cloned().collect();
        for (key, value) in now {
            match left.remove(&key) {
                None => added.push(key),
                Some(other) if !is_same(other, value) => changed.push(key),
                Some(_) => {}
            }
        }
        let removed = order.into_iter().map(|(key, _)| key).filter(|key| left.contains_key(key)).collect();
        Self { added, changed, removed }
    }

    fn tell(&self, what: &str, show: impl Fn(&K) -> String, changes: &mut Vec<String>) {
        for (how, keys) in [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)] {
            if keys.is_empty() {
                continue;
            }
            let mut names = keys.iter().take(MAX_LISTED).map(&show).collect::<Vec<_>>().join(", ");
            if keys.len() > MAX_LISTED {
                // A String takes everything.
                let _ = write!(names, " and {} more", keys.len() - MAX_LISTED);
            }
            changes.push(format!("{what} {how}: {names}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const BEFORE: &str = "
        [server]
        listen = '127.0.0.1:1'
        [[jwt]]
        issuer = 'i'
        secret = '0123456789abcdef0123456789abcdef'
        [services.user]
        upstreams = ['http://u1', 'http://u2']
        routes = ['/users', { match = '/me', host = 'a.b' }]
        [services.task]
        upstreams = ['http://t']
        routes = ['/tasks']";

    fn check(edits: &[(&str, &str)], expected: &[&str]) {
        let parse = |text: &str| Config::parse("gateway.toml", text, &|_| None).unwrap();
        let mut text = BEFORE.to_owned();
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        assert_eq!(parse(&text).changes_since(&parse(BEFORE)), expected, "{edits:?}");
    }

    #[test]
    fn changes_are_told_by_the_files_own_names() {
        check(&[], &[]);
        check(&[("[services.task]", "# the second\n[services.task]")], &[]);
        check(&[("'/users'", "'/people'")], &["routes added: /people", "routes removed: /users"]);
        check(&[("host = 'a.b'", "host = 'a.b', auth = 'none'")], &["routes changed: /me (a.b)"]);
        check(
            &[("'http://u2'", "'http://u3'")],
            &["service user: upstream http://u3 added, upstream http://u2 removed"],
        );
        check(&[("'http://u2'", "{ url = 'http://u2', weight = 2 }")], &["service user: upstream http://u2 changed"]);
        check(
            &[("'http://t']", "'http://t']\ncritical = false\nhealth = '/h'\nhost = 'upstream'\nprotocol = 'h2c'")],
            &["service task: health check changed, protocol changed, host changed, no longer critical"],
        );
        check(
            &[("[services.task]", "[services.job]"), ("/tasks", "/jobs")],
            &["routes added: /jobs", "routes removed: /tasks", "services added: job", "services removed: task"],
        );
        check(&[("'0123", "'9123")], &["issuers changed: i"]);
        check(&[("'i'", "'j'")], &["issuers added: j", "issuers removed: i"]);
        check(
            &[("127.0.0.1:1'", "127.0.0.1:2'\nlimits = { uri = '1KiB' }\ndrain_timeout = '1s'")],
            &[
                "server.listen: [127.0.0.1:1] is [127.0.0.1:2] now",
                "server.limits changed",
                "server.drain_timeout changed",
            ],
        );
    }

    #[test]
    fn what_of_tls_is_another_is_told() {
        let tls = |more: &str| {
            let pair = "{ cert = 'src/config/tests/site.pem', key = 'src/config/tests/site.key' }";
            format!("127.0.0.1:1'\ntls = {{ certificates = [{pair}]{more} }}")
        };
        let listen = "server.tls.listen: [] is [0.0.0.0:8443] now";
        let keys =
            ["certificates", "acme", "client_ca", "redirect_http"].map(|key| format!("server.tls.{key} changed"));
        check(&[("127.0.0.1:1'", &tls(""))], &[listen, &keys[0], &keys[1], &keys[2], &keys[3]]);
        let changes = |before: &str, now: &str| {
            let [before, now] = [before, now].map(|more| {
                let text = BEFORE.replace("127.0.0.1:1'", &tls(more));
                Config::parse("gateway.toml", &text, &|_| None).unwrap()
            });
            now.changes_since(&before)
        };
        assert!(changes("", "").is_empty());
        assert_eq!(changes("", ", client_ca = 'src/config/tests/site.pem'"), [keys[2].as_str()]);
        assert_eq!(changes("", ", redirect_http = true"), [keys[3].as_str()]);
        assert_eq!(changes("", ", listen = '127.0.0.1:2'"), ["server.tls.listen: [0.0.0.0:8443] is [127.0.0.1:2] now"]);
    }

    #[test]
    fn many_are_counted() {
        let routes: Vec<String> = (0..12).map(|n| format!("'/r{n}'")).collect();
        let added = "routes added: /r0, /r1, /r2, /r3, /r4, /r5, /r6, /r7, /r8, /r9 and 2 more";
        check(&[("'/users'", &format!("'/users', {}", routes.join(", ")))], &[added]);
    }
}
