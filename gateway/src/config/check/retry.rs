//! `retry`.
use super::Checks;
use crate::config::{
    Retry, RetryOn,
    diagnose::{Code, Finding},
    raw::RawRetry,
    read::{At, OneOrMany, OrOff, Text},
};

/// One layer's settings, checked; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub(super) struct Retries {
    /// Whether it is turned off, or on by a table.
    is_off: Option<bool>,
    attempts: Option<u32>,
    budget: Option<f64>,
    on: Option<RetryOn>,
}

impl Retries {
    pub(super) fn of(written: Option<&At<OrOff<RawRetry>>>, checks: &mut Checks) -> Self {
        let raw = match written.map(|at| &at.value) {
            None => return Self::default(),
            Some(OrOff::Off) => return Self { is_off: Some(true), ..Self::default() },
            Some(OrOff::On(raw)) => raw,
        };
        let attempts = raw.attempts.as_ref().and_then(|at| checks.count("attempts", at, 1..=10));
        Self {
            is_off: Some(false),
            attempts: attempts.and_then(|attempts| u32::try_from(attempts).ok()),
            budget: raw.budget.as_ref().map(|at| at.value.0),
            on: raw.on.as_ref().map(|list| on(&list.value, checks)),
        }
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        Self {
            is_off: self.is_off.or(outer.is_off),
            attempts: self.attempts.or(outer.attempts),
            budget: self.budget.or(outer.budget),
            on: self.on.or(outer.on),
        }
    }

    /// What holds once nobody else has a say.
    pub(super) fn complete(&self) -> Option<Retry> {
        let default = Retry::default();
        (self.is_off != Some(true)).then(|| Retry {
            attempts: self.attempts.unwrap_or(default.attempts),
            budget: self.budget.unwrap_or(default.budget),
            on: self.on.unwrap_or(default.on),
        })
    }
}

fn on(list: &OneOrMany<Text>, checks: &mut Checks) -> RetryOn {
    let mut on = RetryOn::default();
    for text in &list.list {
        if let Some(one) = RetryOn::named(text.value.as_str()) {
            on = on.and(one);
        } else {
            let message = format!("`{}` is nothing that a request is tried again on", text.value.shown());
            let finding = Finding::new(Code::BadRetry, &text.span, message).label("not a reason");
            checks.report(finding.help("the reasons are \"connect\", \"stale\", \"502\" and \"503\""));
        }
    }
    on
}
