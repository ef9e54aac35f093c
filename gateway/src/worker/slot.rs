//! Where a core's connections find the configuration of the moment.
use std::{cell::RefCell, rc::Rc};

use super::{Core, Worker};
use crate::h1::server::Settings;

/// The configuration that a core serves now. A connection holds the slot, and each of its requests takes what is in it
/// and keeps that to its end: so a reload closes no connection and changes no request that has begun.
pub(crate) struct Slot {
    pub(crate) core: Rc<Core>,
    current: RefCell<Rc<Worker>>,
}

impl Slot {
    pub(super) fn new(first: Rc<Worker>) -> Rc<Self> {
        Rc::new(Self { core: Rc::clone(&first.core), current: RefCell::new(first) })
    }

    /// What a request that begins now is served by.
    pub(crate) fn current(&self) -> Rc<Worker> {
        Rc::clone(&self.current.borrow())
    }

    /// What a client may do now.
    pub(crate) fn settings(&self) -> Rc<Settings> {
        Rc::clone(&self.current.borrow().settings)
    }
}
