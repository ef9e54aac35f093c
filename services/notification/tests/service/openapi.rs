use kit::bus::Bus;
use kit::settings::Source;
use kit::{Module, Reader};
use notification::{ABOUT, Settings};
use serde_json::Value;

/// The paper of the service, as it is served.
async fn document() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let context = kit::testing::context(ABOUT, folder.path(), Bus::Disconnected);
    let settings = Settings::read(&mut Reader::new(Source::default()));
    let Module { openapi, .. } = notification::build(settings, context).await.unwrap();
    serde_json::to_value(openapi.expect("it is documented")).unwrap()
}

#[tokio::test]
async fn every_route_says_what_it_takes_and_gives() {
    let document = document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["responses"]["401"].is_object(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            found.push(format!("{method} {path}"));
        }
    }
    found.sort_unstable();
    let expected = [
        "delete /notifications/{id}",
        "get /notifications",
        "get /notifications/{id}",
        "post /notifications",
        "post /notifications/{id}/send",
    ];
    assert_eq!(found, expected);
    let body = &document["components"]["schemas"]["NewNotification"];
    let mut required: Vec<_> = body["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    required.sort_unstable();
    assert_eq!(required, ["channel", "message", "recipient", "subject"]);
    assert_eq!(body["properties"]["subject"]["maxLength"], 200);
    assert_eq!(body["properties"]["subject"]["type"], "string", "{body}");
}
