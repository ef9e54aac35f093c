//! Lines over time as SVG. What a line looks like is in the style sheet, by its name.

use std::{fmt::Write as _, time::Duration};

use super::{
    escape,
    scale::{Scale, round_step},
};
use crate::units::duration;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// One chart.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) scale: Scale,
    pub(super) lines: Vec<Line>,
    /// A value as a human reads it.
    pub(super) shown: fn(f64) -> String,
    pub(super) interval: Duration,
    pub(super) elapsed: Duration,
}

/// A value for each interval, or none.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) values: Vec<Option<f64>>,
}

impl Chart {
    /// The chart with its title and legend.
    pub(super) fn svg(&self) -> String {
        let mut drawn = String::new();
        self.draw_axes(&mut drawn);
        // What matters most comes last, over the others.
        for line in self.lines.iter().rev() {
            let path = self.path(line);
            let _ = writeln!(drawn, "<path class=\"line {}\" d=\"{path}\"/>", line.name);
        }
        let mut keys = String::new();
        for line in &self.lines {
            let _ = write!(keys, "<span class=\"key {0}\">{0}</span>", line.name);
        }
        format!(
            "<figure>\n<figcaption><b>{title}</b>{keys}</figcaption>\n\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} over time\" data-left=\"{LEFT}\" \
             data-step=\"{step:.3}\" data-tips=\"{tips}\">\n{drawn}\
             <line class=\"cursor\" x1=\"0\" x2=\"0\" y1=\"{TOP}\" y2=\"{foot}\" visibility=\"hidden\"/>\n</svg>\n</figure>\n",
            title = self.title,
            step = self.x(self.interval.as_secs_f64()) - LEFT,
            tips = escape(&self.tips()),
            foot = HEIGHT - BOTTOM,
        )
    }

    fn draw_axes(&self, drawn: &mut String) {
        for tick in self.scale.ticks() {
            let y = self.y(tick);
            let _ = writeln!(
                drawn,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{x}\" y=\"{base:.1}\" class=\"y\">{text}</text>",
                end = WIDTH - RIGHT,
                x = LEFT - 8.0,
                base = y + 4.0,
                text = escape(&self.tick(tick)),
            );
        }
        let seconds = self.seconds();
        let step = time_step(seconds / 6.0);
        for time in (0..=100).map(|number| f64::from(number) * step).take_while(|time| *time <= seconds) {
            let (x, y) = (self.x(time), HEIGHT - BOTTOM + 17.0);
            let text = duration(Duration::from_secs_f64(time));
            let _ = writeln!(drawn, "<text x=\"{x:.1}\" y=\"{y}\" class=\"x\">{text}</text>");
        }
    }

    /// Through the middles of the intervals; broken where there is no value. A lone value is a dot.
    fn path(&self, line: &Line) -> String {
        let mut path = String::new();
        let mut pen_down = false;
        for (place, value) in line.values.iter().enumerate() {
            let Some(value) = value else {
                pen_down = false;
                continue;
            };
            let (x, y) = (self.x(self.middle(place)), self.y(*value));
            let _ = write!(path, "{}{x:.1} {y:.1}", if pen_down { "L" } else { "M" });
            // A line of no length, drawn with round ends.
            if !pen_down && line.values.get(place + 1).is_none_or(Option::is_none) {
                path.push_str("h0");
            }
            pen_down = true;
        }
        path
    }

    /// What the reader sees of each interval, a line each.
    fn tips(&self) -> String {
        let intervals = self.lines.iter().map(|line| line.values.len()).max().unwrap_or_default();
        let tip = |place: usize| {
            let begun = self.interval.as_secs_f64() * float(place);
            let mut tip = format!("{begun} s");
            for line in &self.lines {
                let value = line.values.get(place).copied().flatten();
                let _ = write!(tip, "  {} {}", line.name, value.map_or_else(|| "–".to_owned(), self.shown));
            }
            tip
        };
        (0..intervals).map(tip).collect::<Vec<_>>().join("\n")
    }

    /// A tick's label, without digits that say nothing: `100 ms`, not `100.00 ms`.
    fn tick(&self, value: f64) -> String {
        let shown = (self.shown)(value);
        let (number, unit) =
            shown.split_at(shown.find(|each: char| !each.is_ascii_digit() && each != '.').unwrap_or(shown.len()));
        let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
        format!("{number}{unit}")
    }

    fn seconds(&self) -> f64 {
        self.elapsed.max(self.interval).as_secs_f64()
    }

    fn middle(&self, place: usize) -> f64 {
        (self.interval.as_secs_f64() * (float(place) + 0.5)).min(self.seconds())
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * seconds / self.seconds()
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - self.scale.place(value))
    }
}

/// Distances that people read off a clock, in seconds.
fn time_step(least: f64) -> f64 {
    let clock = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0];
    if least < 1.0 {
        round_step(least).max(0.25)
    } else {
        clock.into_iter().find(|step| *step >= least).unwrap_or(1800.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a chart has a few hundred intervals")]
fn float(place: usize) -> f64 {
    place as f64
}
