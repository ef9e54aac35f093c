//! The connection of one worker: made, and made again.
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisResult, aio::MultiplexedConnection, cmd};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Check, Store, link::State, too_slow, was_closed};
use crate::transport::Transport;

/// How long a connect may take, the name and TLS included; nobody waits for it longer than for an answer.
const CONNECT: Duration = Duration::from_secs(2);
/// From one attempt that failed to the next; twice as long after each.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// Connects, and connects again whenever the connection has ended or somebody has had no answer on it.
pub(super) async fn keep(state: Rc<State>) {
    let mut pause = PAUSES[0];
    loop {
        match timeout(CONNECT, connect(&state.store)).await.unwrap_or_else(|_| Err(too_slow())) {
            Err(error) => state.lost(&error),
            Ok((connection, mut driver)) => {
                state.found(connection);
                let since = Instant::now();
                let is_closed = tokio::select! {
                    biased;
                    () = state.until_lost() => false,
                    _ = driver.join_next() => true,
                };
                let was_of_use = since.elapsed() > PAUSES[1];
                if was_of_use {
                    pause = PAUSES[0];
                }
                // Redis closes what nobody has used for long.
                if is_closed && was_of_use {
                    state.reconnects();
                    continue;
                }
                if is_closed {
                    state.lost(&was_closed());
                }
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES[1]);
    }
}

/// A connection whose Redis has run the script once, and the task that drives it: a Redis that may not, or cannot, is
/// none.
async fn connect(store: &Store) -> RedisResult<(MultiplexedConnection, JoinSet<()>)> {
    let config = &store.config;
    let stream = TcpStream::connect((&*config.host, config.port)).await?;
    stream.set_nodelay(true)?;
    let stream = match &store.tls {
        None => Transport::from(stream),
        Some((connector, name)) => Transport::tls(connector.connect(name.clone(), stream).await?),
    };
    // Who the gateway is, it says itself: the crate would keep the error's code to itself.
    let nobody = RedisConnectionInfo::default();
    // How long is waited for an answer, whoever asks knows.
    let options = AsyncConnectionConfig::new().set_response_timeout(None);
    let (mut connection, driving) = MultiplexedConnection::new_with_config(&nobody, stream, options).await?;
    let mut task = JoinSet::new();
    task.spawn_local(driving);
    if let Some(password) = &config.password {
        cmd("AUTH").arg(config.user.as_deref()).arg(password.expose()).exec_async(&mut connection).await?;
    }
    if config.database != 0 {
        cmd("SELECT").arg(config.database).exec_async(&mut connection).await?;
    }
    // Of a caller that nobody is.
    Check { key: [0; 16], interval: 1, whole: 1_000_000 }.ask(&mut connection).await?;
    Ok((connection, task))
}
