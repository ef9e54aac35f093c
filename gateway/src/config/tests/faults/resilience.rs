//! `retry`, `circuit_breaker` and `hedge`.
use super::in_service;

#[test]
fn what_becomes_of_failures() {
    for (text, expected) in [
        ("retry = true", "4:9 wrong_type"),
        ("retry.attempts = 0", "4:18 out_of_range"),
        ("retry.attempts = 11", "4:18 out_of_range"),
        ("retry.budget = 2", "4:16 out_of_range"),
        ("retry.on = [\"stale\", \"500\"]", "4:22 bad_retry"),
        ("retry.on = 503", "4:12 wrong_type"),
        ("circuit_breaker = true", "4:19 wrong_type"),
        ("circuit_breaker.failure_threshold = 0", "4:37 out_of_range"),
        ("circuit_breaker.recovery_timeout = \"0s\"", "4:36 out_of_range"),
        ("circuit_breaker.half_open_requests = 0", "4:38 out_of_range"),
        ("circuit_breaker.max_open = 1.5", "4:28 out_of_range"),
        ("circuit_breaker.max_open = -1", "4:28 out_of_range"),
        ("circuit_breaker.max_open = nan", "4:28 out_of_range"),
        ("circuit_breaker.max_open = \"half\"", "4:28 wrong_type"),
        ("circuit_breaker.timeout = \"1s\"", "4:17 unknown_key"),
        ("hedge = true", "4:9 wrong_type"),
        ("hedge.after = \"0s\"", "4:15 out_of_range"),
        ("hedge.max = 0", "4:13 out_of_range"),
        ("hedge.max = 6", "4:13 out_of_range"),
        ("hedge.budget = 1.1", "4:16 out_of_range"),
        ("hedge = { delay = \"1s\" }", "4:11 unknown_key"),
    ] {
        in_service(text, &[expected]);
    }
}
