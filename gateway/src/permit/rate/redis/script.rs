//! The one script, and what is asked of it.
use std::sync::LazyLock;

use redis::{RedisResult, Script, aio::MultiplexedConnection};

/// Asked by its hash; sent again where Redis has forgotten it.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gcra.lua")));

/// What is asked of the script.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Check {
    pub(in super::super) key: Key,
    /// Between two requests that come back, in microseconds.
    pub(in super::super) interval: u64,
    /// What the whole burst takes to come back, in microseconds.
    pub(in super::super) whole: u64,
}

/// A caller under a limit: 128 bits of a SHA-256.
pub(in super::super) type Key = [u8; 16];

impl Check {
    /// What the script says: `gcra.lua` tells what that is.
    pub(super) async fn ask(&self, connection: &mut MultiplexedConnection) -> RedisResult<i64> {
        SCRIPT.key(self.name()).arg(self.interval).arg(self.whole).invoke_async(connection).await
    }

    /// What the caller is known by in Redis.
    fn name(&self) -> String {
        format!("gateway:limit:{:032x}", u128::from_be_bytes(self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::Check;

    #[test]
    fn a_caller_is_known_by_every_digit_of_its_hash() {
        let mut key = [0xa5; 16];
        key[0] = 0;
        let check = Check { key, interval: 600_000, whole: 60_000_000 };
        assert_eq!(check.name(), "gateway:limit:00a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
    }
}
