use super::*;
use proptest::prelude::*;

fn ledger(available: i64) -> Ledger {
    Ledger::new(Stock { available, total: available, forgotten_before: 0 }, Vec::new())
}

fn id(text: &str) -> ReservationId {
    ReservationId::parse(text.to_owned()).unwrap()
}

fn qty(number: i64) -> Quantity {
    Quantity::parse(number).unwrap()
}

#[test]
fn a_reservation_is_answered_once() {
    let mut ledger = ledger(5);
    let reserved = Outcome { verdict: Verdict::Reserved, remaining: 2 };
    let (outcome, moved) = ledger.reserve(&id("a"), qty(3)).unwrap();
    assert_eq!((outcome, moved.unwrap().qty), (reserved, 3));
    let too_few = Outcome { verdict: Verdict::TooFew, remaining: 2 };
    assert_eq!(ledger.reserve(&id("b"), qty(3)), Ok((too_few, None)));
    assert_eq!(ledger.reserve(&id("c"), qty(2)).unwrap().0.remaining, 0);
    assert_eq!(ledger.reserve(&id("a"), qty(3)), Ok((reserved, None)), "as at first");
    assert_eq!(ledger.reserve(&id("a"), qty(4)), Err(OtherQuantity));
    ledger.restock(qty(10)).unwrap();
    assert_eq!(ledger.reserve(&id("b"), qty(3)), Ok((too_few, None)), "a refusal too is the same again");
}

#[test]
fn a_release_gives_back_once_and_for_good() {
    let mut ledger = ledger(5);
    ledger.reserve(&id("a"), qty(3)).unwrap();
    let (outcome, moved) = ledger.release(&id("a"));
    assert_eq!((outcome.verdict, outcome.remaining, moved.unwrap().qty), (Verdict::Released, 5, 3));
    let nothing = Outcome { verdict: Verdict::NothingHeld, remaining: 5 };
    assert_eq!(ledger.release(&id("a")), (nothing, None));
    assert_eq!(ledger.reserve(&id("a"), qty(3)).unwrap().0.verdict, Verdict::WasReleased);
    assert_eq!(ledger.release(&id("unknown")), (nothing, None));
    // Its reservation was still on the way.
    assert_eq!(ledger.reserve(&id("unknown"), qty(1)).unwrap().0.verdict, Verdict::WasReleased);
    assert_eq!(ledger.stock().available, 5);
}

/// An id that was chosen at this instant.
fn chosen_at(millisecond: i64) -> ReservationId {
    id(&format!("{:08x}-{:04x}-7000-8000-000000000000", millisecond >> 16, millisecond & 0xffff))
}

#[test]
fn what_is_old_is_forgotten_and_does_nothing_any_more() {
    let mut ledger = ledger(10);
    let (sold, released, refused, young) = (chosen_at(1), chosen_at(2), chosen_at(3), chosen_at(100_000));
    ledger.reserve(&sold, qty(4)).unwrap();
    ledger.reserve(&released, qty(1)).unwrap();
    ledger.release(&released);
    ledger.reserve(&refused, qty(7)).unwrap();
    ledger.reserve(&young, qty(2)).unwrap();
    ledger.reserve(&id("timeless"), qty(1)).unwrap();
    assert_eq!(ledger.forget(100_000), [sold.clone(), released.clone(), refused.clone()]);
    let stock = Stock { available: 3, total: 6, forgotten_before: 100_000 };
    assert_eq!(ledger.stock(), stock, "what was held is sold for good");
    let forgotten = Outcome { verdict: Verdict::Forgotten, remaining: 3 };
    for id in [sold, released, refused, chosen_at(99_999)] {
        assert_eq!(ledger.reserve(&id, qty(1)), Ok((forgotten, None)));
        assert_eq!(ledger.release(&id), (forgotten, None));
    }
    assert_eq!(ledger.forget(50_000), [], "an earlier instant brings nothing back");
    assert_eq!(ledger.stock(), stock);
    assert_eq!(ledger.release(&young).1.unwrap().qty, 2);
    assert_eq!(ledger.release(&id("timeless")).1.unwrap().qty, 1);
    assert_eq!(ledger.changed().len(), 2, "what is forgotten is not written again");
}

#[test]
fn the_stock_does_not_overflow_even_by_what_is_held() {
    let mut ledger = ledger(i64::MAX);
    assert_eq!(ledger.restock(qty(1)), Err(Overflow));
    ledger.reserve(&id("a"), qty(5)).unwrap();
    assert_eq!(ledger.restock(qty(1)), Err(Overflow), "what is held may come back");
    assert_eq!(ledger.release(&id("a")).0.remaining, i64::MAX);
}

#[derive(Debug, Clone)]
enum Command {
    Reserve(u8, i64),
    Release(u8),
    Restock(i64),
    /// What was chosen before this one's instant.
    Forget(u8),
    /// What is stored is read again, as the next batch does.
    NextBatch,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let one = prop_oneof![
        4 => (0..20_u8, 1..8_i64).prop_map(|(id, qty)| Command::Reserve(id, qty)),
        2 => (0..20_u8).prop_map(Command::Release),
        1 => (1..5_i64).prop_map(Command::Restock),
        1 => (0..20_u8).prop_map(Command::Forget),
        1 => Just(Command::NextBatch),
    ];
    proptest::collection::vec(one, 0..80)
}

proptest! {
    /// Against the plainest model that there is: who holds how many.
    #[test]
    fn nothing_is_oversold_or_lost(initial in 0..40_i64, commands in commands()) {
        let mut held: HashMap<ReservationId, i64> = HashMap::new();
        let mut stored: HashMap<ReservationId, Reservation> = HashMap::new();
        let (mut total, mut ledger) = (initial, ledger(initial));
        for command in commands {
            match command {
                Command::Reserve(n, number) => {
                    let id = chosen_at(i64::from(n));
                    if let Ok((outcome, moved)) = ledger.reserve(&id, qty(number)) {
                        let before = held.insert(id.clone(), number);
                        match (outcome.verdict, moved.is_some()) {
                            (Verdict::Reserved, true) => prop_assert_eq!(before, None),
                            (Verdict::Reserved, false) => prop_assert_eq!(before, Some(number)),
                            (verdict, moved) => {
                                prop_assert!(!moved && before.is_none(), "{verdict:?} of what is held");
                                held.remove(&id);
                            }
                        }
                    }
                }
                Command::Release(n) => {
                    let id = chosen_at(i64::from(n));
                    let (_, moved) = ledger.release(&id);
                    prop_assert_eq!(moved.map(|moved| moved.qty), held.remove(&id));
                }
                Command::Restock(number) => {
                    ledger.restock(qty(number)).unwrap();
                    total += number;
                }
                Command::Forget(n) => {
                    for id in ledger.forget(i64::from(n)) {
                        total -= held.remove(&id).unwrap_or(0);
                        stored.remove(&id);
                    }
                }
                Command::NextBatch => {
                    stored.extend(ledger.changed().into_iter().map(|one| (one.id.clone(), one)));
                    ledger = Ledger::new(ledger.stock(), stored.values().cloned().collect());
                }
            }
            let stock = ledger.stock();
            prop_assert!(stock.available >= 0);
            prop_assert_eq!(stock.total, total);
            prop_assert_eq!(stock.available + held.values().sum::<i64>(), total);
        }
    }
}
