//! A user at work: takes the steps that are handed to it, one after the other, over its one connection.

use std::{
    sync::{Arc, mpsc::Sender},
    time::{Duration, Instant},
};

use reqwest::{Client, Url};
use tokio::sync::{mpsc::UnboundedReceiver, watch};

use super::{self as run, Event};
use crate::{
    client::{Answer, Silence, exchange, request},
    mix::{Expect, Mix, Step, When},
    record::{End, Outcome},
    user::User,
};

pub(super) struct VirtualUser {
    pub(super) begun: Instant,
    pub(super) user: User,
    pub(super) client: Client,
    pub(super) mix: Arc<Mix>,
    pub(super) url: Url,
    pub(super) events: Sender<Event>,
}

impl VirtualUser {
    /// Does what falls `due` until there is no more, or the run is `closing`; then what is left is unfinished.
    pub(super) async fn live(mut self, mut due: UnboundedReceiver<run::Step>, mut closing: watch::Receiver<bool>) {
        while let Some(at) = due.recv().await {
            if *closing.borrow() {
                let now = self.begun.elapsed();
                self.tell(None, at, now, End::Unanswered(Silence::Unfinished));
                continue;
            }
            let step = self.user.next(Instant::now());
            let sent = self.begun.elapsed();
            let end = tokio::select! {
                end = self.take(step) => end,
                // An error is that the run is over.
                _ = closing.wait_for(|closing| *closing) => End::Unanswered(Silence::Unfinished),
            };
            self.tell(Some(self.mix.steps[step].endpoint), at, sent, end);
        }
    }

    async fn take(&mut self, place: usize) -> End {
        let mix = Arc::clone(&self.mix);
        let step = &mix.steps[place];
        let end = match request(&self.url, step, &self.user) {
            Some(request) => match exchange(&self.client, request).await {
                Ok(answer) => self.judge(place, step, answer),
                Err(silence) => End::Unanswered(silence),
            },
            None => End::Unanswered(Silence::Unsendable),
        };
        // One whose story cannot begin, or whom the system knows no more, would only repeat its failure.
        let stuck = step.when != When::Lap && !matches!(end, End::Right(_) | End::Limited(_));
        if stuck || matches!(end, End::Unexpected(401, _)) {
            self.user.start_over();
        }
        end
    }

    fn judge(&mut self, place: usize, step: &Step, answer: Answer) -> End {
        let status = answer.status;
        let problem = answer.problem().map(|problem| format!(", {problem}")).unwrap_or_default();
        if status == 429 && !step.expects(429) {
            return End::Limited(answer.policy);
        }
        if status >= 500 {
            return End::ServerError(status, format!("{status}{problem}"));
        }
        if !step.expects(status) {
            return End::Unexpected(status, format!("{status} instead of {}{problem}", shown(&step.expect)));
        }
        match self.user.learn(place, &answer.json, Instant::now()) {
            Some(pointer) => End::Unexpected(status, format!("{status} without a value at {pointer}")),
            None => End::Right(status),
        }
    }

    fn tell(&self, endpoint: Option<usize>, step: run::Step, sent: Duration, end: End) {
        let (ended, waited) = (self.begun.elapsed(), sent.saturating_sub(step.handed));
        // Fails only when nobody records any more.
        let _ = self.events.send(Event::Ended(Box::new(Outcome { endpoint, due: step.due, waited, ended, end })));
    }
}

fn shown(expected: &[Expect]) -> String {
    let each = expected.iter().map(|expect| match expect {
        Expect::Status(status) => status.to_string(),
        Expect::Class(class) => format!("{class}xx"),
    });
    each.collect::<Vec<_>>().join(" or ")
}
