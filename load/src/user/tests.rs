use std::time::Duration;

use serde_json::json;

use super::*;

const MIX: &str = "
laps = 2
[[step]]
once = true
method = 'POST'
path = '/users'
capture = { id = '/id' }
[[step]]
once = true
again = '10m'
method = 'POST'
path = '/login'
json = { user = '{id}' }
capture = { token = '/token' }
[[step]]
method = 'POST'
path = '/tasks'
weight = 2
capture_optional = { task = '/id' }
[[step]]
method = 'GET'
path = '/tasks/{task}'
";

fn user(text: &str) -> User {
    User::new(Arc::new(Mix::parse("mix.toml", text).unwrap()), 5)
}

/// Does the next `count` steps, each answered with an id and a token.
fn walk(user: &mut User, count: usize, now: Instant) -> Vec<usize> {
    let mut next = || {
        let step = user.next(now);
        assert_eq!(user.learn(step, &json!({"id": 7, "token": "t"}), now), None);
        step
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn a_story_is_walked_and_left_after_its_laps() {
    let mut user = user(MIX);
    let name = user.value("user");
    let now = Instant::now();
    assert_eq!(walk(&mut user, 8, now), [0, 1, 2, 2, 3, 2, 2, 3]);
    assert_eq!(user.value("user"), name);
    assert_eq!(walk(&mut user, 3, now), [0, 1, 2]);
    assert_ne!(user.value("user"), name, "a newcomer has taken its place");
}

#[test]
fn a_step_before_the_laps_is_tried_until_it_succeeds() {
    let mut user = user(MIX);
    let now = Instant::now();
    assert_eq!([user.next(now), user.next(now)], [0, 0]);
    assert_eq!(user.learn(0, &json!({}), now).as_deref(), Some("/id"));
    assert_eq!(walk(&mut user, 3, now), [0, 1, 2]);
}

#[test]
fn a_step_is_done_again_after_its_time() {
    let mut user = user(MIX);
    let now = Instant::now();
    assert_eq!(walk(&mut user, 3, now), [0, 1, 2]);
    assert_eq!(walk(&mut user, 2, now + Duration::from_mins(10)), [1, 2]);
}

#[test]
fn a_step_whose_value_is_missing_is_left_out() {
    let mut user = user(MIX);
    let now = Instant::now();
    walk(&mut user, 2, now);
    for expected in [2, 2, 2, 2] {
        let step = user.next(now);
        assert_eq!(step, expected);
        assert_eq!(user.learn(step, &json!({"id": null}), now), None);
    }
}

#[test]
fn a_value_of_the_last_lap_is_forgotten() {
    let mut user = user(MIX);
    let now = Instant::now();
    walk(&mut user, 5, now);
    assert_eq!(user.value("task"), Some(json!(7)));
    user.next(now);
    assert_eq!(user.value("task"), None);
    assert_eq!(user.value("token"), Some(json!("t")));
}

#[test]
fn fractions_of_a_weight_are_shares_of_the_laps() {
    let step = |path: &str, weight: &str| format!("[[step]]\nmethod='GET'\npath='{path}'\nweight={weight}\n");
    let mut user = user(&(step("/a", "1") + &step("/b", "0.2")));
    let steps = walk(&mut user, 12_000, Instant::now());
    let rare = steps.iter().filter(|step| **step == 1).count();
    assert!((1_800..2_200).contains(&rare), "{rare} of 12,000");
}

#[test]
fn unique_values_are() {
    let user = user(MIX);
    assert_ne!(user.value("unique"), user.value("unique"));
    assert_eq!(user.value("user"), user.value("user"));
}
