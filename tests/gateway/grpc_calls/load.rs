//! Many calls, large messages, and long silences.
use e2e::{Client, Gateway};
use tokio::{
    sync::Barrier,
    task::{JoinSet, spawn_blocking},
};

use super::*;

/// Nobody is answered before all are there.
#[test]
fn many_calls_share_one_connection() {
    const CALLS: u32 = 64;
    let all = Arc::new(Barrier::new(CALLS as usize));
    let (server, _alive) = serve(Method::Unary(handler(move |asked: Request<Note>| {
        let all = Arc::clone(&all);
        async move {
            all.wait().await;
            Ok(Response::new(note(asked.get_ref().number)))
        }
    })));
    let gateway = before(server, "");
    block_on(async {
        let (caller, mut calls) = (Caller::connect(&gateway).await, JoinSet::new());
        for number in 0..CALLS {
            let caller = caller.clone();
            calls.spawn(async move { (number, caller.unary(note(number)).await.unwrap().into_inner()) });
        }
        for (number, told) in calls.join_all().await {
            assert_eq!(told, note(number), "its own answer");
        }
    });
}

/// Messages are larger than windows and than `limits.body`, which is not about streams of messages.
#[test]
fn a_large_message_goes_both_ways() {
    let (server, _alive) =
        serve(Method::Unary(handler(async |asked: Request<Note>| Ok(Response::new(asked.into_inner())))));
    let gateway = before(server, "limits.body = '1KiB'");
    block_on(async {
        let blob: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
        let asked = Note { number: 1, blob };
        let told = Caller::connect(&gateway).await.unary(asked.clone()).await.unwrap().into_inner();
        assert!(told == asked, "what came back is not what was sent");
    });
}

/// A body that stalls is cut off after `body_idle`; but a call that is silent has not stalled: there is nothing to say.
#[test]
fn a_client_may_be_silent_within_its_call() {
    let (server, _alive) = serve(Method::Bidirectional(handler(async |asked: Request<tonic::Streaming<Note>>| {
        Ok(Response::new(Box::pin(asked.into_inner()) as parts::Notes))
    })));
    let gateway = Gateway::start(&format!("server.timeouts.body_idle = '100ms'\n{}", parts::service(server, "")));
    block_on(async {
        let (asked, receiver) = mpsc::channel(1);
        let mut told = Caller::connect(&gateway).await.bidirectional(receiver).await.unwrap();
        let address = gateway.address;
        for number in 1..=2 {
            asked.send(note(number)).await.unwrap();
            assert_eq!(told.message().await.unwrap(), Some(note(number)));
            // Bodies that stall are the clock: each ends when it has been silent for too long.
            let stalled = spawn_blocking(move || {
                for _ in 0..2 {
                    let mut client = Client::connect(address);
                    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
                    client.to_end();
                }
            });
            stalled.await.unwrap();
        }
        drop(asked);
        assert_eq!(told.message().await.unwrap(), None);
    });
}
