//! What the store and the use cases over it have to do, whatever database they are on. Each test runs
//! on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod at_once;
mod paging;
mod store;
mod support;

/// Makes a module of all the tests for each database.
macro_rules! on_both {
    ($($file:ident::$test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                super::$file::$test(super::support::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                if let Some(service) = super::support::postgres().await {
                    super::$file::$test(service).await;
                }
            })+
        }
    };
}

on_both!(
    store::a_task_is_read_as_it_was_written,
    store::nothing_of_another_owner_is_found,
    store::what_is_not_committed_did_not_happen,
    store::category_names_are_unique_for_each_owner,
    store::a_change_and_its_event_are_one_transaction,
    store::a_category_is_emptied_in_portions,
    store::lists_are_in_order_filtered_and_from_the_cursor,
    at_once::a_task_that_many_complete_at_once_has_one_event,
    at_once::a_key_that_many_send_at_once_makes_one_task,
    at_once::of_many_categories_of_one_name_one_is_made,
    at_once::a_version_is_changed_once,
    at_once::a_category_is_deleted_while_tasks_are_put_into_it,
);
