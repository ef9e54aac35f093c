//! What a core keeps for as long as its thread lives, whatever the file says meanwhile.
use std::{cell::RefCell, rc::Rc, sync::Arc};

use crate::{
    shutdown::Drain,
    telemetry::{
        access_log::{AccessLog, Sink},
        clock::Clock,
        metrics::Gauges,
    },
    token::LastHeader,
};

/// One core's own, under every configuration.
pub(crate) struct Core {
    pub(crate) log: Rc<AccessLog>,
    pub(crate) clock: Clock,
    pub(crate) drain: Rc<Drain>,
    pub(crate) gauges: Arc<Gauges>,
    /// The port of the first HTTPS listener.
    pub(crate) https_port: Option<u16>,
    pub(crate) last_header: RefCell<LastHeader>,
    random: RefCell<fastrand::Rng>,
}

impl Core {
    pub(super) fn new(log: Sink, gauges: Arc<Gauges>, https_port: Option<u16>) -> Rc<Self> {
        Rc::new(Self {
            log: AccessLog::new(log),
            clock: Clock::new(),
            drain: Drain::new(),
            gauges,
            https_port,
            last_header: RefCell::default(),
            random: RefCell::new(fastrand::Rng::new()),
        })
    }

    /// 128 random bits for ids: unlikely to meet again, no secret.
    pub(crate) fn random_u128(&self) -> u128 {
        self.random.borrow_mut().u128(..)
    }
}
