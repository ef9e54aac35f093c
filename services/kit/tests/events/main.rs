//! Events on every bus that there is: in memory, on the embedded broker, and on the Kafka that
//! `TEST_KAFKA` names. That one has to allow session timeouts of 1 s (`group.min.session.timeout.ms`).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests says what it means by panicking")]

mod bus;
mod faults;
mod services;
mod support;

/// A test on each broker, and in memory where that is named.
macro_rules! on_every_bus {
    ($($module:ident :: $test:ident $(, $memory:ident)?;)*) => {$(
        mod $test {
            use crate::support::Place;

            #[tokio::test(flavor = "multi_thread")]
            async fn embedded() {
                crate::$module::$test(&Place::embedded()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn kafka() {
                if let Some(place) = Place::kafka() {
                    crate::$module::$test(&place).await;
                }
            }

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $memory() {
                crate::$module::$test(&Place::memory()).await;
            })?
        }
    )*};
}

on_every_bus! {
    bus::keys_keep_their_order, memory;
    bus::headers_travel, memory;
    bus::other_groups_get_all, memory;
    bus::a_group_shares;
    bus::a_new_group_begins_at_the_beginning;
    bus::a_later_topic_is_noticed;
    bus::what_is_not_done_comes_again;
    bus::lag_is_measured;
    services::events_travel, memory;
    services::what_cannot_be_applied_is_put_aside, memory;
    services::what_cannot_be_applied_now_waits, memory;
    services::the_request_is_known_to_the_last, memory;
}
