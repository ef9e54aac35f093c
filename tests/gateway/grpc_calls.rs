//! Calls of gRPC from a client of tonic over HTTP/2 to a server of tonic over HTTP/2: nothing of them is lost or held up.
mod ends;
mod load;
mod parts;
mod statuses;

use std::sync::Arc;

use futures_util::stream;
use tokio::sync::{Semaphore, mpsc};
use tonic::{Code, Request, Response, Status, metadata::MetadataValue};

use self::parts::{Caller, Method, Note, before, block_on, handler, note, serve};

#[test]
fn a_unary_call_has_its_answer_and_metadata_goes_both_ways() {
    let (server, _alive) = serve(Method::Unary(handler(async |asked: Request<Note>| {
        let (metadata, mut told) = (asked.metadata().clone(), Response::new(note(asked.get_ref().number + 1)));
        for value in metadata.get_all("x-asked") {
            told.metadata_mut().append("x-told", value.clone());
        }
        for value in metadata.get_all_bin("x-asked-bin") {
            told.metadata_mut().append_bin("x-told-bin", value.clone());
        }
        Ok(told)
    })));
    let gateway = before(server, "");
    block_on(async {
        let mut asked = Request::new(note(41));
        let blobs: [Vec<u8>; 3] = [(0..=255).collect(), b"a,b".to_vec(), vec![255; 1000]];
        for text in ["one", "two, three"] {
            asked.metadata_mut().append("x-asked", text.parse().unwrap());
        }
        for blob in &blobs {
            asked.metadata_mut().append_bin("x-asked-bin", MetadataValue::from_bytes(blob));
        }
        let told = Caller::connect(&gateway).await.unary(asked).await.unwrap();
        assert_eq!(told.get_ref(), &note(42));
        let texts: Vec<_> = told.metadata().get_all("x-told").iter().collect();
        assert_eq!(texts, ["one", "two, three"]);
        let told: Vec<_> =
            told.metadata().get_all_bin("x-told-bin").iter().map(|value| value.to_bytes().unwrap()).collect();
        assert_eq!(told, blobs);
    });
}

/// The server sends the next message only when the client has the last one.
#[test]
fn messages_of_a_server_come_one_by_one() {
    let taken = Arc::new(Semaphore::new(1));
    let next = Arc::clone(&taken);
    let (server, _alive) = serve(Method::ServerStreaming(handler(move |_| {
        let next = Arc::clone(&next);
        let told = stream::unfold(1, move |number| {
            let next = Arc::clone(&next);
            async move {
                next.acquire().await.unwrap().forget();
                (number <= 5).then(|| (Ok(note(number)), number + 1))
            }
        });
        async { Ok(Response::new(Box::pin(told) as parts::Notes)) }
    })));
    let gateway = before(server, "");
    block_on(async {
        let mut told = Caller::connect(&gateway).await.server_streaming(note(0)).await.unwrap();
        for number in 1..=5 {
            assert_eq!(told.message().await.unwrap(), Some(note(number)));
            taken.add_permits(1);
        }
        assert_eq!(told.message().await.unwrap(), None, "and then its trailers say that it went well");
    });
}

/// The client sends the next message only when the server has the last one.
#[test]
fn messages_of_a_client_come_one_by_one() {
    let (seen, mut sight) = mpsc::unbounded_channel();
    let (server, _alive) = serve(Method::ClientStreaming(handler(move |asked: Request<tonic::Streaming<Note>>| {
        let seen = seen.clone();
        async move {
            let (mut asked, mut sum) = (asked.into_inner(), 0);
            while let Some(Note { number, .. }) = asked.message().await? {
                sum += number;
                seen.send(number).unwrap();
            }
            Ok(Response::new(note(sum)))
        }
    })));
    let gateway = before(server, "");
    block_on(async {
        let (asked, receiver) = mpsc::channel(1);
        let caller = Caller::connect(&gateway).await;
        let call = tokio::spawn(async move { caller.client_streaming(receiver).await });
        for number in 1..=5 {
            asked.send(note(number)).await.unwrap();
            assert_eq!(sight.recv().await, Some(number));
        }
        drop(asked);
        assert_eq!(call.await.unwrap().unwrap(), note(15));
    });
}

/// Each answer is sent only after its question, each question only after the last answer; the first one only when the
/// head of the answer is there, and the last answer only when the client has ended its side.
#[test]
fn questions_and_answers_alternate() {
    let (server, _alive) = serve(Method::Bidirectional(handler(async |asked: Request<tonic::Streaming<Note>>| {
        let told = stream::unfold(Some(asked.into_inner()), async |asked| {
            let mut asked = asked?;
            match asked.message().await {
                Ok(Some(Note { number, .. })) => Some((Ok(note(number * 2)), Some(asked))),
                Ok(None) => Some((Ok(note(u32::MAX)), None)),
                Err(status) => Some((Err(status), None)),
            }
        });
        Ok(Response::new(Box::pin(told) as parts::Notes))
    })));
    let gateway = before(server, "");
    block_on(async {
        let (asked, receiver) = mpsc::channel(1);
        let mut told = Caller::connect(&gateway).await.bidirectional(receiver).await.unwrap();
        for number in 1..=20 {
            asked.send(note(number)).await.unwrap();
            assert_eq!(told.message().await.unwrap(), Some(note(number * 2)));
        }
        drop(asked);
        assert_eq!(told.message().await.unwrap(), Some(note(u32::MAX)), "its side has ended");
        assert_eq!(told.message().await.unwrap(), None);
    });
}
