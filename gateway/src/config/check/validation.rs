//! `content_types`, `required_headers` and `schema`.
use std::sync::Arc;

use http::HeaderName;

use super::Checks;
use crate::{
    config::{
        diagnose::{Code, Finding},
        raw::RawSchema,
        read::{At, OneOrMany, OrOff, Text},
    },
    permit::validation::{BodySchema, ContentTypes},
};

type List = At<OneOrMany<Text>>;

/// What one layer says: nothing, or what `check` makes of its list; `false` is the default.
pub(super) fn or_off<T: Default>(
    raw: Option<&At<OrOff<OneOrMany<Text>>>>,
    checks: &mut Checks,
    check: fn(&List, &mut Checks) -> T,
) -> Option<T> {
    raw.map(|written| match &written.value {
        OrOff::Off => T::default(),
        OrOff::On(list) => check(&At { value: list.clone(), span: written.span.clone() }, checks),
    })
}

/// The types; off when one of them is at fault, which is reported.
pub(super) fn content_types(list: &List, checks: &mut Checks) -> OrOff<Arc<ContentTypes>> {
    if list.value.is_empty {
        let finding = Finding::new(Code::BadContentType, &list.span, "`content_types` is empty");
        checks.report(finding.label("expected a type").help("add \"application/json\", or leave it out for any"));
    }
    let mut is_good = true;
    for text in &list.value.list {
        if ContentTypes::parse([text.value.as_str()]).is_err() {
            is_good = false;
            let message = format!("`{}` is not a type of body", text.value.shown());
            let finding = Finding::new(Code::BadContentType, &text.span, message).label("not a type");
            checks.report(finding.help("write `application/json`, or `text/*`, without parameters"));
        }
    }
    let types = ContentTypes::parse(list.value.list.iter().map(|text| text.value.as_str()));
    types.ok().filter(|_| is_good && !list.value.is_empty).map(Arc::new).into()
}

pub(super) fn required_headers(list: &List, checks: &mut Checks) -> Arc<[HeaderName]> {
    if list.value.is_empty {
        let finding = Finding::new(Code::BadHeaderName, &list.span, "`required_headers` is empty");
        checks.report(finding.label("expected a name").help("add \"X-Tenant\", or leave it out"));
    }
    let mut names: Vec<HeaderName> = Vec::new();
    for text in &list.value.list {
        if let Some(name) = checks.header_name(text)
            && !checks.report_deleted(&name, &text.span)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names.into()
}

/// Reads and compiles a schema. A relative file is one of the folder that gateway.toml stands in.
pub(super) fn schema(raw: &RawSchema, checks: &mut Checks) -> Option<Arc<BodySchema>> {
    let max_body = match &raw.max_body {
        Some(written) => checks.size("max_body", written, 1..=4 << 20),
        None => Some(64 << 10),
    };
    let file = raw.file.as_ref()?;
    let shown = file.value.shown();
    let (_, text) = checks.file(file)?;
    match BodySchema::compile(shown, max_body?, &text) {
        Ok(schema) => Some(Arc::new(schema)),
        Err(why) => {
            let message = format!("`{shown}` is no JSON Schema that can be used: {why}");
            let finding = Finding::new(Code::BadSchema, &file.span, message).label("not a schema");
            checks.report(finding.help("a `$ref` stays within the file, and a pattern has no look-around"));
            None
        }
    }
}
