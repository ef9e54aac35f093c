use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

/// The values of the page's `src` and `href`.
fn links(page: &str) -> Vec<&str> {
    let after = page.match_indices("src=\"").chain(page.match_indices("href=\""));
    after.map(|(at, name)| page[at + name.len()..].split('"').next().unwrap()).collect()
}

fn text(asset: Asset) -> String {
    let mut text = String::new();
    if asset.is_gzip {
        // Its end says how long it is and what its sum is, and that is checked.
        GzDecoder::new(asset.bytes).read_to_string(&mut text).unwrap();
    } else {
        text.push_str(str::from_utf8(asset.bytes).unwrap());
    }
    text
}

#[test]
fn all_that_the_page_loads_is_here() {
    let page = page("a <b> & c");
    assert!(page.contains("<title>a &lt;b> &amp; c: API</title>"), "{page}");
    let links = links(&page);
    assert_eq!(links.len(), 5, "{links:?}");
    for link in links.into_iter().filter(|link| *link != "data:,") {
        assert!(!link.contains("//") && !link.starts_with('/'), "{link} is not relative");
        let Some(name) = link.strip_prefix("docs/") else {
            assert_eq!(link, "openapi.json");
            continue;
        };
        let asset = asset(name).unwrap_or_else(|| panic!("{name} is not there"));
        let text = text(asset);
        assert!(!text.is_empty(), "{name}");
        if asset.content_type.starts_with("text/css") {
            assert!(!text.contains("@import") && !text.contains("url(http") && !text.contains("url(//"));
        } else {
            assert!(asset.content_type.starts_with("text/javascript"), "{asset:?}");
        }
    }
}

#[test]
fn nothing_of_it_comes_from_elsewhere() {
    assert!(POLICY.starts_with("default-src 'none'"), "{POLICY}");
    for source in POLICY.split(';').flat_map(|rule| rule.split_whitespace().skip(1)) {
        assert!(["'none'", "'self'", "'unsafe-inline'", "data:"].contains(&source), "{source} lets others in");
    }
    // The one thing that Swagger UI would fetch elsewhere by itself.
    let start = text(asset("start.js").unwrap());
    assert!(start.contains("validatorUrl: null") && start.contains("url: \"openapi.json\"") && !start.contains("//v"));
}

#[test]
fn other_files_are_not_there() {
    for name in ["index.html", "swagger-initializer.js", "../openapi.json", "x", ""] {
        assert_eq!(asset(name), None, "{name}");
    }
}
