//! The open loop: what a server does changes nothing of what is due, and the waiting is in the latencies.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use load::{
    mix::Mix,
    record::Record,
    run::{Plan, run},
};
use xtask::{interrupt::Interrupt, options::Arrivals};

use crate::server::{Reply, Request, Server};

const STALL: Duration = Duration::from_secs(1);

/// 100 steps a second of 10 users for 3 s.
fn load(server: &Server) -> Record {
    let mix = Mix::parse("mix.toml", "[[step]]\nmethod = 'GET'\npath = '/'").unwrap();
    let plan = Plan {
        url: server.url().parse().unwrap(),
        mix: Arc::new(mix),
        users: 10,
        rate: 100.0,
        ramp: Duration::ZERO,
        duration: Duration::from_secs(3),
        arrivals: Arrivals::Constant,
        seed: 1,
        timeout: Duration::from_mins(1),
    };
    run(&plan, &Interrupt::default(), &mut |_| {}).unwrap()
}

#[test]
fn a_stall_is_in_the_latency_of_every_step_that_was_due_meanwhile() {
    // The 100th request begins a second in which nothing is answered.
    let number = AtomicUsize::new(0);
    let stall_end = Mutex::new(None::<Instant>);
    let stalled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&stalled);
    let server = Server::start(move |request: &Request| {
        if request.path == "/" && number.fetch_add(1, Ordering::Relaxed) == 99 {
            *stall_end.lock().unwrap() = Some(Instant::now() + STALL);
        }
        let end = *stall_end.lock().unwrap();
        if let Some(left) = end.and_then(|end| end.checked_duration_since(Instant::now())) {
            count.fetch_add(1, Ordering::Relaxed);
            thread::sleep(left);
        }
        Reply(200, "", String::new())
    });
    let record = load(&server);

    assert_eq!((record.all_due(), record.total.right), (300, 300));
    let stalled = stalled.load(Ordering::Relaxed);
    assert!(stalled <= 10, "each user has one request in flight, {stalled} were");
    // A closed loop would have seen ten slow answers. The schedule went on: a hundred steps fell due in that second, at
    // even distances, so fifty of them in its first half.
    let longer = |milliseconds: u64| record.total.latencies.count_between(milliseconds * 1000, u64::MAX);
    let (half, quarter) = (longer(500), longer(250));
    assert!(half >= 45, "only {half} of 300 waited 500 ms or more");
    assert!(quarter >= 70, "only {quarter} of 300 waited 250 ms or more");
    assert!(record.due.iter().take(12).all(|due| *due == 25), "{:?}", record.due);
}
