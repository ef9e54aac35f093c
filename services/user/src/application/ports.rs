//! What the use cases need from outside, as they need it.

use async_trait::async_trait;
use events::Draft;
use jiff::{SignedDuration, Timestamp};
use kit::idempotency::{Answer, Earlier, IdempotencyKey};
use kit::paging::PageRequest;
use kit::storage::StorageFault;

use crate::domain::refresh_token::{FamilyId, StoredRefreshToken};
use crate::domain::{
    Claims, Email, Password, PasswordHash, RefreshToken, RefreshTokenHash, Secret, SigningKey, TokenFault, User, UserId,
};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The constraint that keeps e-mails apart. A store MUST answer this whenever two users would
    /// have e-mails of the same key, and only then; also when both are written at once.
    #[error("another user has this e-mail")]
    EmailTaken,
    /// It was not this transaction's turn in time; nothing was changed and a retry may succeed.
    #[error("the store is busy")]
    Busy,
    /// There is no room, it is read-only, damaged or refused by the system; nothing was changed.
    #[error(transparent)]
    Storage(StorageFault),
    /// Anything else; the text is for the log and MUST NOT hold a bound value.
    #[error("{0}")]
    Failed(String),
}

/// A result of the store.
pub type Stored<T> = Result<T, StoreError>;

/// Where users, refresh tokens and signing keys are kept. A query MUST see every transaction that
/// was committed before it began.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Begins a transaction. What it reads MUST NOT change under it until it ends: two that read,
    /// decide and write MUST come out as if one ran after the other.
    async fn begin(&self) -> Stored<Box<dyn Transaction>>;
    /// The user with this id.
    async fn user(&self, id: UserId) -> Stored<Option<User>>;
    /// The user with an e-mail of the same key.
    async fn user_by_email(&self, email: &Email) -> Stored<Option<User>>;
    /// Up to [`PageRequest::fetch`] users by ascending id, those after the cursor.
    async fn users(&self, page: PageRequest) -> Stored<Vec<User>>;
    /// Every signing key, in any order.
    async fn signing_keys(&self) -> Stored<Vec<SigningKey>>;
}

/// A change, whole or not at all. Dropped without [`Transaction::commit`] it MUST leave nothing.
#[async_trait]
pub trait Transaction: Send {
    /// The user with this id.
    async fn user(&mut self, id: UserId) -> Stored<Option<User>>;
    /// Adds a user; [`StoreError::EmailTaken`].
    async fn insert_user(&mut self, user: &User) -> Stored<()>;
    /// Writes all of a user but its id and `created_at`; [`StoreError::EmailTaken`].
    async fn update_user(&mut self, user: &User) -> Stored<()>;

    /// Publishes `event` with this change: it MUST reach every consumer if the change is committed, and
    /// none if it is not.
    async fn publish(&mut self, event: Draft) -> Stored<()>;

    /// What an earlier request under this key was answered; MUST stay true until the transaction ends, so
    /// that of two at once the second waits for the first.
    async fn earlier(&mut self, key: &IdempotencyKey) -> Stored<Option<Earlier>>;
    /// Keeps the answer to the request under this key with this change.
    async fn remember(&mut self, key: &IdempotencyKey, answer: &Answer) -> Stored<()>;

    /// Begins the family of a login.
    async fn insert_family(&mut self, family: FamilyId, user: UserId, at: Timestamp) -> Stored<()>;
    /// Revokes a family; one that is revoked stays so.
    async fn revoke_family(&mut self, family: FamilyId, at: Timestamp) -> Stored<()>;
    /// Revokes every family of a user.
    async fn revoke_families_of(&mut self, user: UserId, at: Timestamp) -> Stored<()>;
    /// Adds an unused token to a family.
    async fn insert_refresh_token(
        &mut self,
        hash: &RefreshTokenHash,
        family: FamilyId,
        expires_at: Timestamp,
    ) -> Stored<()>;
    /// What is known of a token.
    async fn refresh_token(&mut self, hash: &RefreshTokenHash) -> Stored<Option<StoredRefreshToken>>;
    /// Marks a token as used.
    async fn use_refresh_token(&mut self, hash: &RefreshTokenHash, at: Timestamp) -> Stored<()>;
    /// Deletes up to `limit` tokens that expired before `instant`, and families left without any;
    /// gives how many tokens.
    async fn purge_refresh_tokens(&mut self, instant: Timestamp, limit: u32) -> Stored<u64>;

    /// Every signing key, in any order.
    async fn signing_keys(&mut self) -> Stored<Vec<SigningKey>>;
    /// Adds a key.
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Stored<()>;
    /// Removes a key.
    async fn delete_signing_key(&mut self, kid: &str) -> Stored<()>;
    /// Raises every key's `token_ttl` to at least this.
    async fn raise_token_ttl(&mut self, ttl: SignedDuration) -> Stored<()>;

    /// Makes the change durable and visible.
    async fn commit(self: Box<Self>) -> Stored<()>;
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// It was not this password's turn in time.
    #[error("too many passwords are being hashed")]
    Busy,
    /// Anything else, for the log.
    #[error("{0}")]
    Failed(String),
}

/// Hashes passwords, slowly and off the async threads.
#[async_trait]
pub trait PasswordHasher: Send + Sync + 'static {
    /// Hashes with a new salt.
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashError>;
    /// Whether `attempt` is the password. Without a `hash` it MUST take as long and be `false`, so
    /// that time does not tell which e-mails are registered.
    async fn verify(&self, hash: Option<PasswordHash>, attempt: Secret<String>) -> Result<bool, HashError>;
}

/// A key pair as it is stored.
pub struct KeyPair {
    /// PKCS #8.
    pub private: Secret<Vec<u8>>,
    /// The 32 bytes of the public key.
    pub public: Vec<u8>,
}

/// The cryptography of tokens. Pure but for its randomness; an error's text is for the log.
pub trait TokenCrypto: Send + Sync + 'static {
    /// A new Ed25519 key pair.
    fn key_pair(&self) -> Result<KeyPair, String>;
    /// Signs an access token.
    fn sign(&self, key: &SigningKey, claims: &Claims) -> Result<String, String>;
    /// Checks everything about a token but its time, against these keys.
    fn verify(&self, token: &str, keys: &[&SigningKey]) -> Result<Claims, TokenFault>;
    /// A new refresh token of 256 random bits.
    fn refresh_token(&self) -> Result<RefreshToken, String>;
    /// Its hash, or that of anything presented as one.
    fn hash_refresh_token(&self, token: &str) -> RefreshTokenHash;
}
