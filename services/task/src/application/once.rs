//! What the commands that create have in common: the same request sent twice creates once.

use kit::idempotency::{Answer, Earlier, Once};

use super::Error;
use super::ports::Transaction;

/// The answer that the request got before, if it did; the first thing that its transaction asks.
/// [`Error::KeyReused`].
pub(super) async fn answered<T>(
    transaction: &mut Box<dyn Transaction>,
    once: &Once<T>,
) -> Result<Option<Answer>, Error> {
    let Some(key) = &once.key else { return Ok(None) };
    match transaction.earlier(key).await? {
        None => Ok(None),
        Some(Earlier::Answered(answer)) => Ok(Some(answer)),
        Some(Earlier::OtherBody) => Err(Error::KeyReused),
    }
}

/// Commits what was made, with its answer kept for the same request sent again.
pub(super) async fn commit<T>(mut transaction: Box<dyn Transaction>, once: &Once<T>, made: &T) -> Result<(), Error> {
    if let Some(key) = &once.key {
        transaction.remember(key, &(once.render)(made)).await?;
    }
    Ok(transaction.commit().await?)
}
