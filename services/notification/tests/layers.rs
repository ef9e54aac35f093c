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
            "kit::",
            "events::",
            "reqwest",
            "lettre",
            "tracing",
            "Timestamp::now",
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
            "kit::database",
            "kit::problem",
            "kit::json",
            "kit::query",
            "kit::identity",
            "kit::outbox",
            "kit::inbox",
            "Problem",
            "tokio",
            "reqwest",
            "lettre",
            "Timestamp::now",
            "std::env",
            "std::fs",
            "std::net",
        ],
    ),
    ("api", &["crate::infrastructure", "sqlx", "kit::database", "kit::outbox", "kit::inbox", "reqwest", "lettre"]),
    ("infrastructure", &["crate::api", "axum", "utoipa", "kit::problem", "kit::json", "Problem"]),
];

#[test]
fn the_layers_hold() {
    layers::hold(env!("CARGO_MANIFEST_DIR"), RULES);
}
