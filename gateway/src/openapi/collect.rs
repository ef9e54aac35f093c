//! Asks the services for their documents.
use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde_json::{Map, Value};
use tokio::{task::JoinSet, time::timeout};

use crate::{cluster::Cluster, live::Live};

/// For one service.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// The longest document, in bytes.
const MAX: usize = 2 << 20;
/// How many of a service's upstreams are asked.
const UPSTREAMS: usize = 2;

/// Why a service is not in the document; it is told to everyone, so nothing of its insides is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// No answer, or none that ends within the bounds.
    Away,
    /// Another answer than 200.
    HasNone,
    /// 200, and no OpenAPI document of version 3.
    Unreadable,
}

impl LeftOut {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Away => "it did not answer in time",
            Self::HasNone => "it has no /openapi.json",
            Self::Unreadable => "its /openapi.json is no OpenAPI 3 document",
        }
    }
}

/// The documents, in the order of [`Live::clusters`].
pub(super) async fn papers(live: &Live) -> Vec<Result<Value, LeftOut>> {
    let mut asked = JoinSet::new();
    for (index, cluster) in live.clusters.iter().enumerate() {
        let cluster = Arc::clone(cluster);
        asked.spawn(async move {
            let paper = timeout(TIMEOUT, paper(&cluster)).await.unwrap_or(Err(LeftOut::Away));
            if let Err(why) = &paper {
                tracing::debug!(
                    service = &*cluster.name,
                    why = why.as_str(),
                    "left out of the merged OpenAPI document"
                );
            }
            (index, paper)
        });
    }
    let mut papers = vec![Err(LeftOut::Away); live.clusters.len()];
    while let Some(done) = asked.join_next().await {
        if let Ok((index, paper)) = done {
            papers[index] = paper;
        }
    }
    papers
}

async fn paper(cluster: &Cluster) -> Result<Value, LeftOut> {
    let mut upstreams: Vec<_> = cluster.upstreams.iter().collect();
    upstreams.sort_by_key(|upstream| !upstream.is_healthy());
    for upstream in upstreams.into_iter().take(UPSTREAMS) {
        match upstream.ask("/openapi.json", "openapi", MAX).await {
            Ok((head, body)) if head.status == StatusCode::OK => return read(&body),
            Ok(_) => return Err(LeftOut::HasNone),
            Err(error) => tracing::debug!(upstream = upstream.label, error, "no OpenAPI document"),
        }
    }
    Err(LeftOut::Away)
}

/// A document of version 3.1, or one of 3.0 brought to it.
pub(super) fn read(body: &[u8]) -> Result<Value, LeftOut> {
    let mut document: Value = serde_json::from_slice(body).map_err(|_| LeftOut::Unreadable)?;
    let version = document["openapi"].as_str().unwrap_or_default();
    let is_old = version.starts_with("3.0.");
    if !(is_old || version.starts_with("3.1.")) || !(document["paths"].is_object() || document["paths"].is_null()) {
        return Err(LeftOut::Unreadable);
    }
    if is_old {
        renew(&mut document);
    }
    Ok(document)
}

/// What 3.1 writes in another way: `nullable`, and bounds that are excluded.
fn renew(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(renew),
        Value::Object(members) => {
            nullable(members);
            for (bound, excluded) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
                if let Some(Value::Bool(is_excluded)) = members.get(excluded) {
                    let bound = if *is_excluded { members.remove(bound) } else { None };
                    match bound {
                        Some(bound) => drop(members.insert(excluded.into(), bound)),
                        None => drop(members.remove(excluded)),
                    }
                }
            }
            members.values_mut().for_each(renew);
        }
        _ => {}
    }
}

fn nullable(members: &mut Map<String, Value>) {
    let Some(Value::Bool(is_nullable)) = members.get("nullable") else { return };
    if *is_nullable && let Some(Value::String(kind)) = members.get("type") {
        let kinds = vec![kind.clone().into(), "null".into()];
        members.insert("type".into(), Value::Array(kinds));
    }
    members.remove("nullable");
}
