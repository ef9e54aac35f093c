//! A policy for other origins, in the file's own keys.
use serde_json::{Value, json};

use crate::{
    config::read::units::show_duration,
    permit::cors::{Cors, Listed},
};

/// `false` where there is none.
pub(super) fn cors(cors: Option<&Cors>) -> Value {
    let Some(policy) = cors.map(Cors::policy) else {
        return json!(false);
    };
    let origins = policy.origins.any.then(|| String::from("*")).into_iter();
    let mut shown = json!({
        "origins": origins.chain(policy.origins.patterns.iter().map(ToString::to_string)).collect::<Vec<_>>(),
        "methods": listed(&policy.methods),
        "expose_headers": listed(&policy.expose_headers),
        "credentials": policy.credentials,
    });
    if let Some(headers) = &policy.headers {
        shown["headers"] = listed(headers);
    }
    if let Some(age) = policy.max_age {
        shown["max_age"] = show_duration(age).into();
    }
    shown
}

fn listed<T: ToString>(list: &Listed<T>) -> Value {
    let names = list.any.then(|| String::from("*")).into_iter();
    names.chain(list.names.iter().map(ToString::to_string)).collect()
}
