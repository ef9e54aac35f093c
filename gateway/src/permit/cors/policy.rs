//! What the file says of other origins.
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};

use super::Origins;

/// What the file says of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Whose pages are granted something. At least one.
    pub(crate) origins: Origins,
    /// What they may ask with. Default GET, HEAD and POST.
    pub(crate) methods: Listed<Method>,
    /// The fields that they may send. `None`: whatever they ask for.
    pub(crate) headers: Option<Listed<HeaderName>>,
    /// The fields of answers that they may read, beside those that anybody may. Default none.
    pub(crate) expose_headers: Listed<HeaderName>,
    /// Whether requests may carry cookies and the like. Default false; never with a `*`.
    pub(crate) credentials: bool,
    /// How long a browser may remember a preflight's answer, in whole seconds. `None`: as long as it does by itself,
    /// which is 5 seconds by the standard.
    pub(crate) max_age: Option<Duration>,
}

/// Names of one kind, and whether `*` stands among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed<T> {
    /// `*`: any, also those that are not named.
    pub(crate) any: bool,
    /// The names, in the file's order.
    pub(crate) names: Vec<T>,
}

impl<T: PartialEq> Listed<T> {
    pub(super) fn has(&self, name: &T) -> bool {
        self.any || self.names.contains(name)
    }

    /// `A, B`; none where there is nothing to say.
    pub(super) fn text(&self, name: fn(&T) -> &str) -> Option<HeaderValue> {
        let names = self.any.then_some("*").into_iter().chain(self.names.iter().map(name));
        let text = names.collect::<Vec<_>>().join(", ");
        (!text.is_empty()).then(|| HeaderValue::try_from(text).expect("names are tokens"))
    }
}
