use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::*;

const LIMITS: Limits = Limits { waiting: 64, at_once: 10 };

/// Doubles numbers, a batch for each permit of the gate; notes the sizes of the batches.
struct Gated {
    gate: Arc<Semaphore>,
    sizes: Arc<Mutex<Vec<usize>>>,
    batcher: Batcher<u64, u64, &'static str>,
}

impl Gated {
    fn new(permits: usize, limits: Limits) -> Self {
        let gate = Arc::new(Semaphore::new(permits));
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let (held, noted) = (Arc::clone(&gate), Arc::clone(&sizes));
        let batcher = Batcher::new(limits, move |commands: Vec<u64>| {
            let (gate, sizes) = (Arc::clone(&held), Arc::clone(&noted));
            async move {
                gate.acquire().await.unwrap().forget();
                sizes.lock().unwrap().push(commands.len());
                assert!(!commands.contains(&13), "of the test");
                if commands.contains(&7) {
                    return Err("seven");
                }
                Ok(commands.into_iter().map(|number| number * 2).collect())
            }
        });
        Self { gate, sizes, batcher }
    }

    /// Submits `number` and waits until the batcher has it.
    async fn begin(&self, callers: &mut JoinSet<Result<u64, BatchError<&'static str>>>, number: u64) {
        let batcher = self.batcher.clone();
        callers.spawn(async move { batcher.submit(number).await });
        // On this one thread the caller, and then the task that it starts, run before this goes on.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    fn sizes(&self) -> Vec<usize> {
        self.sizes.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn what_comes_during_a_commit_is_in_the_next_one() {
    let gated = Gated::new(0, LIMITS);
    let mut callers = JoinSet::new();
    for number in 20..45 {
        gated.begin(&mut callers, number).await;
    }
    gated.gate.add_permits(10);
    let mut results: Vec<_> = callers.join_all().await.into_iter().map(Result::unwrap).collect();
    results.sort_unstable();
    assert_eq!(results, (20..45).map(|number| number * 2).collect::<Vec<_>>());
    assert_eq!(gated.sizes(), [1, 10, 10, 4]);
}

#[tokio::test]
async fn a_lone_command_does_not_wait_for_others() {
    // Time stands: a timer would never end.
    tokio::time::pause();
    let gated = Gated::new(100, LIMITS);
    let before = tokio::time::Instant::now();
    for number in 20..23 {
        assert_eq!(gated.batcher.submit(number).await, Ok(number * 2));
    }
    assert_eq!(gated.sizes(), [1, 1, 1]);
    assert_eq!(before.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test]
async fn a_batch_fails_as_a_whole_and_the_next_one_goes_on() {
    let gated = Gated::new(0, LIMITS);
    let mut callers = JoinSet::new();
    for number in [1, 2, 7, 3] {
        gated.begin(&mut callers, number).await;
    }
    gated.gate.add_permits(10);
    let mut results = callers.join_all().await;
    results.sort_by_key(Result::is_err);
    let failed = Err(BatchError::Failed("seven"));
    assert_eq!(results, [Ok(2), failed.clone(), failed.clone(), failed]);
    assert_eq!(gated.batcher.submit(5).await, Ok(10));
}

#[tokio::test]
async fn a_panic_ends_its_batch_alone() {
    let gated = Gated::new(10, LIMITS);
    assert_eq!(gated.batcher.submit(13).await, Err(BatchError::Broken));
    assert_eq!(gated.batcher.submit(5).await, Ok(10));
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once() {
    let gated = Gated::new(0, Limits { waiting: 2, at_once: 10 });
    let mut callers = JoinSet::new();
    for number in [1, 2, 3] {
        gated.begin(&mut callers, number).await;
    }
    // The first is being applied, two wait.
    assert_eq!(gated.batcher.submit(4).await, Err(BatchError::Full));
    gated.gate.add_permits(10);
    assert!(callers.join_all().await.iter().all(Result::is_ok));
    assert_eq!(gated.batcher.submit(4).await, Ok(8));
}

#[tokio::test]
async fn a_caller_that_goes_away_disturbs_nobody() {
    let done = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let (counted, held) = (Arc::clone(&done), Arc::clone(&gate));
    let batcher: Batcher<(), (), ()> = Batcher::new(LIMITS, move |commands: Vec<()>| {
        let (done, gate) = (Arc::clone(&counted), Arc::clone(&held));
        async move {
            gate.acquire().await.unwrap().forget();
            done.fetch_add(commands.len(), Ordering::SeqCst);
            Ok(commands)
        }
    });
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        let batcher = batcher.clone();
        callers.spawn(async move { batcher.submit(()).await });
    }
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    callers.shutdown().await;
    gate.add_permits(10);
    assert_eq!(batcher.submit(()).await, Ok(()));
    assert_eq!(done.load(Ordering::SeqCst), 4, "the commit of those that went away was lost");
}
