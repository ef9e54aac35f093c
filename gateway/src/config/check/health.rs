//! `health`.
use std::time::Duration;

use super::Checks;
use crate::config::{
    HealthCheck, Question,
    diagnose::{Code, Finding},
    raw::RawHealth,
    read::{At, OrOff, Text, Toggle},
};

/// One layer's settings, checked; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub(super) struct Probe {
    /// `false` is off: what is inherited does not hold.
    question: Option<OrOff<Question>>,
    interval: Option<Duration>,
    timeout: Option<Duration>,
    healthy_after: Option<u32>,
    unhealthy_after: Option<u32>,
}

impl Probe {
    pub(super) fn of(raw: &RawHealth, checks: &mut Checks) -> Self {
        let mut time = |key, at: &Option<At<_>>| at.as_ref().and_then(|at| checks.time(key, at));
        let interval = time("interval", &raw.interval);
        let timeout = time("timeout", &raw.timeout);
        let mut threshold = |key, at: &Option<At<_>>| {
            let count = at.as_ref().and_then(|at| checks.count(key, at, 1..=100));
            count.and_then(|count| u32::try_from(count).ok())
        };
        let healthy_after = threshold("healthy_after", &raw.healthy_after);
        let unhealthy_after = threshold("unhealthy_after", &raw.unhealthy_after);
        Self { question: question(raw, checks), interval, timeout, healthy_after, unhealthy_after }
    }

    /// This layer, with what it is silent about from `outer`.
    pub(super) fn over(self, outer: &Self) -> Self {
        Self {
            question: self.question.or_else(|| outer.question.clone()),
            interval: self.interval.or(outer.interval),
            timeout: self.timeout.or(outer.timeout),
            healthy_after: self.healthy_after.or(outer.healthy_after),
            unhealthy_after: self.unhealthy_after.or(outer.unhealthy_after),
        }
    }

    /// The whole check; none without a question.
    pub(super) fn complete(self) -> Option<HealthCheck> {
        Some(HealthCheck {
            question: self.question.and_then(OrOff::on)?,
            interval: self.interval.unwrap_or(Duration::from_secs(5)),
            timeout: self.timeout.unwrap_or(Duration::from_secs(2)),
            healthy_after: self.healthy_after.unwrap_or(2),
            unhealthy_after: self.unhealthy_after.unwrap_or(3),
        })
    }
}

fn question(raw: &RawHealth, checks: &mut Checks) -> Option<OrOff<Question>> {
    let asked = raw.path.as_ref().map(|text| (text, path(text, checks)));
    let Some(grpc) = &raw.grpc else { return asked.map(|(_, path)| OrOff::On(Question::Path(path))) };
    let service = match &grpc.value {
        Toggle::Off => return Some(asked.map_or(OrOff::Off, |(_, path)| OrOff::On(Question::Path(path)))),
        Toggle::On => String::new(),
        Toggle::As(service) => service.as_str().to_owned(),
    };
    if let Some((text, path)) = asked {
        let finding = Finding::new(Code::Conflict, &grpc.span, "`path` and `grpc` both say what a probe asks");
        checks.report(finding.label("the second").related(&text.span, "the first").help("remove one of them"));
        return Some(OrOff::On(Question::Path(path)));
    }
    Some(OrOff::On(Question::Grpc(service)))
}

/// A path that is at fault is still one: the service does not lack it as well.
fn path(text: &At<Text>, checks: &mut Checks) -> String {
    let meant = text.value.as_str();
    let bad = meant.char_indices().find(|(_, c)| !matches!(c, '!'..='~') || *c == '#');
    if !meant.starts_with('/') {
        let message = format!("the health path `{}` does not begin with `/`", text.value.shown());
        let finding = Finding::new(Code::BadHealthPath, &text.span, message);
        let help = "write a path of the upstream, such as \"/health\": its host and port are known";
        checks.report(finding.label("expected a path").help(help));
    } else if let Some((at, character)) = bad {
        let message = "a health path cannot hold this character";
        let span = text.part(&(at..at + character.len_utf8()));
        let finding = Finding::new(Code::BadHealthPath, &span, message);
        let help = "write it percent-encoded: a path and a query of visible ASCII, without `#`";
        checks.report(finding.label("this character").help(help));
    }
    meant.to_owned()
}
