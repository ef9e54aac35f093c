//! What is the same for every process of the system.

use std::{
    env,
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
};

use super::services::{SERVICES, database_variable};

/// Where the broker is, unless `KAFKA_BOOTSTRAP_SERVERS` names one.
pub(crate) const BROKER_VARIABLE: &str = "KAFKA_BOOTSTRAP_SERVERS";

/// Handed to each process.
pub(crate) struct Shared {
    /// By it the services know the gateway, and one another: `GATEWAY_SECRET`, or one made at random for this run.
    pub(crate) secret: String,
    /// The broker that was started here.
    pub(crate) broker: Option<String>,
}

impl Shared {
    /// Before anything runs.
    pub(crate) fn new() -> io::Result<Self> {
        let secret = match variable("GATEWAY_SECRET") {
            Some(secret) => secret,
            None => random()?,
        };
        Ok(Self { secret, broker: None })
    }
}

/// A variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// 256 bits in hexadecimal digits.
fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// One database for five services.
#[derive(Debug, thiserror::Error)]
#[error(
    "DATABASE_URL is set, but each service owns its database. Unset it, and set {} where the files under data/ are not wanted.",
    .0.join(", ")
)]
pub(crate) struct OneDatabase(Vec<String>);

/// Refuses what would have all services write to one database.
pub(crate) fn check_databases() -> Result<(), OneDatabase> {
    match variable("DATABASE_URL") {
        Some(_) => Err(OneDatabase(SERVICES.iter().map(|service| database_variable(service.name)).collect())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_never_the_same() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert!(one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
    }
}
