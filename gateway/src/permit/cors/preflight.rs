//! What a browser asks for before it sends a request (the Fetch standard, §4.8).
use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};

/// A preflight: OPTIONS with `Origin` and `Access-Control-Request-Method`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Preflight {
    /// The method of the request to come.
    pub(crate) method: Method,
    /// The fields of it that need a grant; none when the list of them can't be read.
    pub(super) names: Option<Vec<HeaderName>>,
}

impl Preflight {
    /// What a request asks for, if it is a preflight. One that names no method, or several, is not: it goes the way of
    /// any other OPTIONS.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        let fields = request.headers();
        if request.method() != Method::OPTIONS || !fields.contains_key(header::ORIGIN) {
            return None;
        }
        let mut methods = fields.get_all(header::ACCESS_CONTROL_REQUEST_METHOD).iter();
        let method = methods.next().filter(|_| methods.next().is_none())?;
        let lists = fields.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
        let names = lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
        let names = names.filter(|name| !name.is_empty()).map(HeaderName::from_bytes);
        Some(Self { method: Method::from_bytes(method.as_bytes()).ok()?, names: names.collect::<Result<_, _>>().ok() })
    }

    /// The fields by which the request to come is routed: those of the preflight, and the names that it asks for.
    ///
    /// A condition `*` on a field so holds when the field will be there. Its value is not told before: a condition on
    /// that does not hold, and a route without one decides.
    pub(crate) fn routed_by<'f>(&self, fields: &'f HeaderMap) -> Cow<'f, HeaderMap> {
        let Some(names) = self.names.as_ref().filter(|names| !names.is_empty()) else {
            return Cow::Borrowed(fields);
        };
        let mut fields = fields.clone();
        for name in names {
            fields.entry(name).or_insert(HeaderValue::from_static(""));
        }
        Cow::Owned(fields)
    }

    /// The names that are asked for, as one field's value.
    pub(super) fn names(&self) -> Option<HeaderValue> {
        let names: Vec<&str> = self.names.iter().flatten().map(HeaderName::as_str).collect();
        if names.is_empty() { None } else { HeaderValue::try_from(names.join(", ")).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, fields: &[(&'static str, &'static str)]) -> Option<Preflight> {
        let mut request = Request::new(());
        *request.method_mut() = method.parse().unwrap();
        for (name, value) in fields {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        Preflight::of(&request)
    }

    const ORIGIN: (&str, &str) = ("origin", "https://a");
    const METHOD: (&str, &str) = ("access-control-request-method", "PUT");
    const HEADERS: &str = "access-control-request-headers";

    #[test]
    fn only_what_a_browser_sends_is_one() {
        assert!(of("OPTIONS", &[ORIGIN, METHOD]).is_some_and(|asked| asked.method == Method::PUT));
        for (method, fields) in [
            ("GET", &[ORIGIN, METHOD][..]),
            ("OPTIONS", &[ORIGIN]),
            ("OPTIONS", &[METHOD]),
            ("OPTIONS", &[ORIGIN, METHOD, METHOD]),
            ("OPTIONS", &[ORIGIN, ("access-control-request-method", "")]),
            ("OPTIONS", &[ORIGIN, ("access-control-request-method", "P T")]),
        ] {
            assert_eq!(of(method, fields), None, "{method} {fields:?}");
        }
    }

    #[test]
    fn the_fields_that_it_names() {
        let names = |fields: &[(&'static str, &'static str)]| {
            let asked = of("OPTIONS", &[&[ORIGIN, METHOD], fields].concat()).unwrap();
            asked.names.is_some().then(|| asked.names().map(|names| names.to_str().unwrap().to_owned()))
        };
        assert_eq!(names(&[]), Some(None));
        assert_eq!(names(&[(HEADERS, "")]), Some(None));
        assert_eq!(names(&[(HEADERS, "X-B,x-a , ,")]), Some(Some(String::from("x-b, x-a"))));
        assert_eq!(names(&[(HEADERS, "a"), (HEADERS, "b")]), Some(Some(String::from("a, b"))));
        assert_eq!(names(&[(HEADERS, "a b")]), None);
        assert_eq!(names(&[(HEADERS, "a\tb, *é")]), None);
    }
}
