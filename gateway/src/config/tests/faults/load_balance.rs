//! `load_balance`, `slow_start` and `max_in_flight`.
use super::in_service;

#[test]
fn the_choice_of_an_upstream() {
    for (text, expected) in [
        ("load_balance = \"random\"", "4:16 bad_load_balance"),
        ("load_balance = 1", "4:16 wrong_type"),
        ("load_balance = {}", "4:16 missing_key"),
        ("load_balance = { hash = \"host\" }", "4:25 bad_load_balance"),
        ("load_balance = { hash = \"header:a b\" }", "4:25 bad_load_balance"),
        ("load_balance = { hash = \"cookie:\" }", "4:25 bad_load_balance"),
        ("load_balance = { hahs = \"ip\", hash = \"ip\" }", "4:18 unknown_key"),
        ("load_balance = { sticky = \"ip\" }", "4:27 bad_load_balance"),
        ("load_balance = { sticky = \"cookie:a b\" }", "4:27 bad_load_balance"),
        ("load_balance = { sticky = \"header:X-A\" }", "4:27 bad_load_balance"),
        ("load_balance = { hash = \"ip\", sticky = \"cookie:a\" }", "4:40 conflict"),
        ("load_balance = { sticky = 1 }", "4:27 wrong_type"),
        ("slow_start = \"25h\"", "4:14 out_of_range"),
        ("max_in_flight = 0", "4:17 out_of_range"),
        ("max_in_flight = \"many\"", "4:17 bad_max_in_flight"),
        ("max_in_flight = true", "4:17 wrong_type"),
        ("max_in_flight = {}", "4:17 missing_key"),
        ("max_in_flight = { adaptive = { min = 0 } }", "4:38 out_of_range"),
        ("max_in_flight = { adaptive = { min = 9, max = 8 } }", "4:47 out_of_range"),
        ("max_in_flight = { adaptive = { most = 8 } }", "4:32 unknown_key"),
    ] {
        in_service(text, &[expected]);
    }
}
