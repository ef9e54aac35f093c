//! How many files the process may have open: every connection is one.
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors beside connections: listeners, logs, the runtimes' own.
const OTHERS: u64 = 64;

/// Raises the soft limit, which shells leave at 1,024, to the hard one, as far as `max_connections` clients with a
/// connection to an upstream each can use it. Says so when the hard limit is too low for the clients alone: some would
/// have to wait.
pub(super) fn raise(max_connections: usize) {
    let clients = max_connections as u64 + OTHERS;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let raised = (2 * clients).min(hard);
    if soft < raised
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, raised, hard)
    {
        tracing::warn!(%error, soft, "the limit of open files stays as it is");
    } else if hard < clients {
        tracing::warn!(
            hard,
            needed = clients,
            "server.max_connections is more than open files are allowed (ulimit -Hn, LimitNOFILE=): clients may wait"
        );
    }
}
