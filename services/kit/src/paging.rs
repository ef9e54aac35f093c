//! Lists in pages, by an opaque cursor.
//!
//! Items are ordered by their UUIDv7 and a cursor holds the last one seen, so that a page never
//! repeats or skips an item because others were inserted or removed meanwhile, and the thousandth
//! page costs what the first does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::Problem;
use crate::problem::FieldError;

/// The smallest and largest `limit`.
pub const LIMITS: std::ops::RangeInclusive<u32> = 1..=100;
/// The `limit` of a request that names none.
pub const DEFAULT_LIMIT: u32 = 20;
/// Stands before the id in a cursor, so that a later form can be told from this one.
const VERSION: u8 = 1;

/// `?limit=&cursor=` as written.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: u32,
    /// The items after this one; `None` begins at the first.
    pub after: Option<Uuid>,
}

/// A part of a list, as the API answers it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// At most `limit` items, in the list's order.
    pub items: Vec<T>,
    /// What to send as `cursor` for the items after these; `null` on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl PageQuery {
    /// Checks both; 400 `validation_failed` names each that is wrong.
    pub fn parse(&self) -> Result<PageRequest, Problem> {
        let mut errors = Vec::new();
        let request = self.check(&mut errors);
        if errors.is_empty() { Ok(request) } else { Err(Problem::validation(errors)) }
    }

    /// Checks both, beside other parameters: what is wrong is added to `errors`, and the request is then
    /// of no use.
    pub fn check(&self, errors: &mut Vec<FieldError>) -> PageRequest {
        let limit = match self.limit.as_deref().map(str::parse) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if LIMITS.contains(&limit) => limit,
            Some(_) => {
                errors.push(FieldError::new("limit", "must be a whole number from 1 to 100"));
                DEFAULT_LIMIT
            }
        };
        let after = self.cursor.as_deref().map(decode);
        if after == Some(None) {
            errors.push(FieldError::new("cursor", "must be the next_cursor of an earlier page"));
        }
        PageRequest { limit, after: after.flatten() }
    }
}

impl PageRequest {
    /// How many rows to fetch: one more than asked for tells whether there is a next page.
    pub fn fetch(&self) -> u32 {
        self.limit + 1
    }

    /// Makes the page of the rows that [`PageRequest::fetch`] gave.
    pub fn page<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| encode(id(row))) } else { None };
        Page { items: rows, next_cursor }
    }
}

impl<T> Page<T> {
    /// The same page of other items.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(convert).collect();
        Page { items, next_cursor: self.next_cursor }
    }
}

fn encode(id: Uuid) -> String {
    let mut bytes = [VERSION; 17];
    bytes[1..].copy_from_slice(id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(cursor: &str) -> Option<Uuid> {
    let bytes: [u8; 17] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
    let (version, id) = bytes.split_first()?;
    if *version == VERSION { Uuid::from_slice(id).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(limit: Option<&str>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
        PageQuery { limit: limit.map(Into::into), cursor: cursor.map(Into::into) }.parse()
    }

    #[test]
    fn limits_are_checked() {
        fn check(limit: Option<&str>, expected: Option<u32>) {
            assert_eq!(query(limit, None).ok().map(|page| page.limit), expected, "{limit:?}");
        }
        check(None, Some(20));
        check(Some("1"), Some(1));
        check(Some("100"), Some(100));
        for bad in ["0", "101", "-1", "x", "", "1.5", "99999999999999999999"] {
            check(Some(bad), None);
        }
    }

    #[test]
    fn a_cursor_survives_its_round_trip_and_nothing_else_is_one() {
        let id = Uuid::now_v7();
        let request = query(None, Some(&encode(id))).unwrap();
        assert_eq!(request.after, Some(id));
        let other_version = URL_SAFE_NO_PAD.encode([9; 17]);
        for bad in ["", "x", "AAAA", "%00", other_version.as_str(), &"A".repeat(5_000)] {
            assert!(query(None, Some(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let request = PageRequest { limit: 2, after: None };
        let ids: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
        let page = request.page(ids.clone(), |id| *id);
        assert_eq!(page.items, ids[..2]);
        assert_eq!(decode(&page.next_cursor.unwrap()), Some(ids[1]));
        assert_eq!(request.page(ids[..2].to_vec(), |id| *id).next_cursor, None);
    }
}
