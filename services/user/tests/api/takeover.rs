use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::StatusCode;
use jiff::SignedDuration;
use kit::SystemClock;
use kit::idempotency::{Answer, Once};
use kit::testing::TestDatabase;
use user::application::ports::{HashError, PasswordHasher};
use user::application::{Admin, Application, Error, Lifetimes, Registration};
use user::domain::{Email, Name, Password, PasswordHash, RotationPolicy, Secret};
use user::infrastructure::argon2::Argon2Hasher;
use user::infrastructure::jwt::JwtCrypto;
use user::infrastructure::sql::SqlStore;

use crate::support::{ADMIN, PASSWORD};

/// Checks a password, and while it is at it the account is taken over.
struct Overtaken {
    hasher: Argon2Hasher,
    application: OnceLock<Arc<Application>>,
}

#[async_trait]
impl PasswordHasher for Overtaken {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        self.hasher.hash(password).await
    }

    async fn verify(&self, stored: Option<PasswordHash>, attempt: Secret<String>) -> Result<bool, HashError> {
        let admin = Admin { email: email(), password: password(ADMIN.1) };
        self.application.get().unwrap().ensure_admin(admin).await.unwrap();
        self.hasher.verify(stored, attempt).await
    }
}

fn email() -> Email {
    Email::parse(ADMIN.0).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(Secret::new(text.to_owned())).unwrap()
}

/// With the session that it would begin, a squatter would get the administrator's tokens.
#[tokio::test]
async fn a_login_that_began_before_the_takeover_gets_no_session() {
    let database = TestDatabase::sqlite();
    let store = SqlStore::migrated(database.open().await).await.unwrap();
    let hasher = Argon2Hasher::new(2, Duration::from_secs(30)).unwrap();
    let hasher = Arc::new(Overtaken { hasher, application: OnceLock::new() });
    let hour = SignedDuration::from_hours(1);
    let rotation = RotationPolicy { every: hour, ahead: SignedDuration::from_mins(1) };
    let lifetimes = Lifetimes { access_token: hour, refresh_token: hour, rotation };
    let ports = (Arc::new(store), Arc::clone(&hasher), Arc::new(JwtCrypto::new()));
    let application = Application::new(ports.0, ports.1, ports.2, Arc::new(SystemClock), lifetimes);
    let application = Arc::new(application);
    assert!(hasher.application.set(Arc::clone(&application)).is_ok());
    application.maintain_keys().await.unwrap();

    let name = Name::parse("Eve").unwrap();
    let squatter = Registration { email: email(), name, password: password(PASSWORD) };
    let once = Once::unkeyed(|_| Answer::json(StatusCode::CREATED, &"made"));
    application.register(squatter, once).await.unwrap();
    let session = application.login(Some(&email()), Secret::new(PASSWORD.to_owned())).await;
    assert!(matches!(session, Err(Error::Credentials)), "{session:?}");
    application.login(Some(&email()), Secret::new(ADMIN.1.to_owned())).await.unwrap();
}
