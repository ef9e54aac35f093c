//! `auth` and `scopes`, which `[defaults]`, a service and a route all can say.
use super::Checks;
use crate::config::{
    AuthMode,
    diagnose::{Code, Finding},
    read::{At, OneOrMany, Text},
};

/// One layer's settings, checked; `None` where it is silent.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    mode: Option<AuthMode>,
    scopes: Option<Vec<Box<str>>>,
}

impl Asked {
    pub(super) fn of(
        auth: Option<&At<Text>>,
        scopes: Option<&At<OneOrMany<Text>>>,
        outer: Option<&Self>,
        checks: &mut Checks,
    ) -> Self {
        let mode = auth.and_then(|text| mode(text, checks));
        let list = scopes.map(|list| list.value.list.iter().filter_map(|text| scope(text, checks)).collect::<Vec<_>>());
        let asks = mode.is_some_and(|mode| mode != AuthMode::None) || list.as_ref().is_some_and(|l| !l.is_empty());
        let holds = mode.or_else(|| outer.and_then(|outer| outer.mode));
        if let (Some(AuthMode::None), Some(written)) = (holds, scopes)
            && !written.value.is_empty
        {
            let message = "`scopes` are asked for where nobody is asked who they are";
            let finding = Finding::new(Code::Conflict, &written.span, message).label("can never be met");
            let finding = match auth {
                Some(auth) => finding.related(&auth.span, "asks nobody"),
                None => finding,
            };
            checks.report(finding.help("write `auth = \"required\"` here, or remove the scopes"));
        } else if asks && !checks.has_credentials {
            let span = auth.map(|at| &at.span).or(scopes.map(|at| &at.span)).expect("one of the two asks");
            let message = "callers are asked for a credential, and the file has nothing to check one with";
            let finding = Finding::new(Code::NoCredentials, span, message).label("nobody could pass");
            checks.report(finding.help("add a `[[jwt]]` or an `[[api_key]]` block, or remove this"));
        }
        Self { mode, scopes: list }
    }

    /// This layer, with what it is silent about from `outer`. A layer that asks nobody asks for no scope either.
    pub(super) fn over(self, outer: &Self) -> Self {
        let none = self.mode == Some(AuthMode::None);
        Self {
            mode: self.mode.or(outer.mode),
            scopes: self.scopes.or_else(|| if none { None } else { outer.scopes.clone() }),
        }
    }

    /// What holds once nobody else has a say: a credential is needed wherever the file can check one.
    pub(super) fn complete(self, has_credentials: bool) -> (AuthMode, Vec<Box<str>>) {
        let default = if has_credentials { AuthMode::Required } else { AuthMode::None };
        (self.mode.unwrap_or(default), self.scopes.unwrap_or_default())
    }
}

fn mode(text: &At<Text>, checks: &mut Checks) -> Option<AuthMode> {
    let modes = [AuthMode::Required, AuthMode::Optional, AuthMode::None];
    let mode = modes.into_iter().find(|mode| mode.name() == text.value.as_str());
    if mode.is_none() {
        let message = format!("`auth` cannot be `{}`", text.value.shown());
        let finding = Finding::new(Code::BadAuth, &text.span, message).label("not one of the three");
        checks.report(finding.help("expected \"required\", \"optional\" or \"none\""));
    }
    mode
}

/// RFC 6749 §3.3: visible ASCII without quote and backslash.
pub(super) fn scope(text: &At<Text>, checks: &mut Checks) -> Option<Box<str>> {
    let meant = text.value.as_str();
    if !meant.is_empty() && meant.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')) {
        return Some(meant.into());
    }
    let message = format!("`{}` is not one scope", text.value.shown());
    let finding = Finding::new(Code::BadScope, &text.span, message).label("not a scope");
    checks.report(finding.help("several scopes are a list: `scopes = [\"read\", \"write\"]`"));
    None
}
