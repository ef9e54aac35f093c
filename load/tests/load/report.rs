//! The report: well-formed, whole by itself, with the series plotted.

use roxmltree::{Document, Node};

use crate::{
    binary::Run,
    server::{Reply, Request, Server},
    story::system,
};

fn page(run: &Run) -> String {
    let page = std::fs::read_to_string(run.report()).unwrap();
    // XML knows no DOCTYPE without a definition of it.
    page.strip_prefix("<!DOCTYPE html>\n").unwrap().to_owned()
}

fn attribute<'a>(node: &Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_else(|| panic!("{name} is missing"))
}

/// The classes of a chart's lines, with how many points each has.
fn lines<'a>(figure: &Node<'a, '_>) -> Vec<(&'a str, usize)> {
    let paths = figure.descendants().filter(|node| node.has_tag_name("path"));
    paths.map(|path| (attribute(&path, "class"), attribute(&path, "d").matches(['M', 'L']).count())).collect()
}

#[test]
fn latency_and_throughput_are_plotted_by_endpoint() {
    let server = Server::start(system());
    let run = Run::new();
    run.against(&server, &["--rate", "200", "--ramp", "0s"]);
    let page = page(&run);
    let document = Document::parse(&page).unwrap();
    let sections: Vec<_> = document.descendants().filter(|node| node.has_tag_name("section")).collect();
    assert_eq!(sections.len(), 1 + load::mix::Mix::story().endpoints.len());
    for section in &sections {
        let figures: Vec<_> = section.descendants().filter(|node| node.has_tag_name("figure")).collect();
        let names = |place: usize| lines(&figures[place]).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(0), ["line max", "line p99", "line p90", "line p50"]);
        assert!(names(1).ends_with(&["line right"]), "{:?}", names(1));
    }
    // Four intervals of a second; those of a machine that is too busy may be empty.
    let all: Vec<_> =
        sections[0].descendants().filter(|node| node.has_tag_name("figure")).flat_map(|f| lines(&f)).collect();
    assert!(all.iter().any(|(name, _)| *name == "line due"));
    assert!(all.iter().all(|(_, points)| *points >= 2), "{all:?}");
    // Its links lead somewhere, and nothing comes from another host.
    for link in document.descendants().filter_map(|node| node.attribute("href")) {
        let id = link.strip_prefix('#').unwrap();
        assert!(sections.iter().any(|section| section.attribute("id") == Some(id)), "{link}");
    }
    assert!(document.descendants().all(|node| node.attribute("src").is_none()));
    assert!(page.contains("prefers-color-scheme: dark") && !page.contains("url("));
}

#[test]
fn what_a_server_says_stays_text() {
    let words = r#"{"code":"<script>alert(1)</script>","detail":"a & \"b\" \u0007"}"#;
    let server = Server::start(move |_: &Request| Reply(400, "", words.to_owned()));
    let run = Run::new();
    let ended = run.against(&server, &["--rate", "50"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(!ended.stdout.contains('\x07'));
    let page = page(&run);
    let document = Document::parse(&page).unwrap();
    let scripts = document.descendants().filter(|node| node.has_tag_name("script")).count();
    assert_eq!(scripts, 1);
    assert!(
        document
            .descendants()
            .filter_map(|node| node.text())
            .any(|text| text.contains("<script>alert(1)</script>: a & \"b\""))
    );
    let drawn = document.descendants().filter(|node| node.has_tag_name("path"));
    assert!(drawn.filter_map(|path| path.attribute("class")).any(|class| class == "line wrong"));
}
