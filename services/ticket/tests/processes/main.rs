//! Both services as processes of their own, with real sockets and files, and killed without a word.
//!
//! This binary is each of them too: it runs itself with `SERVE` set, which is what their own `main`s do.
//! So it needs no other binary to be built first, and is not run by the test harness, whose arguments a
//! service would refuse.
#![expect(clippy::unwrap_used, reason = "a helper of tests, like a test, says what it means by panicking")]

mod process;
mod sale;
mod shop;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::var("SERVE").as_deref() {
        Ok("vacancy") => {
            return kit::serve(vacancy::ABOUT, vacancy::MIGRATIONS, vacancy::Settings::read, vacancy::build);
        }
        Ok("ticket") => return kit::serve(ticket::ABOUT, ticket::MIGRATIONS, ticket::Settings::read, ticket::build),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let run = |name: &str, test: &mut dyn FnMut()| {
        test();
        println!("test {name} ... ok");
    };
    // A failure is a panic, which ends this process with 101.
    run("a sale", &mut || runtime.block_on(sale::two_hundred_buyers_share_a_hundred_places()));
    run("the stock is killed", &mut || runtime.block_on(sale::the_stock_is_killed_in_the_middle()));
    run("the shop is killed", &mut || runtime.block_on(sale::the_shop_is_killed_in_the_middle()));
    run("killed while pending", &mut || runtime.block_on(sale::the_shop_is_killed_while_a_purchase_is_pending()));
    ExitCode::SUCCESS
}
