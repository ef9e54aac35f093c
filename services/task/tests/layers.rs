//! What stands inside knows nothing of what stands outside.

use kit::testing::layers::{self, Rules};

/// What each layer's files must not mention.
const RULES: &Rules = &[
    (
        "domain",
        &[
            "crate::application",
            "crate::api",
            "crate::infrastructure",
            "async ",
            ".await",
            "tokio",
            "axum",
            "sqlx",
            "serde",
            "utoipa",
            "events::",
            "kit::",
            "tracing",
            "Timestamp::now",
            "now_v7",
            "std::env",
            "std::fs",
            "std::net",
        ],
    ),
    (
        "application",
        &[
            "crate::api",
            "crate::infrastructure",
            "axum",
            "sqlx",
            "serde",
            "utoipa",
            "kit::bus",
            "kit::database",
            "kit::etag",
            "kit::identity",
            "kit::json",
            "kit::outbox",
            "kit::problem",
            "kit::query",
            "Problem",
            "StatusCode",
            "tokio",
            "Timestamp::now",
            "std::env",
            "std::fs",
            "std::net",
        ],
    ),
    ("api", &["crate::infrastructure", "sqlx", "kit::database", "kit::outbox", "kit::bus", "events::"]),
    ("infrastructure", &["crate::api", "axum", "utoipa", "serde", "kit::problem", "kit::json", "kit::etag", "Problem"]),
];

#[test]
fn the_layers_hold() {
    layers::hold(env!("CARGO_MANIFEST_DIR"), RULES);
}
