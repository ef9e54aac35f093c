//! What a core keeps for as long as its thread lives, whatever the file says meanwhile.
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

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
    pub(crate) last_header: RefCell<LastHeader>,
    /// How many copies of requests are on their way.
    pub(crate) copies: Rc<Cell<usize>>,
    random: RefCell<fastrand::Rng>,
}

impl Core {
    pub(super) fn new(log: Sink, gauges: Arc<Gauges>) -> Rc<Self> {
        Rc::new(Self {
            log: AccessLog::new(log),
            clock: Clock::new(),
            drain: Drain::new(),
            gauges,
            last_header: RefCell::default(),
            copies: Rc::default(),
            random: RefCell::new(fastrand::Rng::new()),
        })
    }

    /// 128 random bits for ids: unlikely to meet again, no secret.
    pub(crate) fn random_u128(&self) -> u128 {
        self.random.borrow_mut().u128(..)
    }
}
