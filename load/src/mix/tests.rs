use super::*;

fn faults(text: &str) -> Vec<(usize, String)> {
    let faults = Mix::parse("mix.toml", text).unwrap_err();
    faults.lines().map(|(line, message)| (line, message.to_owned())).collect()
}

#[test]
fn the_newcomers_story_is_sound() {
    let story = Mix::story();
    let places: Vec<&str> = story.endpoints.iter().map(String::as_str).collect();
    assert_eq!(places[..2], ["POST /users", "POST /auth/login"]);
    for endpoint in [
        "POST /tasks",
        "GET /tasks",
        "POST /tasks/{task_id}/complete",
        "GET /notifications",
        "POST /api/v1/purchase",
        "GET /api/v1/available",
        "GET /api/v1/tickets/{ticket_id}",
    ] {
        assert!(places.contains(&endpoint), "{endpoint}");
    }
    assert_eq!(story.steps.len(), story.endpoints.len());
}

#[test]
fn a_step_has_defaults() {
    let mix = Mix::parse("mix.toml", "[[step]]\nmethod = 'GET'\npath = '/a?b=1'").unwrap();
    let step = &mix.steps[0];
    assert_eq!((step.weight, step.when, mix.laps), (1.0, When::Lap, None));
    assert_eq!(mix.endpoints, ["GET /a"]);
    assert!(step.expects(204) && !step.expects(301));
}

#[test]
fn steps_of_one_endpoint_share_it() {
    let text = "[[step]]\nmethod='GET'\npath='/a'\nexpect=[200,'4xx']\n[[step]]\nmethod='GET'\npath='/a?limit=2'";
    let mix = Mix::parse("mix.toml", text).unwrap();
    assert_eq!(mix.endpoints, ["GET /a"]);
    assert!(mix.steps[0].expects(404) && !mix.steps[0].expects(201));
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = r#"laps = 0
[[step]]
method = "FETCH"
path = "users"
wieght = 2
[[step]]
method = "POST"
path = "/users/{usr}"
headers = { "a b" = "x", c = 1 }
json = { a = "{", when = 2026-01-01 }
capture = { Id = "/id", user = "/x", id = "id" }
expect = [99, "9xx"]
weight = 0
again = "10m"
[[step]]
once = true
method = "GET"
path = "/late/{below}"
weight = 1
[[step]]
path = "/x"
method = "GET"
capture = { below = "/y" }
"#;
    let expected = [
        (1, "expected a whole number of laps, 1 or more"),
        (3, "expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"),
        (4, "expected a path that begins with one /, percent-encoded and without #"),
        (5, "unknown key `wieght`"),
        (6, "no step above captures `{usr}`"),
        (9, "`a b` is no name of a field"),
        (9, "expected a string"),
        (10, "a `{` that is not closed; the brace itself is `{{`"),
        (10, "expected a string: JSON has no dates"),
        (11, "`Id` cannot be captured"),
        (11, "`user` cannot be captured"),
        (11, "expected a JSON Pointer such as \"/id\""),
        (12, "expected a status from 200 to 599, or \"2xx\" to \"5xx\""),
        (12, "expected a status from 200 to 599, or \"2xx\" to \"5xx\""),
        (13, "expected a weight from 0.01 to 100"),
        (14, "`again` is for steps that are `once`"),
        (15, "a step that is `once` stands after one that is not"),
        (15, "no step above captures `{below}`"),
        (19, "a step that is `once` has no weight"),
    ];
    assert_eq!(faults(text), expected.map(|(line, message)| (line, message.to_owned())));
}

#[test]
fn what_is_no_story() {
    let check = |text: &str, line: usize, message: &str| {
        assert_eq!(faults(text), [(line, message.to_owned())], "{text}");
    };
    check("", 1, "there is no `[[step]]`");
    check("step = 3", 1, "expected 1 to 100 `[[step]]`s");
    check("[[step]]\npath = '/'", 1, "`method` is missing");
    check(
        "[[step]]\nonce = true\nmethod = 'GET'\npath = '/'",
        1,
        "every step is `once`: a user would have nothing left to do",
    );
    assert_eq!(faults("laps = \n[[step]]\nmethod = ").iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_fault_is_shown_in_its_line() {
    let text = "[[step]]\nmethod = 'GET'\npath = '/'\nwieght = 2";
    let shown = Mix::parse("mix.toml", text).unwrap_err().to_string();
    for part in ["unknown key `wieght`", "mix.toml:4:1", "wieght = 2", "did you mean `weight`?"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn the_readmes_mix_is_sound() {
    let readme = include_str!("../../../README.md");
    let (_, after) = readme.split_once("A mix is a list of steps.").unwrap();
    let block = after.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n")).unwrap();
    let mix = Mix::parse("README.md", block).unwrap();
    assert_eq!(mix.endpoints, ["POST /auth/login", "POST /tasks"]);
}
