//! What to say about a key that is not known.

/// Keys of later versions, or of what people know from other products: it helps to hear that they are not misspelt.
const NOT_YET: &[&str] = &[
    "circuit_breaker",
    "compress",
    "cors",
    "grpc",
    "load_balance",
    "max_in_flight",
    "mirror",
    "protocol",
    "rate_limit",
    "redirect",
    "retry",
    "slow_start",
    "split",
    "tls",
    "tunnel_idle",
];

/// The help for `key` where only `known` keys make sense: the nearest of them, or all.
pub(super) fn help(key: &str, known: &[&str]) -> String {
    if NOT_YET.contains(&key) {
        return format!("`{key}` is not in this version: remove it");
    }
    if let Some(nearest) = nearest(key, known) {
        return format!("did you mean `{nearest}`?");
    }
    let list: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    format!("expected one of {}", list.join(", "))
}

/// The known key that a third of `key`'s letters, at least one, turn it into; hyphens and capitals count as nothing.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = key.to_lowercase().replace('-', "_");
    let allowed = (plain.chars().count() / 3).max(1);
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&plain, known), *known))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::help;

    #[test]
    fn the_nearest_key_is_named() {
        let known = ["upstreams", "health", "timeouts", "routes"];
        let check = |key: &str, expected: &str| assert_eq!(help(key, &known), expected, "{key}");
        check("upstraems", "did you mean `upstreams`?");
        check("Timeout", "did you mean `timeouts`?");
        check("time-outs", "did you mean `timeouts`?");
        check("retry", "`retry` is not in this version: remove it");
        check("x", "expected one of `upstreams`, `health`, `timeouts`, `routes`");
    }
}
