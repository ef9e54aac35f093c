use super::*;
use crate::database::Database;
use crate::migrate::migrate;
use crate::testing::TestDatabase;

fn key(key: &str, body: &str) -> IdempotencyKey {
    IdempotencyKey::new("ada", "POST /tasks", key, body.as_bytes())
}

fn answer() -> Answer {
    Answer::created("/tasks/7".to_owned(), &"made").with_etag(ETag(1))
}

#[test]
fn an_answer_given_again_is_the_first_but_for_saying_so() {
    let first = Done::Now(()).into_response(|()| answer());
    let again = Done::<()>::Before(answer()).into_response(|()| unreachable!("it was done before"));
    let fields = |response: &Response| {
        let fields = response.headers().iter().filter(|(name, _)| *name != REPLAYED);
        fields.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(fields(&first).len(), 3, "{first:?}");
    assert_eq!((first.status(), fields(&first)), (again.status(), fields(&again)));
    assert!(first.headers()["location"] == "/tasks/7" && first.headers()["etag"] == "\"1\"", "{first:?}");
    assert!(!first.headers().contains_key(REPLAYED) && again.headers()[REPLAYED] == "true");
}

/// What a use case does with a key: looks, and remembers when it is new. `true` when it was new.
async fn once(database: &Database, key: &IdempotencyKey) -> bool {
    let mut transaction = database.write().await.unwrap();
    let known = earlier(&mut transaction, key).await.unwrap();
    if known.is_none() {
        remember(&mut transaction, key, &answer()).await.unwrap();
        transaction.commit().await.unwrap();
    }
    known.is_none()
}

#[test]
fn what_is_stored_of_a_body_cannot_be_guessed_without_the_key() {
    let one = key("0198c5b2-7d0b-7b3e-9d0c-6d0e1f2a3b4c", "{\"password\":\"secret\"}");
    assert_ne!(one.fingerprint, hashed(b"{\"password\":\"secret\"}"));
    assert_ne!(one.fingerprint, key("other", "{\"password\":\"secret\"}").fingerprint);
}

async fn check(test: &TestDatabase) {
    let database = test.open().await;
    migrate(&database, &[]).await.unwrap();
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let database = database.clone();
        attempts.spawn(async move { once(&database, &key("k", "{}")).await });
    }
    let done = attempts.join_all().await.into_iter().filter(|new| *new).count();
    assert_eq!(done, 1, "sixteen at once have one effect");

    let mut transaction = database.write().await.unwrap();
    let seen = earlier(&mut transaction, &key("k", "{}")).await.unwrap();
    assert_eq!(seen, Some(Earlier::Answered(answer())));
    let seen = earlier(&mut transaction, &key("k", "{ }")).await.unwrap();
    assert_eq!(seen, Some(Earlier::OtherBody));
    let others = [
        key("l", "{}"),
        IdempotencyKey::new("eve", "POST /tasks", "k", b"{}"),
        IdempotencyKey::new("ada", "POST /categories", "k", b"{}"),
        IdempotencyKey::new("adaP", "OST /tasks", "k", b"{}"),
    ];
    for other in others {
        assert_eq!(earlier(&mut transaction, &other).await.unwrap(), None);
    }
    let (new, known, reused) = (key("m", "{}"), key("k", "{}"), key("k", "{ }"));
    remember_all(&mut transaction, &[(new.clone(), answer())]).await.unwrap();
    let seen = earlier_all(&mut transaction, &[&reused, &key("n", "{}"), &new, &known]).await.unwrap();
    let answered = Some(Earlier::Answered(answer()));
    assert_eq!(seen, [Some(Earlier::OtherBody), None, answered.clone(), answered]);
    assert_eq!(earlier_all(&mut transaction, &[]).await.unwrap(), []);
    assert_eq!(purge(&mut transaction, i64::MAX, 10).await.unwrap(), 2);
    assert_eq!(earlier(&mut transaction, &key("k", "{}")).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_has_one_effect_on_sqlite() {
    check(&TestDatabase::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_has_one_effect_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        check(&database).await;
    }
}
