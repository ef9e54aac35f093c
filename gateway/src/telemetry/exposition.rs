//! Several expositions of metrics (OpenMetrics text) as one, for a process that holds several that each have their own.
use std::fmt::Write;

/// One family: a metric's name, its description, and its samples.
#[derive(Debug, Default)]
struct Family {
    name: String,
    /// `counter`, as `# TYPE` has it.
    kind: String,
    /// The lines that begin with `#`.
    head: Vec<String>,
    samples: Vec<String>,
}

/// Adds to `own` the expositions of `services`, by name. Each of their samples gets the label `service`; one that it has
/// already is called `exported_service`, as Prometheus does. A family is there once, as the format has it; one that
/// is of another type in a service than before is left out of that service's.
pub(crate) fn merge(own: &str, services: &[(String, String)]) -> String {
    let mut all = read(own);
    for (service, text) in services {
        for mut family in read(text) {
            family.samples.iter_mut().for_each(|sample| *sample = labelled(sample, service));
            match all.iter_mut().find(|known| known.name == family.name) {
                Some(known) if known.kind == family.kind => known.samples.append(&mut family.samples),
                Some(_) => {
                    tracing::debug!(service, metric = family.name, "left out: its type is another one elsewhere");
                }
                None => all.push(family),
            }
        }
    }
    let mut text = String::new();
    for line in all.iter().flat_map(|family| family.head.iter().chain(&family.samples)) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    }
    text + "# EOF\n"
}

fn read(text: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        let about = if words.next() == Some("#") { words.next().zip(words.next()) } else { None };
        if let Some((what, name)) = about {
            if families.last().is_none_or(|family| family.name != name) {
                families.push(Family { name: name.to_owned(), ..Family::default() });
            }
            let Some(family) = families.last_mut() else { continue };
            if what == "TYPE" {
                words.next().unwrap_or_default().clone_into(&mut family.kind);
            }
            family.head.push(line.to_owned());
        } else if let Some(family) = families.last_mut().filter(|_| !line.starts_with('#')) {
            family.samples.push(line.to_owned());
        }
    }
    families
}

/// `name{service="user",route="/users"} 7`.
fn labelled(sample: &str, service: &str) -> String {
    let end = sample.find(['{', ' ']).unwrap_or(sample.len());
    let (name, rest) = sample.split_at(end);
    let Some(labels) = rest.strip_prefix('{') else { return format!("{name}{{service=\"{service}\"}}{rest}") };
    let labels = renamed(labels);
    let comma = if labels.starts_with('}') { "" } else { "," };
    format!("{name}{{service=\"{service}\"{comma}{labels}")
}

/// What follows the `{`, with a label `service` under another name; quoted text may hold whatever it likes.
fn renamed(labels: &str) -> String {
    let (mut is_quoted, mut is_escaped, mut starts) = (false, false, true);
    for (at, byte) in labels.bytes().enumerate() {
        if starts && labels[at..].starts_with("service=") {
            return format!("{}exported_{}", &labels[..at], &labels[at..]);
        }
        starts = !is_quoted && byte == b',';
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            b'}' if !is_quoted => break,
            _ => {}
        }
    }
    labels.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_is_there_once_and_no_series_twice() {
        let own = "# HELP gateway_requests Requests.\n# TYPE gateway_requests counter\n\
                   gateway_requests_total{route=\"/\"} 3\n# EOF\n";
        let text = |count: u32| {
            format!(
                "# HELP waiting Messages.\n# TYPE waiting gauge\nwaiting {count}\n# HELP took Time.\n\
                 # TYPE took histogram\n# UNIT took seconds\ntook_bucket{{le=\"+Inf\"}} {count}\ntook_count{{}} 1\n# EOF\n"
            )
        };
        let merged = merge(own, &[("user".into(), text(1)), ("task".into(), text(2))]);
        let expected = "# HELP gateway_requests Requests.\n# TYPE gateway_requests counter\n\
                        gateway_requests_total{route=\"/\"} 3\n\
                        # HELP waiting Messages.\n# TYPE waiting gauge\n\
                        waiting{service=\"user\"} 1\nwaiting{service=\"task\"} 2\n\
                        # HELP took Time.\n# TYPE took histogram\n# UNIT took seconds\n\
                        took_bucket{service=\"user\",le=\"+Inf\"} 1\ntook_count{service=\"user\"} 1\n\
                        took_bucket{service=\"task\",le=\"+Inf\"} 2\ntook_count{service=\"task\"} 1\n# EOF\n";
        assert_eq!(merged, expected);
        assert_eq!(merge(own, &[]), own);
        let other = "# TYPE gateway_requests gauge\ngateway_requests 1\n";
        assert_eq!(merge(own, &[("odd".into(), other.into())]), own);
    }

    #[test]
    fn a_label_of_the_same_name_keeps_its_value() {
        let check = |sample: &str, expected: &str| assert_eq!(labelled(sample, "a"), expected);
        check("up 1", "up{service=\"a\"} 1");
        check("up{service=\"x\"} 1", "up{service=\"a\",exported_service=\"x\"} 1");
        check("up{b=\"1\",service=\"x\"} 1", "up{service=\"a\",b=\"1\",exported_service=\"x\"} 1");
        check(r#"up{b="\",service=} ",c="d"} 1"#, r#"up{service="a",b="\",service=} ",c="d"} 1"#);
        check("up{my_service=\"x\"} 1 # {service=\"y\"} 1", "up{service=\"a\",my_service=\"x\"} 1 # {service=\"y\"} 1");
    }
}
