//! The mix: the steps that virtual users go through, as a TOML file has them.

mod fault;
mod key;
mod read;
mod step;
mod template;

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderName, HeaderValue},
};

pub use fault::{Fault, Faults};
pub use template::{Body, Escape, Source, Template};

/// The newcomer's story, which runs without `--mix`.
pub const STORY: &str = include_str!("../story.toml");

/// Values that every user has, beside those it captures.
///
/// `user` is the user's own name, new for each newcomer; `unique` is another string each time it is used.
pub const BUILT_IN: [&str; 2] = ["user", "unique"];

/// A whole mix, checked: every value that a step needs can come from a step before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The steps, in the order of the story; those that are `once` come first.
    pub steps: Vec<Step>,
    /// After how many laps a user leaves and a newcomer takes its place; `None` is never.
    pub laps: Option<u32>,
    /// The endpoints, each named as `METHOD /path/{template}`, in the order of their first step.
    pub endpoints: Vec<String>,
}

/// One request of the story.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its endpoint's place in [`Mix::endpoints`].
    pub endpoint: usize,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: Template,
    /// Fields beside those of HTTP itself.
    pub headers: Vec<(HeaderName, Template)>,
    /// The body, sent as JSON.
    pub json: Option<Body>,
    /// What is taken out of an expected answer.
    pub capture: Vec<Capture>,
    /// The statuses that are right.
    pub expect: Vec<Expect>,
    /// How often a lap has it on average; 0.2 is every fifth lap. 1 for a step that is `once`.
    pub weight: f64,
    /// When a user does it.
    pub when: When,
}

/// When a user does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In every lap, by its weight.
    Lap,
    /// Before the first lap, until it has succeeded; and again after this time, when it has one.
    Once(Option<Duration>),
}

/// A value that an answer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The name that templates use.
    pub name: String,
    /// Where it is in the answer's JSON (RFC 6901).
    pub pointer: String,
    /// Whether an answer without it is still right.
    pub optional: bool,
}

/// Statuses that are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// This one.
    Status(u16),
    /// A class: 2 for 2xx.
    Class(u16),
}

impl Mix {
    /// Reads a mix from `text`; `name` stands for the file in faults. All faults come at once.
    pub fn parse(name: &str, text: &str) -> Result<Self, Faults> {
        read::read(text).map_err(|faults| Faults::new(name, text, faults))
    }

    /// The mix that runs without `--mix`.
    pub fn story() -> Self {
        Self::parse("story.toml", STORY).expect("a test reads the embedded story")
    }
}

impl Step {
    /// Whether `status` is an answer that the mix expects.
    pub fn expects(&self, status: u16) -> bool {
        self.expect.iter().any(|expect| match *expect {
            Expect::Status(expected) => status == expected,
            Expect::Class(class) => status / 100 == class,
        })
    }

    /// The names of all values that it uses.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().flat_map(|(_, value)| value.names());
        let body = self.json.iter().flat_map(Body::names);
        self.path.names().chain(headers).chain(body)
    }
}

/// A field's value, if it can be one.
pub(crate) fn field(value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(value).ok()
}

#[cfg(test)]
mod tests;
