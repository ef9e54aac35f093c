//! Axes: where a value stands, and which values are written beside it.

use super::chart::Line;

/// The vertical axis of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From 0 to this.
    Linear { top: f64 },
    /// From one power of ten to another.
    Logarithmic { low: i32, high: i32 },
}

impl Scale {
    /// From 0 to a round number above all values.
    pub(super) fn linear(lines: &[Line]) -> Self {
        let most = values(lines).fold(0.0, f64::max);
        let step = round_step(most / 4.0);
        Self::Linear { top: ((most / step).ceil() * step).max(step) }
    }

    /// From the power of ten below all values to the one above.
    pub(super) fn logarithmic(lines: &[Line]) -> Self {
        let least = values(lines).fold(f64::INFINITY, f64::min);
        let most = values(lines).fold(0.0, f64::max);
        if most <= 0.0 {
            return Self::Logarithmic { low: 3, high: 4 };
        }
        #[expect(clippy::cast_possible_truncation, reason = "exponents are small")]
        let (low, high) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        Self::Logarithmic { low, high: high.max(low + 1) }
    }

    /// Where `value` stands: 0 is the bottom, 1 the top.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear { top } => value / top,
            Self::Logarithmic { low, high } => (value.log10() - f64::from(low)) / f64::from(high - low),
        }
        .clamp(0.0, 1.0)
    }

    /// The values that have a line and a label.
    pub(super) fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear { top } => {
                let step = round_step(top / 5.0);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most ten")]
                let whole = (top / step).round() as u32;
                (0..=whole).map(|number| f64::from(number) * step).collect()
            }
            Self::Logarithmic { low, high } => (low..=high).map(|power| 10f64.powi(power)).collect(),
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20 … that is at least `least`; also 0.1 and the like.
pub(super) fn round_step(least: f64) -> f64 {
    if least <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= least * 0.9999).unwrap_or(least)
}

fn values(lines: &[Line]) -> impl Iterator<Item = f64> {
    lines.iter().flat_map(|line| line.values.iter().copied().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(values: &[f64]) -> [Line; 1] {
        [Line { name: "x", values: values.iter().copied().map(Some).collect() }]
    }

    #[test]
    fn a_linear_axis_ends_at_a_round_number() {
        let check = |most: f64, top: f64, ticks: &[&str]| {
            let scale = Scale::linear(&lines(&[0.0, most]));
            assert_eq!(scale, Scale::Linear { top }, "{most}");
            let shown: Vec<String> = scale.ticks().iter().map(|tick| format!("{tick:.1}")).collect();
            assert_eq!(shown, ticks, "{most}");
        };
        check(0.0, 1.0, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(97.0, 100.0, &["0.0", "20.0", "40.0", "60.0", "80.0", "100.0"]);
        check(1234.0, 1500.0, &["0.0", "500.0", "1000.0", "1500.0"]);
    }

    #[test]
    fn a_logarithmic_axis_ends_at_powers_of_ten() {
        let scale = Scale::logarithmic(&lines(&[850.0, 120_000.0]));
        assert_eq!(scale, Scale::Logarithmic { low: 2, high: 6 });
        assert_eq!(scale.ticks().len(), 5);
        assert!((scale.place(1e4) - 0.5).abs() < 1e-9);
        assert!(scale.place(1.0) <= 0.0 && scale.place(1e9) >= 1.0);
        assert_eq!(Scale::logarithmic(&lines(&[1000.0])), Scale::Logarithmic { low: 3, high: 4 });
        assert_eq!(Scale::logarithmic(&[]), Scale::Logarithmic { low: 3, high: 4 });
    }
}
