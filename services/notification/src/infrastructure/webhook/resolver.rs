//! Names to addresses, of which only public ones are given.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_public;

/// The system's resolver; what it gives is what is connected to.
pub(super) struct PublicResolver {
    /// Gives every address.
    pub(super) allow_private: bool,
}

/// A name has addresses, and none of them is public.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
pub(super) struct NoPublicAddress;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            // The port is replaced by the URL's.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let given: Vec<SocketAddr> = found.filter(|found| allow_private || is_public(found.ip())).collect();
            if given.is_empty() {
                return Err(NoPublicAddress.into());
            }
            Ok(Box::new(given.into_iter()) as Addrs)
        })
    }
}
