//! What a new configuration leaves as it is: whatever was found out about an upstream belongs to the upstream, not to the
//! file that named it.
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use super::{Cluster, LocalCluster, lease::LocalUpstream};
use crate::upstream::Pool;

impl Cluster {
    /// The cluster of this name that is known already, if this one says nothing else; else this one, with those of its
    /// upstreams that are known.
    pub(crate) fn or_known(mut self, known: Option<&Arc<Self>>) -> Arc<Self> {
        let Some(known) = known else { return Arc::new(self) };
        for upstream in &mut self.upstreams {
            if let Some(same) = known.upstreams.iter().find(|other| other.is_like(upstream)) {
                *upstream = Arc::clone(same);
            }
        }
        let is_same = self.has_upstreams_of(known)
            && (self.critical, &self.host, &self.check, self.idle)
                == (known.critical, &known.host, &known.check, known.idle)
            && (self.breaker, &self.load_balance, self.slow_start, self.max_in_flight)
                == (known.breaker, &known.load_balance, known.slow_start, known.max_in_flight);
        if is_same { Arc::clone(known) } else { Arc::new(self) }
    }

    fn has_upstreams_of(&self, other: &Self) -> bool {
        let same = |(ours, theirs): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(ours, theirs);
        self.weights == other.weights
            && self.upstreams.len() == other.upstreams.len()
            && self.upstreams.iter().zip(&other.upstreams).all(same)
    }
}

impl LocalCluster {
    /// The worker's part of the cluster with this index. Of those that are `known`, the one of the same name gives its
    /// place in the balancer's cycle while the upstreams and their weights are the same, and the idle connections to
    /// those upstreams that are.
    pub(crate) fn new(index: usize, shared: &Arc<Cluster>, known: &[Self]) -> Self {
        let known = known.iter().find(|known| known.shared.name == shared.name);
        let balancer = match known {
            Some(known)
                if known.shared.has_upstreams_of(shared) && known.shared.load_balance == shared.load_balance =>
            {
                Rc::clone(&known.balancer)
            }
            _ => Rc::new(RefCell::new(shared.balancer())),
        };
        let upstreams = shared.upstreams.iter().map(|upstream| {
            let known = known.filter(|known| known.shared.idle == shared.idle);
            let at = known.and_then(|known| known.shared.upstreams.iter().position(|same| Arc::ptr_eq(same, upstream)));
            let pool = match (known, at) {
                (Some(known), Some(at)) => known.upstreams[at].pool.clone(),
                _ => Pool::new(upstream, shared.idle),
            };
            Rc::new(LocalUpstream { cluster: Arc::clone(shared), shared: Arc::clone(upstream), pool })
        });
        Self { index, balancer, upstreams: upstreams.collect(), asked: Cell::new(0), shared: Arc::clone(shared) }
    }

    /// Closes the idle connections that none of `next` goes on with, and keeps none from now on.
    pub(crate) fn retire(&self, next: &[Self]) {
        let next = next.iter().find(|next| next.shared.name == self.shared.name);
        let is_kept = |ours: &&Rc<LocalUpstream>| {
            next.is_some_and(|next| next.upstreams.iter().any(|kept| kept.pool.is(&ours.pool)))
        };
        self.upstreams.iter().filter(|upstream| !is_kept(upstream)).for_each(|upstream| upstream.pool.close());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Service},
        names::Addresses,
        upstream::Health,
    };

    fn service(upstreams: &str, keys: &str) -> Service {
        let text = format!("[services.a]\nroutes = ['/']\nupstreams = {upstreams}\n{keys}");
        Config::parse("gateway.toml", &text, &|_| None).unwrap().services.remove(0)
    }

    #[test]
    fn a_name_is_as_many_servers_as_it_has_addresses() {
        let service = service("[{ url = 'http://u', weight = 3 }, 'http://10.0.0.9']", "health = '/h'");
        let at = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
            Addresses::from([("u".into(), addresses)])
        };
        let labels = |cluster: &Cluster| -> Vec<_> {
            cluster
                .upstreams
                .iter()
                .zip(&cluster.weights)
                .map(|(one, weight)| format!("{weight} {}", one.label))
                .collect()
        };
        let unknown = Cluster::new(&service, &Addresses::default(), None).or_known(None);
        assert_eq!(labels(&unknown), ["3 http://u", "1 http://10.0.0.9"]);
        let two = Cluster::new(&service, &at(&["10.0.0.1", "10.0.0.2"]), None).or_known(Some(&unknown));
        assert_eq!(labels(&two), ["3 http://u (10.0.0.1)", "3 http://u (10.0.0.2)", "1 http://10.0.0.9"]);
        two.upstreams[1].set_health(Health::Unhealthy);
        let other = Cluster::new(&service, &at(&["10.0.0.2", "10.0.0.3"]), None).or_known(Some(&two));
        assert_eq!(labels(&other), ["3 http://u (10.0.0.2)", "3 http://u (10.0.0.3)", "1 http://10.0.0.9"]);
        assert_eq!(other.upstreams[0].health(), Health::Unhealthy, "what is known of a server that stays is kept");
        assert!(Arc::ptr_eq(&other.upstreams[2], &unknown.upstreams[1]));
    }

    #[test]
    fn what_a_file_says_again_stays_what_it_is() {
        const TWO: &str = "['http://10.0.0.1', 'http://10.0.0.2']";
        let known = Addresses::default();
        let first = Cluster::new(&service(TWO, "health = '/h'"), &known, None).or_known(None);
        first.upstreams[0].set_health(Health::Unhealthy);
        let local = LocalCluster::new(0, &first, &[]);
        // Whether the cluster, its first upstream, the balancer's place and the first pool are kept.
        let check = |upstreams: &str, keys: &str, expected: [bool; 4]| {
            let next = Cluster::new(&service(upstreams, keys), &known, None).or_known(Some(&first));
            let next_local = LocalCluster::new(3, &next, std::slice::from_ref(&local));
            let kept = [
                Arc::ptr_eq(&next, &first),
                next.upstreams[0].health() == Health::Unhealthy,
                Rc::ptr_eq(&next_local.balancer, &local.balancer),
                next_local.upstreams[0].pool.is(&local.upstreams[0].pool),
            ];
            assert_eq!(kept, expected, "{upstreams} {keys}");
        };
        check(TWO, "health = '/h'", [true; 4]);
        check(TWO, "health = '/other'", [false, true, true, true]);
        check("['http://10.0.0.1']", "health = '/h'", [false, true, false, true]);
        check(
            "['http://10.0.0.1', { url = 'http://10.0.0.2', weight = 2 }]",
            "health = '/h'",
            [false, true, false, true],
        );
        check("['http://10.0.0.3', 'http://10.0.0.2']", "health = '/h'", [false, false, false, false]);
        check(TWO, "health = '/h'\nprotocol = 'h2c'", [false; 4]);
        check(TWO, "health = '/h'\ntimeouts = { idle = '1s' }", [false, true, true, false]);
    }
}
