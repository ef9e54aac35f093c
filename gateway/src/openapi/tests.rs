//! What comes out for whole files and whole documents.
use serde_json::{Value, json};

use super::{
    collect::{self, LeftOut},
    merge::merge,
};
use crate::{config::Config, live::Live};

fn live(toml: &str) -> Live {
    let config = Config::parse("gateway.toml", toml, &|_| None).unwrap_or_else(|faults| panic!("{faults}"));
    Live::alone(config)
}

/// Two services, `a` and `b`, with these keys.
fn two(a: &str, b: &str) -> Live {
    let service = |name: &str, keys: &str| format!("[services.{name}]\nupstreams = ['http://127.0.0.1:1']\n{keys}\n");
    live(&(service("a", a) + &service("b", b)))
}

/// A document with these paths, each with a GET.
fn paper(paths: &[&str]) -> Value {
    let paths = paths.iter().map(|path| ((*path).to_owned(), json!({ "get": { "responses": {} } })));
    json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": paths.collect::<serde_json::Map<_, _>>() })
}

fn paths(merged: &Value) -> Vec<String> {
    let items = merged["paths"].as_object().unwrap().iter();
    items
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
        .collect()
}

/// Where a client finds what `service` has under these paths, if its routes are these.
#[track_caller]
fn check(routes: &str, service: &[&str], expected: &[&str]) {
    let merged = merge(&two(routes, "routes = ['/other-one']"), vec![Ok(paper(service)), Err(LeftOut::HasNone)]);
    let expected: Vec<String> = expected.iter().map(|path| format!("get {path}")).collect();
    assert_eq!(paths(&merged), expected, "{routes}");
}

#[test]
fn a_path_is_shown_as_a_client_reaches_it() {
    check("routes = ['/users']", &["/users", "/users/{id}", "/internal"], &["/users", "/users/{id}"]);
    check("routes = ['POST /users']", &["/users"], &[]);
    check("routes = ['/users$']", &["/users", "/users/{id}"], &["/users"]);
    check("routes = ['~/users/[0-9]+']", &["/users", "/users/{id}"], &["/users/{id}"]);
    check("routes = ['~/users/[a-z]+/x']", &["/users/{id}/x"], &["/users/{id}/x"]);
    check("routes = [{ match = '/api', strip_prefix = true }]", &["/users/{id}", "/"], &["/api/", "/api/users/{id}"]);
    check("routes = [{ match = '/api/v1', strip_prefix = '/api' }]", &["/v1/users", "/users"], &["/api/v1/users"]);
    check("routes = [{ match = '/people', rewrite = '/v2/users' }]", &["/v2/users/{id}", "/v2"], &["/people/{id}"]);
    check("routes = [{ match = '/u/{name}$', rewrite = '/users/{name}/all' }]", &["/users/{id}/all"], &["/u/{id}"]);
    check("routes = [{ match = '~/u/(.*)', rewrite = '/users/$1' }]", &["/users/{id}"], &[]);
    check("routes = [{ match = '/a', headers = { x-a = '1' }, query = { b = '*' } }]", &["/a"], &["/a"]);
    check("routes = [{ match = '/a', headers = { x-a = '~1+' } }]", &["/a"], &[]);
    check("routes = ['/v1', { match = '/v2', rewrite = '/v1' }]", &["/v1/a"], &["/v1/a", "/v2/a"]);
    check("routes = ['/']", &["/a%2fb", "/?a", "a", "/ok"], &["/ok"]);
}

#[test]
fn only_who_gets_the_request_is_shown() {
    let merged = merge(
        &two("routes = ['/api']", "routes = ['GET /api/b$']"),
        vec![Ok(paper(&["/api/a", "/api/b"])), Ok(paper(&["/api/a", "/api/b"]))],
    );
    assert_eq!(paths(&merged), ["get /api/a", "get /api/b"]);
    assert_eq!(merged["paths"]["/api/a"]["get"]["tags"], json!(["a"]));
    assert_eq!(merged["paths"]["/api/b"]["get"]["tags"], json!(["b"]));
    assert_eq!(merged["tags"][1], json!({ "name": "b", "description": "t 1" }));
    assert_eq!((&merged["openapi"], &merged["servers"]), (&json!("3.1.0"), &json!([{ "url": "/" }])));
    assert!(merged.get("x-left-out").is_none());
}

/// A document whose one operation takes a `Thing`, which has a `Part` of this type.
fn with_thing(path: &str, part: &str) -> Value {
    let mut paper = paper(&[]);
    paper["paths"][path]["post"] = json!({
        "operationId": "make",
        "requestBody": { "$ref": "#/components/requestBodies/Make" },
        "responses": {
            "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing/properties/part" } } } },
            "default": { "$ref": "#/components/responses/Failed" },
        },
    });
    paper["components"] = json!({
        "requestBodies": { "Make": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } },
        "responses": { "Failed": { "description": "no", "content": { "a/b": { "schema": { "$ref": "#/components/schemas/Problem" } } } } },
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": { "part": { "$ref": "#/components/schemas/Part" }, "self": { "$ref": "#/components/schemas/Thing" } },
                "discriminator": { "propertyName": "k", "mapping": { "x": "Part", "y": "#/components/schemas/Part", "z": "Gone" } },
            },
            "Part": { "type": part },
            "Problem": { "type": "object" },
            "Unused": { "type": "object" },
        },
    });
    paper
}

#[test]
fn what_two_services_call_alike_is_told_apart() {
    let papers = vec![Ok(with_thing("/a", "string")), Ok(with_thing("/b", "integer"))];
    let merged = merge(&two("routes = ['/a']", "routes = ['/b']"), papers);
    let names = |kind: &str| merged["components"][kind].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names("schemas"), ["Problem", "a.Part", "a.Thing", "b.Part", "b.Thing"]);
    assert_eq!(names("requestBodies"), ["a.Make", "b.Make"], "they differ in what they refer to");
    assert_eq!(names("responses"), ["Failed"], "the same for both");
    let schemas = &merged["components"]["schemas"];
    assert_eq!((&schemas["a.Part"]["type"], &schemas["b.Part"]["type"]), (&json!("string"), &json!("integer")));
    assert_eq!(schemas["b.Thing"]["properties"]["part"]["$ref"], "#/components/schemas/b.Part");
    assert_eq!(schemas["b.Thing"]["properties"]["self"]["$ref"], "#/components/schemas/b.Thing");
    let mapping = json!({ "x": "#/components/schemas/b.Part", "y": "#/components/schemas/b.Part" });
    assert_eq!(schemas["b.Thing"]["discriminator"]["mapping"], mapping);
    let make = &merged["paths"]["/b"]["post"];
    assert_eq!(make["requestBody"]["$ref"], "#/components/requestBodies/b.Make");
    let answer = &make["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(answer, "#/components/schemas/b.Thing/properties/part");
    assert_eq!(make["responses"]["default"]["$ref"], "#/components/responses/Failed");
    let ids = [&merged["paths"]["/a"]["post"]["operationId"], &make["operationId"]];
    assert_eq!(ids, [&json!("make"), &json!("b.make")]);
}

#[test]
fn a_reference_to_nothing_or_elsewhere_is_taken_out() {
    let mut one = paper(&["/a"]);
    one["paths"]["/a"]["get"]["responses"] = json!({
        "200": { "$ref": "https://elsewhere.example/x.json" },
        "400": { "$ref": "#/components/responses/Only-b-has-it" },
    });
    let mut other = paper(&["/b"]);
    other["paths"]["/b"]["get"]["responses"] = json!({ "400": { "$ref": "#/components/responses/Only-b-has-it" } });
    other["components"] = json!({ "responses": { "Only-b-has-it": { "description": "b's" } } });
    let merged = merge(&two("routes = ['/a']", "routes = ['/b']"), vec![Ok(one), Ok(other)]);
    let text = merged.to_string();
    assert!(!text.contains("elsewhere"), "{text}");
    assert_eq!(text.matches("\"$ref\"").count(), 1, "{text}");
}

#[test]
fn parameters_fit_the_path() {
    let mut one = paper(&[]);
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } });
    one["components"] = json!({ "parameters": { "Id": id, "Page": { "name": "page", "in": "query" } } });
    one["paths"]["/users/{id}"] = json!({
        "parameters": [{ "$ref": "#/components/parameters/Id" }, { "$ref": "#/components/parameters/Page" }],
        "get": { "parameters": [{ "name": "page", "in": "query", "description": "own" }] },
    });
    let mut other = paper(&[]);
    other["paths"]["/t/{tenant}/users/{key}"]["put"] =
        json!({ "parameters": [{ "name": "key", "in": "path" }, { "name": "key", "in": "query" }] });
    let merged = merge(
        &two("routes = [{ match = 'GET /t/{id}', strip_prefix = true }]", "routes = ['PUT /t']"),
        vec![Ok(one), Ok(other)],
    );
    assert_eq!(paths(&merged), ["get /t/{id_}/users/{id}", "put /t/{id_}/users/{id}"], "one path, whatever its names");
    let parameters = |method: &str| {
        let all = merged["paths"]["/t/{id_}/users/{id}"][method]["parameters"].as_array().unwrap().iter();
        all.map(|one| format!("{} {}", one["in"].as_str().unwrap(), one["name"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(parameters("get"), ["query page", "path id", "path id_"]);
    assert_eq!(parameters("put"), ["path id", "query key", "path id_"]);
}

#[test]
fn an_operation_without_parameters_names_none() {
    let live = two("routes = ['/users']", "routes = ['/t']");
    let merged = merge(&live, vec![Ok(paper(&["/users"])), Ok(paper(&[]))]);
    let operation = merged["paths"]["/users"]["get"].as_object().unwrap();
    assert!(!operation.contains_key("parameters"), "{operation:?}");
}

#[test]
fn a_route_says_what_a_caller_has_to_show() {
    let key = "keys = [{ name = 'ci', sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' }]";
    let secret = "0123456789abcdef0123456789abcdef";
    let head = format!("[[jwt]]\nissuer = 'i'\nsecret = '{secret}'\n[[api_key]]\nheader = 'X-Key'\n{key}\n");
    let routes = "[services.a]\nupstreams = ['http://127.0.0.1:1']\nroutes = [{ match = '/r', scopes = ['s'] }, \
                  { match = '/o', auth = 'optional' }, { match = '/n', auth = 'none' }]";
    let mut one = paper(&["/r", "/o", "/n"]);
    one["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer" },
        "own": { "type": "apiKey", "in": "cookie", "name": "c" },
    });
    one["security"] = json!([{ "bearer": [], "own": [] }]);
    one["paths"]["/o"]["get"]["security"] = json!([]);
    let merged = merge(&live(&(head + routes)), vec![Ok(one)]);
    let asked = |path: &str| merged["paths"][path]["get"]["security"].clone();
    assert_eq!(asked("/r"), json!([{ "gateway.bearer": ["s"], "own": [] }, { "api_key": ["s"], "own": [] }]));
    assert_eq!(asked("/o"), json!([{ "gateway.bearer": [] }, { "api_key": [] }, {}]));
    assert_eq!(asked("/n"), json!([{ "a.bearer": [], "own": [] }]));
    let schemes = &merged["components"]["securitySchemes"];
    assert_eq!(schemes["api_key"], json!({ "type": "apiKey", "in": "header", "name": "x-key" }));
    assert_eq!(schemes["gateway.bearer"]["bearerFormat"], "JWT");
    assert!(!merged.to_string().contains(secret));
}

#[test]
fn who_is_left_out_is_named() {
    let papers = vec![Err(LeftOut::Away), Ok(paper(&["/b"]))];
    let merged = merge(&two("routes = ['/a']", "routes = ['/b']"), papers);
    assert_eq!(merged["x-left-out"], json!({ "a": "it did not answer in time" }));
    assert!(merged["info"]["description"].as_str().unwrap().contains("`a`"), "{}", merged["info"]);
    assert_eq!(paths(&merged), ["get /b"]);
}

#[test]
fn a_document_is_of_openapi_3() {
    for bad in ["", "[]", "null", "{}", "<html>", r#"{"swagger":"2.0","paths":{}}"#, r#"{"openapi":"3.1.0","paths":7}"#]
    {
        assert_eq!(collect::read(bad.as_bytes()), Err(LeftOut::Unreadable), "{bad}");
    }
    let deep = format!("{{\"openapi\":\"3.1.0\",\"x\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(collect::read(deep.as_bytes()), Err(LeftOut::Unreadable));
    let old = r#"{"openapi":"3.0.3","components":{"schemas":{"A":{"type":"string","nullable":true},
        "B":{"type":"integer","nullable":false,"minimum":1,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false},
        "C":{"properties":{"nullable":{"type":"string"}}}}}}"#;
    let schemas = &collect::read(old.as_bytes()).unwrap()["components"]["schemas"];
    assert_eq!(schemas["A"], json!({ "type": ["string", "null"] }));
    assert_eq!(schemas["B"], json!({ "type": "integer", "exclusiveMinimum": 1, "maximum": 9 }));
    assert_eq!(schemas["C"], json!({ "properties": { "nullable": { "type": "string" } } }));
}
