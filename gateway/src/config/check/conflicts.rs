//! Routes that can never win, of all services together.
use super::Checks;
use crate::{
    config::{
        diagnose::{Code, Finding},
        raw::RawRoute,
    },
    route::{RoutePattern, RouteTable},
};

/// A route, and where it stands in the file.
pub(super) struct Contender<'r> {
    pub(super) pattern: RoutePattern,
    pub(super) raw: &'r RawRoute,
}

pub(super) fn report(contenders: Vec<Contender<'_>>, checks: &mut Checks) {
    for Contender { pattern, raw } in &contenders {
        // Its methods, if it names any, stand before a space.
        if let Some(written) = &raw.r#match
            && pattern.text.split_whitespace().next_back() == Some("/health$")
        {
            let message = format!("the route `{}` can never win", pattern.text);
            let finding = Finding::new(Code::UnreachableRoute, &written.span, message).label("never reached");
            checks.report(finding.help("`/health` is the gateway's own on every host; choose another path"));
        }
    }
    let (patterns, written): (Vec<_>, Vec<_>) =
        contenders.into_iter().map(|contender| (contender.pattern, &contender.raw.r#match)).unzip();
    let routes = patterns.into_iter().enumerate().map(|(at, pattern)| (pattern, at)).collect();
    let Err(conflicts) = RouteTable::build(routes) else {
        return;
    };
    for conflict in conflicts {
        let (Some(Some(loser)), Some(Some(winner))) = (written.get(conflict.loser), written.get(conflict.winner))
        else {
            continue;
        };
        let message = format!("the route `{}` can never win", loser.value.shown());
        let finding = Finding::new(Code::UnreachableRoute, &loser.span, message);
        let finding = finding.label("never reached").related(&winner.span, "always wins");
        let reason = conflict.reason;
        checks.report(finding.help(format!("{reason}; remove one, or give this one a condition")));
    }
}
