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
            "kit::",
            "events::",
            "jsonwebtoken",
            "argon2::",
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
            "kit::database",
            "kit::problem",
            "kit::json",
            "kit::query",
            "kit::identity",
            "Problem",
            "tokio",
            "jsonwebtoken",
            "argon2::",
            "Timestamp::now",
            "std::env",
            "std::fs",
            "std::net",
        ],
    ),
    ("api", &["crate::infrastructure", "sqlx", "kit::database", "jsonwebtoken", "argon2"]),
    ("infrastructure", &["crate::api", "axum", "kit::problem", "kit::json", "Problem"]),
];

#[test]
fn the_layers_hold() {
    layers::hold(env!("CARGO_MANIFEST_DIR"), RULES);
}
