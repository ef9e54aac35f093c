//! `hedge`.
use std::time::Duration;

use super::Checks;
use crate::config::{
    Hedge,
    raw::RawHedge,
    read::{At, OrOff},
};

/// One layer's settings, checked; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub(super) struct Hedges {
    /// Whether it is turned off, or on by a table.
    is_off: Option<bool>,
    after: Option<Duration>,
    max: Option<u32>,
    budget: Option<f64>,
}

impl Hedges {
    pub(super) fn of(written: Option<&At<OrOff<RawHedge>>>, checks: &mut Checks) -> Self {
        let raw = match written.map(|at| &at.value) {
            None => return Self::default(),
            Some(OrOff::Off) => return Self { is_off: Some(true), ..Self::default() },
            Some(OrOff::On(raw)) => raw,
        };
        let max = raw.max.as_ref().and_then(|at| checks.count("max", at, 1..=5));
        Self {
            is_off: Some(false),
            after: raw.after.as_ref().and_then(|at| checks.time("after", at)),
            max: max.and_then(|max| u32::try_from(max).ok()),
            budget: raw.budget.as_ref().map(|at| at.value.0),
        }
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        Self {
            is_off: self.is_off.or(outer.is_off),
            after: self.after.or(outer.after),
            max: self.max.or(outer.max),
            budget: self.budget.or(outer.budget),
        }
    }

    /// What holds once nobody else has a say: it is off, unless some layer asks for it.
    pub(super) fn complete(&self) -> Option<Hedge> {
        let default = Hedge::default();
        (self.is_off == Some(false)).then(|| Hedge {
            after: self.after.unwrap_or(default.after),
            max: self.max.unwrap_or(default.max),
            budget: self.budget.unwrap_or(default.budget),
        })
    }
}
