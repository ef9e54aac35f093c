//! What every store has to do, whatever it stores in. Each test runs on each store.

use jiff::{SignedDuration, Timestamp};
use kit::paging::PageRequest;
use kit::testing::TestDatabase;
use uuid::Uuid;

use super::sql::SqlStore;
use crate::application::ports::{Store, StoreError, Transaction};
use crate::domain::refresh_token::{FamilyId, StoredRefreshToken};
use crate::domain::{Email, Name, PasswordHash, RefreshTokenHash, Scope, Secret, SigningKey, User, UserId};

/// A new, empty store on `database`.
async fn store(database: &TestDatabase) -> SqlStore {
    SqlStore::migrated(database.open().await).await.unwrap()
}

kit::on_each_database!(super::store =>
    a_user_is_read_as_it_was_written,
    emails_are_unique_by_their_key,
    what_is_not_committed_did_not_happen,
    users_are_listed_in_order_and_from_the_cursor,
    a_refresh_token_tells_its_story,
    revoking_all_of_a_user_spares_others,
    purging_takes_what_expired_and_empty_families,
    keys_are_kept_with_their_longest_lifetime,
    transactions_come_one_after_the_other,
);

fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(second * 1_000 + 7).unwrap()
}

fn ada(email: &str) -> User {
    User {
        id: UserId(Uuid::now_v7()),
        email: Email::parse(email).unwrap(),
        name: Name::parse("Robert'); DROP TABLE users;--").unwrap(),
        password_hash: PasswordHash::new("$argon2id$x".to_owned()),
        scope: Scope::admin(),
        created_at: at(1),
        updated_at: at(2),
        version: 1,
    }
}

async fn insert(store: &impl Store, user: &User) {
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_user(user).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn a_user_is_read_as_it_was_written(store: &impl Store) {
    let mut user = ada("Ada@Example.com");
    insert(store, &user).await;
    assert_eq!(store.user(user.id).await.unwrap(), Some(user.clone()));
    let by_email = store.user_by_email(&Email::parse("aDA@example.com").unwrap()).await.unwrap();
    assert_eq!(by_email.unwrap().email.as_str(), "Ada@Example.com");
    assert_eq!(store.user(UserId(Uuid::now_v7())).await.unwrap(), None);

    user.email = Email::parse("ada@example.org").unwrap();
    user.name = Name::parse("Ada").unwrap();
    user.scope = Scope::default();
    user.changes(at(3));
    let mut transaction = store.begin().await.unwrap();
    transaction.update_user(&user).await.unwrap();
    assert_eq!(transaction.user(user.id).await.unwrap(), Some(user.clone()));
    transaction.commit().await.unwrap();
    assert_eq!(store.user(user.id).await.unwrap(), Some(user));
}

async fn emails_are_unique_by_their_key(store: &impl Store) {
    let (one, mut other) = (ada("ada@example.com"), ada("bob@example.com"));
    insert(store, &one).await;
    insert(store, &other).await;
    let mut transaction = store.begin().await.unwrap();
    let again = transaction.insert_user(&ada("ADA@example.com")).await;
    assert!(matches!(again, Err(StoreError::EmailTaken)), "{again:?}");
    drop(transaction);

    other.email = Email::parse("Ada@example.com").unwrap();
    let mut transaction = store.begin().await.unwrap();
    let taken = transaction.update_user(&other).await;
    assert!(matches!(taken, Err(StoreError::EmailTaken)), "{taken:?}");
    drop(transaction);
    // An id twice is another matter.
    let mut transaction = store.begin().await.unwrap();
    let twice = User { email: Email::parse("c@example.com").unwrap(), ..one };
    let twice = transaction.insert_user(&twice).await;
    assert!(matches!(twice, Err(StoreError::Failed(_))), "{twice:?}");
}

async fn what_is_not_committed_did_not_happen(store: &impl Store) {
    let user = ada("ada@example.com");
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_user(&user).await.unwrap();
    assert_eq!(store.user(user.id).await.unwrap(), None, "seen before its commit");
    drop(transaction);
    assert_eq!(store.user(user.id).await.unwrap(), None);
    insert(store, &user).await;
}

async fn users_are_listed_in_order_and_from_the_cursor(store: &impl Store) {
    let mut ids = Vec::new();
    for at in 0..5 {
        let user = ada(&format!("u{at}@example.com"));
        insert(store, &user).await;
        ids.push(user.id);
    }
    let list = async |limit, after| {
        let page = PageRequest { limit, after };
        let users = store.users(page).await.unwrap();
        users.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    // One more than the limit is how a page knows that there is a next.
    assert_eq!(list(2, None).await, ids[..3]);
    assert_eq!(list(2, Some(ids[1].0)).await, ids[2..5]);
    assert_eq!(list(100, Some(ids[4].0)).await, []);
    assert_eq!(list(100, Some(Uuid::nil())).await, ids);
}

/// A user with a family of one token.
async fn session(store: &impl Store, byte: u8, expires: i64) -> (User, FamilyId, RefreshTokenHash) {
    let user = ada(&format!("u{byte}@example.com"));
    let (family, hash) = (FamilyId(Uuid::now_v7()), RefreshTokenHash([byte; 32]));
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_user(&user).await.unwrap();
    transaction.insert_family(family, user.id, at(1)).await.unwrap();
    transaction.insert_refresh_token(&hash, family, at(expires)).await.unwrap();
    transaction.commit().await.unwrap();
    (user, family, hash)
}

async fn found(store: &impl Store, hash: &RefreshTokenHash) -> Option<StoredRefreshToken> {
    store.begin().await.unwrap().refresh_token(hash).await.unwrap()
}

async fn a_refresh_token_tells_its_story(store: &impl Store) {
    let (user, family, hash) = session(store, 1, 100).await;
    let expected = StoredRefreshToken { family, user: user.id, expires_at: at(100), used: false, revoked: false };
    assert_eq!(found(store, &hash).await, Some(expected.clone()));
    assert_eq!(found(store, &RefreshTokenHash([9; 32])).await, None);
    let mut transaction = store.begin().await.unwrap();
    transaction.use_refresh_token(&hash, at(2)).await.unwrap();
    transaction.revoke_family(family, at(3)).await.unwrap();
    transaction.commit().await.unwrap();
    let expected = StoredRefreshToken { used: true, revoked: true, ..expected };
    assert_eq!(found(store, &hash).await, Some(expected));
}

async fn revoking_all_of_a_user_spares_others(store: &impl Store) {
    let (user, _, hash) = session(store, 1, 100).await;
    let (_, _, others) = session(store, 2, 100).await;
    let mut transaction = store.begin().await.unwrap();
    transaction.revoke_families_of(user.id, at(3)).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(found(store, &hash).await.unwrap().revoked);
    assert!(!found(store, &others).await.unwrap().revoked);
}

async fn purging_takes_what_expired_and_empty_families(store: &impl Store) {
    let (_, family, old) = session(store, 1, 100).await;
    let (_, _, other) = session(store, 2, 200).await;
    let mut transaction = store.begin().await.unwrap();
    let young = RefreshTokenHash([3; 32]);
    transaction.insert_refresh_token(&young, family, at(200)).await.unwrap();
    assert_eq!(transaction.purge_refresh_tokens(at(100), 10).await.unwrap(), 0);
    assert_eq!(transaction.purge_refresh_tokens(at(150), 10).await.unwrap(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(found(store, &old).await, None);
    assert!(found(store, &young).await.is_some());
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.purge_refresh_tokens(at(300), 1).await.unwrap(), 1);
    assert_eq!(transaction.purge_refresh_tokens(at(300), 1).await.unwrap(), 1);
    assert_eq!(transaction.refresh_token(&other).await.unwrap(), None);
    let orphan = transaction.insert_refresh_token(&young, family, at(1)).await;
    assert!(orphan.is_err(), "the family outlived its tokens");
}

async fn keys_are_kept_with_their_longest_lifetime(store: &impl Store) {
    let key = |kid: &str, second| SigningKey {
        kid: kid.to_owned(),
        private: Secret::new(vec![0, 159, 146, 150]),
        public: vec![255; 32],
        signs_from: at(second),
        token_ttl: SignedDuration::from_secs(900),
    };
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_signing_key(&key("a", 1)).await.unwrap();
    transaction.insert_signing_key(&key("b", 2)).await.unwrap();
    transaction.raise_token_ttl(SignedDuration::from_secs(60)).await.unwrap();
    assert_eq!(transaction.signing_keys().await.unwrap().len(), 2);
    transaction.delete_signing_key("b").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap(), [key("a", 1)]);
    let mut transaction = store.begin().await.unwrap();
    transaction.raise_token_ttl(SignedDuration::from_secs(901)).await.unwrap();
    transaction.commit().await.unwrap();
    let keys = store.signing_keys().await.unwrap();
    assert_eq!(keys[0].token_ttl, SignedDuration::from_secs(901));
}

/// Read, decide, write: were two to read before either wrote, both would decide for themselves.
async fn transactions_come_one_after_the_other(store: &impl Store) {
    let (_, _, hash) = session(store, 1, 100).await;
    let claim = async || {
        let mut transaction: Box<dyn Transaction> = store.begin().await.unwrap();
        let free = !transaction.refresh_token(&hash).await.unwrap().unwrap().used;
        if free {
            tokio::task::yield_now().await;
            transaction.use_refresh_token(&hash, at(2)).await.unwrap();
        }
        transaction.commit().await.unwrap();
        usize::from(free)
    };
    let (a, b, c) = tokio::join!(claim(), claim(), claim());
    assert_eq!(a + b + c, 1);
}
