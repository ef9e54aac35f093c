//! The flags of `cargo xtask load`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

/// No run has more steps than this, whatever is asked: what is waiting is kept in memory.
const MAX_STEPS: f64 = 5_000_000.0;

/// Whom to load, with what, how hard and for how long.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Load {
    /// The gateway, by scheme and authority; only what is given here is ever asked anything
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    pub url: String,

    /// Virtual users. Each has one connection and does one step at a time, as a person does
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub users: u32,

    /// Steps a second, of all users together. Without it each user has one a second, so it is the number of users
    ///
    /// The rate is what the system is asked for; the users are how many may ask at once. A step whose user still waits
    /// for an earlier answer goes out late, and its latency has that wait in it.
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    pub rate: Option<f64>,

    /// How long steps fall due: "30s", "5m", at most "1h"
    #[arg(long, default_value = "20s", value_parser = run_time)]
    pub duration: Duration,

    /// Over how much of the beginning the users join, one after the other; the rate grows with them. A fifth of
    /// --duration unless said; "0s" has all of them at once
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub ramp: Option<Duration>,

    /// The steps, as TOML; without it the newcomer's story, load/story.toml
    #[arg(long, value_name = "FILE")]
    pub mix: Option<PathBuf>,

    /// How the steps are spread over time
    #[arg(long, default_value = "constant")]
    pub arrivals: Arrivals,

    /// Makes what is random the same again: Poisson arrivals and the choice by weight
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// How long an answer may take once its request is sent; as long is waited for the last ones at the end
    #[arg(long, default_value = "10s", value_parser = answer_time)]
    pub timeout: Duration,

    /// Where the HTML report goes
    #[arg(long, value_name = "FILE", default_value = "load.html")]
    pub report: PathBuf,

    /// What makes the exit status 1, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "5xx,unexpected,limited,unanswered")]
    pub fail_on: Vec<FailOn>,
}

/// How steps are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// One after the other at the same distance
    Constant,
    /// By chance, as independent people come: often alone, sometimes many at once
    Poisson,
}

/// What a run may fail on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// An answer of 500 or more, even one that the mix expects
    #[value(name = "5xx")]
    ServerError,
    /// Any other answer that the mix does not expect, or one without a value that it captures
    Unexpected,
    /// A 429, by which the gateway's rate limit kept a request from the services
    Limited,
    /// No answer: no connection, one that broke, or the time was over
    Unanswered,
    /// Nothing: the exit status is 0 whatever came
    Never,
}

impl Load {
    /// Steps a second.
    pub fn steps_per_second(&self) -> f64 {
        self.rate.unwrap_or(f64::from(self.users))
    }

    /// Over how long the users join.
    pub fn ramp_time(&self) -> Duration {
        self.ramp.unwrap_or(self.duration / 5)
    }

    /// What no flag by itself can tell.
    pub fn check(&self) -> Result<(), String> {
        if self.ramp_time() > self.duration {
            return Err("--ramp is longer than --duration: some users would never join".into());
        }
        let steps = self.steps_per_second() * self.duration.as_secs_f64();
        if steps > MAX_STEPS {
            return Err(format!("--rate × --duration is {steps:.0} steps; at most {MAX_STEPS:.0} are made in a run"));
        }
        Ok(())
    }
}

/// Reads a duration as gateway.toml has it: `250ms`, `30s`, `5m`, `1h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || String::from("expected a duration such as 250ms, 30s, 5m or 1h");
    let digits = text.find(|each: char| !each.is_ascii_digit()).ok_or_else(wrong)?;
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let milliseconds = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(wrong)
}

fn run_time(text: &str) -> Result<Duration, String> {
    bounded(text, Duration::from_secs(1), Duration::from_hours(1))
}

fn answer_time(text: &str) -> Result<Duration, String> {
    bounded(text, Duration::from_millis(10), Duration::from_mins(2))
}

fn bounded(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let read = duration(text)?;
    if (least..=most).contains(&read) { Ok(read) } else { Err(format!("expected {least:?} to {most:?}")) }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.1..=50_000.0).contains(&rate) { Ok(rate) } else { Err("expected 0.1 to 50000".into()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        load: Load,
    }

    fn line(arguments: &[&str]) -> Result<Load, clap::Error> {
        Line::try_parse_from([&["load"], arguments].concat()).map(|line| line.load)
    }

    #[test]
    fn durations() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(duration(text).ok(), expected.map(Duration::from_millis), "{text}");
        };
        check("250ms", Some(250));
        check("30s", Some(30_000));
        check("5m", Some(300_000));
        check("1h", Some(3_600_000));
        for wrong in ["", "5", "s", "-1s", "1.5s", "1 s", "1d", "99999999999999999999s", "18446744073709551615h"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_run_is_bounded() {
        for refused in [
            ["--users", "0"],
            ["--users", "5001"],
            ["--duration", "61m"],
            ["--duration", "0s"],
            ["--rate", "0"],
            ["--rate", "NaN"],
            ["--rate", "50001"],
            ["--timeout", "0s"],
            ["--fail-on", "4xx"],
        ] {
            assert!(line(&refused).is_err(), "{refused:?}");
        }
        assert!(line(&["--rate", "50000", "--duration", "10m"]).unwrap().check().is_err());
        assert!(line(&["--rate", "50000", "--duration", "100s"]).unwrap().check().is_ok());
        assert!(line(&["--ramp", "21s"]).unwrap().check().is_err());
        assert_eq!(line(&[]).unwrap().ramp_time(), Duration::from_secs(4));
    }

    #[test]
    fn users_make_a_rate() {
        let rate = |arguments: &[&str]| line(arguments).unwrap().steps_per_second().to_string();
        assert_eq!(rate(&["--users", "40"]), "40");
        assert_eq!(rate(&["--users", "40", "--rate", "2.5"]), "2.5");
        // What is asked without a flag passes the shipped limit of 100 a minute.
        let shipped = line(&[]).unwrap();
        assert!(shipped.steps_per_second() * shipped.duration.as_secs_f64() <= 100.0);
    }
}
