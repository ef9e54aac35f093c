//! The middle of a few numbers, and how far they stray from it. One disturbed round moves neither.

/// The median of the rounds, and the median of their distances from it: half of them lie within `median ± deviation`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The median absolute deviation, in the unit of the numbers; 0 of a single one.
    pub deviation: f64,
}

impl Spread {
    /// Of these numbers, in any order; `None` of nothing.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        let median = middle(&mut values)?;
        for value in &mut values {
            *value = (*value - median).abs();
        }
        Some(Self { median, deviation: middle(&mut values)? })
    }

    /// `median ±deviation`, each with so many digits behind the point.
    pub fn shown(self, digits: usize) -> String {
        format!("{:.digits$} ±{:.digits$}", self.median, self.deviation)
    }
}

fn middle(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = values.len() / 2;
    let upper = *values.get(place)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[place - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads() {
        let check = |values: &[f64], expected: Option<(f64, f64)>| {
            let spread = Spread::of(values.iter().copied());
            assert_eq!(spread.map(|spread| (spread.median, spread.deviation)), expected, "{values:?}");
        };
        check(&[], None);
        check(&[3.0], Some((3.0, 0.0)));
        check(&[9.0, 1.0, 2.0], Some((2.0, 1.0)));
        // One round that went wrong altogether.
        check(&[4.0, 1.0, 100.0, 2.0], Some((3.0, 1.5)));
        check(&[10.0, 11.0, 12.0, 13.0, 90.0], Some((12.0, 1.0)));
    }

    #[test]
    fn both_have_the_same_digits() {
        assert_eq!(Spread { median: 34.337, deviation: 0.451 }.shown(2), "34.34 ±0.45");
        assert_eq!(Spread { median: 28_999.4, deviation: 310.0 }.shown(0), "28999 ±310");
    }
}
