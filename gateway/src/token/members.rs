//! A JSON object's members, each name once (RFC 7519 §4 lets a reader refuse the rest, and two readers could choose
//! differently).
use std::borrow::Cow;

use smallvec::SmallVec;

use super::json::{Walk, text};
use crate::TokenFault;

/// Members that an object may have; each is compared with all before it.
const MAX_MEMBERS: usize = 128;

/// Names, and values as JSON; a value is read where it is wanted.
#[derive(Debug)]
pub(super) struct Members<'t>(SmallVec<[(Cow<'t, str>, &'t str); 12]>);

impl<'t> Members<'t> {
    /// The members of the one object that `json` is.
    pub(super) fn parse(json: &'t [u8]) -> Option<Self> {
        let mut members = Self(SmallVec::new());
        Walk::new(str::from_utf8(json).ok()?).all(b'{', b'}', |walk| {
            let name = walk.name()?;
            if members.0.len() == MAX_MEMBERS || members.get(&name).is_some() {
                return None;
            }
            members.0.push((name, walk.value()?));
            Some(())
        })?;
        Some(members)
    }

    /// A value as JSON.
    pub(super) fn get(&self, name: &str) -> Option<&'t str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// A value that has to be a string if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'t, str>>, TokenFault> {
        self.get(name).map(|json| text(json).ok_or(TokenFault::Malformed)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::json::MAX_DEPTH, *};

    #[test]
    fn each_name_stands_once_and_nothing_is_deep() {
        let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let many = |count: usize| {
            let members: Vec<String> = (0..count).map(|at| format!("\"{at}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        let check =
            |json: &str, expected: bool| assert_eq!(Members::parse(json.as_bytes()).is_some(), expected, "{json}");
        check("{}", true);
        check(r#" {"a":1,"b":{"a":2}} "#, true);
        check(r#"{"a":"[[[[[[[[[[[[[[[[[[[[","b":["\"[[[[[[[[[[[[[[[[[["]}"#, true);
        check(r#"{"a":1,"a":1}"#, false);
        check(r#"{"a":1,"\u0061":1}"#, false);
        check(r#"{"a":1,}"#, false);
        check(r#"{"a":01}"#, false);
        check("{\"a\":\"\n\"}", false);
        check("[]", false);
        check("{} x", false);
        check(&nested(MAX_DEPTH), true);
        check(&nested(MAX_DEPTH + 1), false);
        check(&nested(3000), false);
        check(&many(MAX_MEMBERS), true);
        check(&many(MAX_MEMBERS + 1), false);
        assert!(Members::parse(b"{\"a\":\"\xff\"}").is_none());
    }
}
