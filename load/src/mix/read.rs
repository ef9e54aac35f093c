//! The file as a whole: its steps, and that each can have the values it needs.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::{
    BUILT_IN, Fault, Mix, Step, When,
    key::{Keys, expected, integer},
    step::{self, Written},
};

/// A story is read by people: more steps than this are a mistake.
const MAX_STEPS: usize = 100;

pub(super) fn read(text: &str) -> Result<Mix, Vec<Fault>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut faults: Vec<Fault> =
        errors.iter().map(|error| Fault::new(error.message(), error.span().unwrap_or_default())).collect();
    // What a broken line has swallowed would be reported as missing.
    if !faults.is_empty() {
        return Err(faults);
    }

    let mut keys = Keys::new(document.into_inner(), 0..0);
    let laps = keys.take("laps").and_then(|value| {
        let laps = integer(&value).and_then(|laps| u32::try_from(laps).ok()).filter(|&laps| laps > 0);
        laps.or_else(|| expected("a whole number of laps, 1 or more", value.span(), &mut faults))
    });
    let mut written = Vec::new();
    match keys.take("step").map(|value| (value.span(), value.into_inner())) {
        Some((_, DeValue::Array(steps))) if (1..=MAX_STEPS).contains(&steps.len()) => {
            for step in steps {
                let table = Keys::of(step, &mut faults);
                written.extend(table.and_then(|keys| step::read(keys, &mut faults)));
            }
        }
        Some((span, _)) => faults.push(Fault::new(format!("expected 1 to {MAX_STEPS} `[[step]]`s"), span)),
        None => faults.push(Fault::new("there is no `[[step]]`", 0..0)),
    }
    keys.finish(&mut faults);
    check_order(&written, &mut faults);
    check_needs(&written, &mut faults);
    if faults.is_empty() { Ok(assemble(written, laps)) } else { Err(faults) }
}

/// What is done once comes first, and there is a lap after it.
fn check_order(written: &[Written], faults: &mut Vec<Fault>) {
    let is_lap = |each: &Written| each.step.when == When::Lap;
    let first_lap = written.iter().position(is_lap);
    if let Some(first_lap) = first_lap {
        for late in written[first_lap..].iter().filter(|each| !is_lap(each)) {
            faults.push(
                Fault::new("a step that is `once` stands after one that is not", late.span.clone())
                    .help("move it up: a user does these before its first lap"),
            );
        }
    } else if let Some(last) = written.last() {
        let fault = Fault::new("every step is `once`: a user would have nothing left to do", last.span.clone());
        faults.push(fault);
    }
}

/// A value must come from a step above the one that uses it.
fn check_needs(written: &[Written], faults: &mut Vec<Fault>) {
    let all: BTreeSet<&str> = captured(written).collect();
    for (place, each) in written.iter().enumerate() {
        let above: BTreeSet<&str> = captured(&written[..place]).chain(BUILT_IN).collect();
        for name in each.step.needs().collect::<BTreeSet<_>>().difference(&above) {
            let fault = Fault::new(format!("no step above captures `{{{name}}}`"), each.span.clone());
            let near = above.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2);
            faults.push(match near {
                _ if all.contains(name) => fault.help("the step that does stands below, or is this one"),
                Some(near) => fault.help(format!("did you mean `{{{near}}}`?")),
                None => fault.help(format!("known here: {}", above.iter().copied().collect::<Vec<_>>().join(", "))),
            });
        }
    }
}

fn captured(written: &[Written]) -> impl Iterator<Item = &str> {
    written.iter().flat_map(|each| &each.step.capture).map(|capture| capture.name.as_str())
}

fn assemble(written: Vec<Written>, laps: Option<u32>) -> Mix {
    let mut endpoints: Vec<String> = Vec::new();
    let steps = written.into_iter().map(|Written { step, endpoint, .. }| {
        let known = endpoints.iter().position(|known| *known == endpoint);
        let endpoint = known.unwrap_or_else(|| {
            endpoints.push(endpoint);
            endpoints.len() - 1
        });
        Step { endpoint, ..step }
    });
    let steps = steps.collect();
    Mix { steps, laps, endpoints }
}
