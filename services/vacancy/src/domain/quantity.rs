//! How many places.

/// A number of places: 1 to [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i64);

/// The number is none that anyone may ask for; the text completes a sentence that begins with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to 1000000")]
pub struct OutOfRange;

impl Quantity {
    /// The most at once.
    pub const MAX: i64 = 1_000_000;

    /// Checks a number.
    pub fn parse(number: i64) -> Result<Self, OutOfRange> {
        if (1..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(OutOfRange) }
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_sold_is_a_quantity() {
        fn check(number: i64, expected: bool) {
            assert_eq!(Quantity::parse(number).is_ok(), expected, "{number}");
        }
        check(i64::MIN, false);
        check(-1, false);
        check(0, false);
        check(1, true);
        check(1_000_000, true);
        check(1_000_001, false);
        check(i64::MAX, false);
    }
}
