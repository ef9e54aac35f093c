//! One `[[step]]`.

mod json;

use std::{ops::Range, time::Duration};

use reqwest::{Method, header::HeaderName};
use toml::de::DeValue;

use super::{
    BUILT_IN, Capture, Expect, Fault, Step, Template, When, field,
    key::{At, Keys, boolean, expected, integer, number, string},
    template::is_name,
};
use crate::units::parse_duration;

/// A step with where it stands, and the name of its endpoint.
pub(super) struct Written {
    pub(super) step: Step,
    pub(super) endpoint: String,
    pub(super) span: Range<usize>,
}

/// Reads a step; `None` when it has a fault that leaves nothing to check further.
pub(super) fn read(mut keys: Keys<'_>, faults: &mut Vec<Fault>) -> Option<Written> {
    let span = keys.span.clone();
    let method = keys.required("method", faults).and_then(|value| method(&value, faults));
    let path = keys.required("path", faults).and_then(|value| path(&value, faults));
    let headers = keys.take("headers").map(|value| headers(value, faults)).unwrap_or_default();
    let json = keys.take("json").and_then(|value| json::read(&value, faults));
    let mut capture = keys.take("capture").map(|value| captures(value, false, faults)).unwrap_or_default();
    capture.extend(keys.take("capture_optional").map(|value| captures(value, true, faults)).unwrap_or_default());
    let expect = keys.take("expect").map_or_else(|| vec![Expect::Class(2)], |value| expects(&value, faults));
    let weight = keys.take("weight").map(|value| (value.span(), weight(&value, faults)));
    let once = keys.take("once").and_then(|value| boolean(&value, faults)).unwrap_or_default();
    let again = keys.take("again").map(|value| (value.span(), again(&value, faults)));
    keys.finish(faults);

    let when = if once { When::Once(again.as_ref().and_then(|(_, time)| *time)) } else { When::Lap };
    match (once, &weight, again) {
        (true, Some((span, _)), _) => {
            faults.push(Fault::new("a step that is `once` has no weight", span.clone()));
        }
        (false, _, Some((span, _))) => faults.push(Fault::new("`again` is for steps that are `once`", span)),
        _ => {}
    }
    let (method, (written_path, path)) = (method?, path?);
    let weight = weight.and_then(|(_, weight)| weight).unwrap_or(1.0);
    let endpoint = format!("{method} {}", written_path.split('?').next().unwrap_or_default());
    let step = Step { endpoint: 0, method, path, headers, json, capture, expect, weight, when };
    Some(Written { step, endpoint, span })
}

fn method(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<Method> {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let text = string(value, faults)?;
    let found = known.iter().find(|method| method.as_str() == text).cloned();
    found.or_else(|| expected("GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS", value.span(), faults))
}

fn path(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<(String, Template)> {
    let text = string(value, faults)?;
    let plain = |each: char| each.is_ascii_graphic() && each != '#';
    if !text.starts_with('/') || text.starts_with("//") || !text.chars().all(plain) {
        return expected("a path that begins with one /, percent-encoded and without #", value.span(), faults);
    }
    let template = template(&text, &value.span(), faults)?;
    Some((text, template))
}

fn headers(value: At<'_>, faults: &mut Vec<Fault>) -> Vec<(HeaderName, Template)> {
    let mut read = Vec::new();
    for (name, value) in Keys::of(value, faults).into_iter().flat_map(Keys::rest) {
        let Ok(field_name) = HeaderName::from_bytes(name.get_ref().as_bytes()) else {
            faults.push(Fault::new(format!("`{}` is no name of a field", name.get_ref()), name.span()));
            continue;
        };
        let Some(text) = string(&value, faults) else { continue };
        if field(&text).is_none() {
            faults.push(Fault::new("a field's value has no control characters", value.span()));
        }
        read.extend(template(&text, &value.span(), faults).map(|template| (field_name, template)));
    }
    read
}

fn captures(value: At<'_>, optional: bool, faults: &mut Vec<Fault>) -> Vec<Capture> {
    let mut read = Vec::new();
    for (name, value) in Keys::of(value, faults).into_iter().flat_map(Keys::rest) {
        if !is_name(name.get_ref()) || BUILT_IN.contains(&&**name.get_ref()) {
            let help = format!("a–z, 0–9 and _, a letter first, and not {}", BUILT_IN.join(" or "));
            faults.push(Fault::new(format!("`{}` cannot be captured", name.get_ref()), name.span()).help(help));
        }
        match string(&value, faults) {
            Some(pointer) if pointer.is_empty() || pointer.starts_with('/') => {
                read.push(Capture { name: name.into_inner().into_owned(), pointer, optional });
            }
            Some(_) => faults.push(Fault::new("expected a JSON Pointer such as \"/id\"", value.span())),
            None => {}
        }
    }
    read
}

fn expects(value: &At<'_>, faults: &mut Vec<Fault>) -> Vec<Expect> {
    match value.get_ref() {
        DeValue::Array(items) if !items.is_empty() => items.iter().filter_map(|item| expect(item, faults)).collect(),
        DeValue::Array(_) => expected("at least one status", value.span(), faults).into_iter().collect(),
        _ => expect(value, faults).into_iter().collect(),
    }
}

fn expect(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<Expect> {
    let class = value.get_ref().as_str().and_then(|text| ["2xx", "3xx", "4xx", "5xx"].iter().position(|x| *x == text));
    let status = integer(value).and_then(|status| u16::try_from(status).ok()).filter(|code| (200..600).contains(code));
    let read = match (class, status) {
        (Some(place), _) => u16::try_from(place + 2).ok().map(Expect::Class),
        (None, status) => status.map(Expect::Status),
    };
    read.or_else(|| expected("a status from 200 to 599, or \"2xx\" to \"5xx\"", value.span(), faults))
}

fn weight(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<f64> {
    let weight = number(value).filter(|weight| (0.01..=100.0).contains(weight));
    weight.or_else(|| expected("a weight from 0.01 to 100", value.span(), faults))
}

fn again(value: &At<'_>, faults: &mut Vec<Fault>) -> Option<Duration> {
    let time = parse_duration(&string(value, faults)?);
    time.or_else(|| expected("a duration such as \"10m\"", value.span(), faults))
}

pub(super) fn template(text: &str, span: &Range<usize>, faults: &mut Vec<Fault>) -> Option<Template> {
    Template::parse(text).map_err(|message| faults.push(Fault::new(message, span.clone()))).ok()
}
