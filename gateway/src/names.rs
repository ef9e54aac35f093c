//! The names of upstreams: which addresses each has now. A name is asked for again when the time to live of its answer is
//! over (RFC 1035 §3.2.1), never by a request.
//!
//! While a name cannot be resolved, its last addresses serve on; one that never could be has none, and its upstream is
//! unreachable, whatever the rest of the file says.
mod follow;
mod resolver;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use crate::{
    config::{Authoriser, Config, Dns, Upstream},
    mounts::Mounts,
    tasks::Tasks,
};

/// How long a start or a reload waits for the first answers.
const PATIENCE: Duration = Duration::from_secs(1);

/// The addresses of each name that has any, in order and each once.
pub(crate) type Addresses = BTreeMap<Box<str>, Arc<[IpAddr]>>;

/// The names that are followed, on the current runtime.
#[derive(Debug, Default)]
pub(crate) struct Names {
    dns: Dns,
    followed: BTreeMap<Box<str>, Tasks>,
    known: Arc<Known>,
}

/// What has been found out.
#[derive(Debug, Default)]
struct Known {
    names: Mutex<Answers>,
    /// Told when some name has other addresses than before.
    changed: Notify,
    /// Told when a name was asked for.
    answered: Notify,
}

#[derive(Debug, Default)]
struct Answers {
    addresses: Addresses,
    /// Names that have been asked for at least once.
    asked: BTreeSet<Box<str>>,
}

impl Names {
    /// Follows the names of `config` too, those of mounted services excepted; waits a moment for those that are new. What
    /// is known of the others stays known.
    pub(crate) async fn follow(&mut self, config: &Config, mounts: &Mounts) -> Addresses {
        let new = self.begin(names_of(config, mounts), &config.dns);
        let new: Vec<_> = new.iter().map(|name| &**name).collect();
        let _ = timeout(PATIENCE, self.known.asked(&new)).await;
        self.addresses()
    }

    /// Follows no names but those of `config` from now on.
    pub(crate) fn follow_only(&mut self, config: &Config, mounts: &Mounts) {
        let names = names_of(config, mounts);
        self.followed.retain(|name, _| names.contains(&**name));
        self.known.forget(|name| !names.contains(name));
        self.begin(names, &config.dns);
    }

    /// Begins to follow those of `names` that are not followed yet, and all anew where others are to be asked; gives them.
    fn begin(&mut self, names: BTreeSet<&str>, dns: &Dns) -> Vec<Box<str>> {
        if self.dns != *dns {
            self.followed.clear();
            self.dns.clone_from(dns);
        }
        let new: Vec<Box<str>> =
            names.into_iter().filter(|name| !self.followed.contains_key(*name)).map(Into::into).collect();
        if !new.is_empty() {
            let resolver = resolver::new(&self.dns);
            for name in &new {
                let tasks = Tasks::default();
                self.known.names().asked.remove(name);
                tasks.spawn(follow::follow(name.clone(), resolver.clone(), Arc::clone(&self.known)));
                self.followed.insert(name.clone(), tasks);
            }
        }
        new
    }

    /// What is known now.
    pub(crate) fn addresses(&self) -> Addresses {
        self.known.names().addresses.clone()
    }

    /// Waits until some name may have other addresses than it had.
    pub(crate) async fn changed(&self) {
        self.known.changed.notified().await;
    }
}

impl Known {
    fn names(&self) -> MutexGuard<'_, Answers> {
        self.names.lock().expect("no holder of this lock panics")
    }

    fn forget(&self, is_gone: impl Fn(&str) -> bool) {
        self.names().addresses.retain(|name, _| !is_gone(name));
    }

    /// Waits until each of these names was asked for, found or not.
    async fn asked(&self, names: &[&str]) {
        loop {
            let mut answered = std::pin::pin!(self.answered.notified());
            answered.as_mut().enable();
            if names.iter().all(|name| self.names().asked.contains(*name)) {
                return;
            }
            answered.await;
        }
    }
}

/// One sentence for each name that stands for other addresses `now`; none where none does.
pub(crate) fn differences(before: &Addresses, now: &Addresses) -> Vec<String> {
    let others = now.iter().filter(|(name, addresses)| before.get(*name) != Some(*addresses));
    let told = others.map(|(name, addresses)| {
        let list = |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match before.get(name) {
            None => format!("{name} is at {} now", list(addresses)),
            Some(before) => {
                let gone: Vec<_> = before.iter().filter(|address| !addresses.contains(address)).copied().collect();
                let here = format!("{name} is at {} now", list(addresses));
                if gone.is_empty() { here } else { format!("{here}, no longer at {}", list(&gone)) }
            }
        }
    });
    told.collect()
}

/// The hosts of `config` that are names, each once: of upstreams that are not mounted, and of authorisers.
fn names_of<'c>(config: &'c Config, mounts: &Mounts) -> BTreeSet<&'c str> {
    let remote = config.services.iter().filter(|service| mounts.get(&service.name).is_none());
    let upstreams = remote.flat_map(|service| &service.upstreams);
    let routes = config.services.iter().flat_map(|service| &service.routes);
    let authorisers = routes.filter_map(|route| match &route.forward_auth.as_ref()?.authoriser {
        Authoriser::Url(upstream) => Some(upstream),
        Authoriser::Service(_) => None,
    });
    upstreams.chain(authorisers).filter(|upstream| upstream.ip().is_none()).map(|upstream| &*upstream.host).collect()
}

impl Upstream {
    /// The address that stands in the file, if it is no name.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Where it is now: what the file says, or what the name stands for; nowhere while nobody knows.
    pub(crate) fn ips(&self, known: &Addresses) -> Vec<IpAddr> {
        let named = || known.get(&*self.host).map_or_else(Vec::new, |addresses| addresses.to_vec());
        self.ip().map_or_else(named, |ip| vec![ip])
    }
}
