//! What the services of this process measure: each has its own `/metrics`, which no scraper could reach.
use std::{sync::Arc, time::Duration};

use http::StatusCode;
use tokio::{task::JoinSet, time::timeout};

use crate::{live::Live, upstream::Place};

/// For one service.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The longest exposition, in bytes.
const MAX: usize = 4 << 20;

/// Their expositions, by the services' names; of none that has none or does not answer in time.
pub(super) async fn metrics(live: &Live) -> Vec<(String, String)> {
    let mut asked = JoinSet::new();
    for cluster in &live.clusters {
        let mounted = cluster.upstreams.iter().find(|upstream| matches!(upstream.place, Place::Mounted(_)));
        let Some(upstream) = mounted.map(Arc::clone) else { continue };
        let name = cluster.name.to_string();
        asked.spawn(async move {
            match timeout(TIMEOUT, upstream.ask("/metrics", "metrics", MAX)).await {
                Ok(Ok((head, body))) if head.status == StatusCode::OK => {
                    Some((name, String::from_utf8_lossy(&body).into_owned()))
                }
                outcome => {
                    let error = outcome.map(|answer| answer.map(|(head, _)| head.status));
                    tracing::debug!(service = name, ?error, "a mounted service tells no metrics");
                    None
                }
            }
        });
    }
    let mut told: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
    told.sort();
    told
}
