//! What is known of a reservation id.

use std::fmt;

use uuid::Uuid;

/// The id under which a caller reserves, and may ask again or release: 1 to 128 visible ASCII
/// characters, chosen by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReservationId(String);

/// The text is no id; it completes a sentence that begins with the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 visible ASCII characters")]
pub struct NotAnId;

impl ReservationId {
    const MAX_LEN: usize = 128;

    /// Checks a text.
    pub fn parse(text: String) -> Result<Self, NotAnId> {
        let good = (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(text)) } else { Err(NotAnId) }
    }

    /// When it was chosen, in milliseconds since 1970, of an id that tells: a UUIDv7, as it is written.
    pub fn chosen_at(&self) -> Option<i64> {
        let uuid = Uuid::try_parse(&self.0).ok()?;
        let written = *uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *self.0;
        (written && uuid.get_version_num() == 7).then(|| i64::try_from(uuid.as_u128() >> 80).ok())?
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its places are taken.
    Held,
    /// There were too few.
    Refused,
    /// Its places went back, or it was released before it was made.
    Released,
}

/// A reservation as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// How many places it is of; 0 when it was released before it was made.
    pub qty: i64,
    /// What became of it.
    pub state: State,
    /// The stock right after it was held or refused.
    pub remaining: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_visible() {
        fn check(text: &str, expected: bool) {
            assert_eq!(ReservationId::parse(text.to_owned()).is_ok(), expected, "{text:?}");
        }
        check("", false);
        check("a", true);
        check("01890a5d-ac96-774b-bcce-b302099a8057", true);
        check("a b", false);
        check("ü", false);
        check("a\n", false);
        check(&"x".repeat(128), true);
        check(&"x".repeat(129), false);
    }

    #[test]
    fn a_uuid_of_version_7_tells_when_it_was_chosen() {
        fn check(text: &str, expected: Option<i64>) {
            assert_eq!(ReservationId::parse(text.to_owned()).unwrap().chosen_at(), expected, "{text}");
        }
        check("01890a5d-ac96-774b-bcce-b302099a8057", Some(0x0189_0a5d_ac96));
        check("00000000-0000-7000-8000-000000000000", Some(0));
        check("ffffffff-ffff-7fff-bfff-ffffffffffff", Some(0xffff_ffff_ffff));
        check("01890a5d-ac96-474b-bcce-b302099a8057", None);
        check("01890A5D-AC96-774B-BCCE-B302099A8057", None);
        check("01890a5dac96774bbcceb302099a8057", None);
        check("{01890a5d-ac96-774b-bcce-b302099a8057}", None);
        check("a", None);
    }
}
