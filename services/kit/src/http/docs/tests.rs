use std::io::Read;

use super::*;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const ABOUT: About = About { name: "test", version: "1.2.3", port: 0, settings: &[] };

#[utoipa::path(get, path = "/things/{id}", responses((status = 200)), security(("bearer" = [])))]
async fn thing() {
    std::future::ready(()).await;
}

async fn ask(path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let (_, openapi) = OpenApiRouter::<()>::new().routes(routes!(thing)).split_for_parts();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (parts, body) = router(openapi, &ABOUT).oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn the_document_says_of_whom_it_is_and_how_to_call() {
    let (status, headers, body) = ask("/openapi.json").await;
    assert_eq!((status, &headers[CONTENT_TYPE]), (StatusCode::OK, &HeaderValue::from_static("application/json")));
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{document}");
    assert_eq!((&document["info"]["title"], &document["info"]["version"]), (&json!("test"), &json!("1.2.3")));
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    let operation = &document["paths"]["/things/{id}"]["get"];
    assert_eq!(operation["security"], json!([{ "bearer": [] }]));
    let failed = &operation["responses"]["default"]["content"]["application/problem+json"];
    assert_eq!(failed["schema"]["$ref"], "#/components/schemas/Problem");
    assert!(document["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
}

/// The values of the page's `src` and `href`.
fn links(page: &str) -> Vec<&str> {
    let after = page.match_indices("src=\"").chain(page.match_indices("href=\""));
    after.map(|(at, name)| page[at + name.len()..].split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_come_from_here() {
    let (status, headers, body) = ask("/docs").await;
    assert_eq!(status, StatusCode::OK);
    let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let sources = policy.split(';').flat_map(|rule| rule.split_whitespace().skip(1));
    for source in sources {
        assert!(["'none'", "'self'", "'unsafe-inline'", "data:"].contains(&source), "{source} lets others in");
    }
    let page = String::from_utf8(body).unwrap();
    assert!(page.contains("<title>test: API</title>"));
    let links = links(&page);
    assert_eq!(links.len(), 5, "{links:?}");
    for link in links.into_iter().filter(|link| *link != "data:,") {
        assert!(!link.contains("//") && !link.starts_with('/'), "{link} is not relative");
        let (status, headers, body) = ask(&format!("/{link}")).await;
        assert_eq!(status, StatusCode::OK, "{link}");
        let text = unpacked(&headers, body);
        assert!(!text.is_empty(), "{link}");
        match link.rsplit('.').next().unwrap() {
            "css" => assert!(!text.contains("@import") && !text.contains("url(http") && !text.contains("url(//")),
            "js" => assert!(headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/javascript"), "{headers:?}"),
            _ => assert_eq!(link, "openapi.json"),
        }
    }
}

fn unpacked(headers: &HeaderMap, body: Vec<u8>) -> String {
    let mut text = String::new();
    if headers.get(CONTENT_ENCODING).is_some() {
        GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(body).unwrap();
    }
    text
}

#[tokio::test]
async fn other_files_are_not_served() {
    for path in ["/docs/index.html", "/docs/swagger-initializer.js", "/docs/..%2fopenapi.json", "/docs/x"] {
        assert_eq!(ask(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
