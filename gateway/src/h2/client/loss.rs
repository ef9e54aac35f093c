//! The end of a connection: one failure of its upstream, however many streams it carried.
use std::{cell::Cell, rc::Rc};

/// What the streams of one connection know of its end together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loss {
    is_counted: Rc<Cell<bool>>,
}

impl Loss {
    /// Whether another stream's failure stands for it already; if not, the caller's does from now on.
    pub(crate) fn is_counted(&self) -> bool {
        self.is_counted.replace(true)
    }
}
