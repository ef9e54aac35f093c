//! PostgreSQL and Kafka themselves, where the environment names them.
use kit::testing::{postgres_url, required};
use tokio::runtime;

use super::SERVICES;

/// A Kafka, and a new database of a PostgreSQL for each service.
pub(crate) struct RealParts {
    servers: String,
    databases: Vec<(&'static str, String)>,
}

impl RealParts {
    /// Those of `TEST_KAFKA` and `TEST_POSTGRES_URL`; `None`, with the reason printed, where one is not set.
    pub(crate) fn named() -> Option<Self> {
        let servers = required("TEST_KAFKA")?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut databases = Vec::new();
        for service in SERVICES {
            databases.push((service, runtime.block_on(postgres_url())?));
        }
        Some(Self { servers, databases })
    }

    /// The settings that lead to them.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let database = |(service, url): &(&str, String)| (super::database_variable(service), url.clone());
        let mut settings: Vec<_> = self.databases.iter().map(database).collect();
        settings.push((super::BROKER.to_owned(), self.servers.clone()));
        settings
    }
}
