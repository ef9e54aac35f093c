//! One round on one running system.

use std::time::Duration;

use xtask::{interrupt::Interrupt, options::Dual};

use super::{DualError, System, client};
use crate::load::{self, Plan, Report, Work};

/// What a round has shown of a mode.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// Resident memory once it was healthy, and after the load, in bytes.
    pub(super) memory: [u64; 2],
    /// Purchases of one client, one after the other.
    pub(super) alone: Report,
    /// Purchases of many clients at once.
    pub(super) purchases: Report,
    /// Reads of the stock by many clients at once.
    pub(super) reads: Report,
}

/// 1. Memory at rest.
/// 2. A buyer and a stock.
/// 3. One client's purchases, many clients' purchases, reads.
/// 4. The stock must have fallen by what was sold.
/// 5. Memory afterwards.
pub(super) fn measure(system: &System, options: &Dual, interrupt: &Interrupt) -> Result<Numbers, DualError> {
    let rest = system.resident()?;
    let gateway = system.gateway;
    let prepared = client::prepare(gateway)?;
    let [purchase, read] = client::requests(gateway, &prepared.field);
    let run = |request: &[u8], connections: usize| {
        let plan = Plan {
            address: gateway,
            work: Work::of(vec![request.to_vec()]),
            connections,
            warm_up: Duration::from_millis(500),
            time: Duration::from_secs_f64(options.seconds),
            max_requests: 10_000_000,
            watch: None,
            rate: None,
            slow: 0,
            tls: None,
        };
        load::run(&plan, interrupt)
    };
    let connections = options.connections as usize;
    let before = client::available(gateway, &prepared.field)?;
    let alone = run(&purchase, 1)?;
    let purchases = run(&purchase, connections)?;
    let after = client::available(gateway, &prepared.field)?;
    let reads = run(&read, connections)?;
    let (sold, taken) = (alone.requests + purchases.requests, before.saturating_sub(after));
    // Those of the warm-up, and those under way at the end, were sold too.
    if taken < sold {
        return Err(DualError::Stock { sold, taken });
    }
    Ok(Numbers { memory: [rest, system.resident()?], alone, purchases, reads })
}
