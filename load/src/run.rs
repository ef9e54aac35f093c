//! A run: every step is handed to a user when it is due, whatever has come of those before it.

mod plan;
mod virtual_user;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use reqwest::{Request, Url};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, watch},
};
use xtask::interrupt::Interrupt;

use crate::{
    client::{Silence, client, exchange},
    record::{Outcome, Record, interval},
    schedule::Schedule,
    user::User,
};
use virtual_user::VirtualUser;

pub use plan::Plan;

/// How often the progress is shown.
const LOOK: Duration = Duration::from_millis(100);

/// What answers get to arrive once the user has asked for the end.
const GRACE: Duration = Duration::from_secs(2);

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No threads, no clients.
    #[error("cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// The HTTP client refuses its settings.
    #[error("cannot set up an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// There is nothing to load.
    #[error("nothing answers at {url}: {why}")]
    NothingThere {
        /// What was asked.
        url: Url,
        /// What came of it.
        why: &'static str,
    },
}

/// A step that a user is to do. Times are from the start of the run.
#[derive(Clone, Copy)]
struct Step {
    due: Duration,
    handed: Duration,
}

enum Event {
    /// A step was due, and handed over.
    Due(Step),
    /// One has ended.
    Ended(Box<Outcome>),
    /// No more will fall due; whether that is by the user's wish.
    AllDue { interrupted: bool },
}

/// Runs `plan` to its end, or to the user's: 1. sees that something answers; 2. starts the users; 3. hands out the
/// steps, on a thread of its own, whose clock nothing else delays; 4. records what comes back, and calls `watch` ten
/// times a second; 5. gives the last answers their time.
pub fn run(plan: &Plan, interrupt: &Interrupt, watch: &mut dyn FnMut(&Record)) -> Result<Record, RunError> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    probe(plan, &runtime)?;
    let (events, seen) = channel();
    let (close, closing) = watch::channel(false);
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut users = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..plan.users {
        users.push((client(&plan.url, plan.timeout)?, User::new(Arc::clone(&plan.mix), random.u64(..))));
    }
    let begun = Instant::now();
    for (client, user) in users {
        let (hand, due) = mpsc::unbounded_channel();
        waiting.push(hand);
        let mix = Arc::clone(&plan.mix);
        let user = VirtualUser { begun, user, client, mix, url: plan.url.clone(), events: events.clone() };
        runtime.spawn(user.live(due, closing.clone()));
    }
    let schedule = Schedule::new(plan.arrivals, plan.rate, plan.ramp, plan.duration, plan.seed);
    let (ends, ramp) = (interrupt.clone(), plan.ramp);
    let clock = thread::Builder::new().name("schedule".into());
    clock.spawn(move || hand_out(schedule, ramp, begun, &waiting, &events, &ends))?;

    let mut record = Record::new(&plan.mix.endpoints, interval(plan.duration, plan.rate));
    collect(plan, interrupt, begun, &seen, &close, &mut |record| watch(record), &mut record);
    runtime.shutdown_background();
    Ok(record)
}

/// Any answer at all will do: that the system is there, not that it is well.
fn probe(plan: &Plan, runtime: &Runtime) -> Result<(), RunError> {
    let mut url = plan.url.clone();
    url.set_path("/health");
    let client = client(&plan.url, plan.timeout)?;
    let answer = runtime.block_on(exchange(&client, Request::new(reqwest::Method::GET, url)));
    answer.map(drop).map_err(|silence| RunError::NothingThere {
        url: plan.url.clone(),
        why: if silence == Silence::Connect { "no connection" } else { silence.text() },
    })
}

fn hand_out(
    schedule: Schedule,
    ramp: Duration,
    begun: Instant,
    users: &[mpsc::UnboundedSender<Step>],
    events: &Sender<Event>,
    interrupt: &Interrupt,
) {
    let mut turn = 0;
    // A send fails only when the run is over, and then there is nobody to tell.
    for due in schedule {
        if interrupt.wait(due.saturating_sub(begun.elapsed())) {
            break;
        }
        let step = Step { due, handed: begun.elapsed() };
        turn = (turn + 1) % joined(users.len(), due, ramp);
        let _ = events.send(Event::Due(step));
        let _ = users[turn].send(step);
    }
    let _ = events.send(Event::AllDue { interrupted: interrupt.raised() });
}

/// How many of `users` have joined when a step is due: one at first, all of them after the `ramp`.
fn joined(users: usize, due: Duration, ramp: Duration) -> usize {
    let all = u128::try_from(users).unwrap_or(u128::MAX);
    let part = (all * due.as_nanos()).checked_div(ramp.as_nanos()).map_or(all, |joined| joined + 1);
    usize::try_from(part).map_or(users, |part| part.min(users))
}

fn collect(
    plan: &Plan,
    interrupt: &Interrupt,
    begun: Instant,
    seen: &Receiver<Event>,
    close: &watch::Sender<bool>,
    watch: &mut dyn FnMut(&Record),
    record: &mut Record,
) {
    let mut shown = begun;
    let mut deadline: Option<Instant> = None;
    let mut schedule_end = Duration::ZERO;
    loop {
        match seen.recv_timeout(LOOK) {
            Ok(Event::Due(step)) => record.due(step.due, step.handed),
            Ok(Event::Ended(outcome)) => record.add(*outcome),
            Ok(Event::AllDue { interrupted }) => {
                record.interrupted = interrupted;
                schedule_end = begun.elapsed().min(plan.duration);
                let grace = if interrupted { plan.timeout.min(GRACE) } else { plan.timeout };
                deadline = Some(Instant::now() + grace);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = Instant::now();
        // The second Ctrl-C, or one after the schedule's end, does not wait for answers.
        let impatient = interrupt.count() > u32::from(record.interrupted);
        if deadline.is_some_and(|deadline| now >= deadline || impatient) {
            close.send_replace(true);
        }
        if now.duration_since(shown) >= LOOK {
            shown = now;
            watch(record);
        }
    }
    record.finish(schedule_end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_join_over_the_ramp() {
        let joined = |seconds: u64, ramp: u64| joined(10, Duration::from_secs(seconds), Duration::from_secs(ramp));
        assert_eq!([joined(0, 5), joined(1, 5), joined(4, 5), joined(5, 5), joined(60, 5)], [1, 3, 9, 10, 10]);
        assert_eq!(joined(0, 0), 10);
    }
}
