//! Query: how many places are left.

use super::{Application, Error};

impl Application {
    /// What the vacancy service says; [`Error::VacancyUnavailable`].
    pub async fn available(&self) -> Result<i64, Error> {
        Ok(self.vacancy.available().await?)
    }
}
