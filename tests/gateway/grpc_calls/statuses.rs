//! What a call ends with: the server's own status, or the gateway's.
use e2e::Gateway;
use futures_util::StreamExt;

use super::{parts::Notes, *};

const TEXT: &str = "100 % of ünïcode,\nin two lines";

fn refusal() -> Status {
    let mut refusal = Status::with_details(Code::FailedPrecondition, TEXT, (0..=255).collect::<Vec<u8>>().into());
    refusal.metadata_mut().insert("x-why", "because".parse().unwrap());
    refusal.metadata_mut().insert_bin("x-why-bin", MetadataValue::from_bytes(&[0, 255]));
    refusal
}

fn check(refused: &Status) {
    assert_eq!((refused.code(), refused.message()), (Code::FailedPrecondition, TEXT));
    assert_eq!(refused.details(), (0..=255).collect::<Vec<u8>>());
    assert_eq!(refused.metadata().get("x-why").unwrap(), "because");
    assert_eq!(refused.metadata().get_bin("x-why-bin").unwrap().to_bytes().unwrap(), vec![0, 255]);
}

/// A call that asks for 0 is refused in its head, by trailers alone; another after as many messages as it asks for.
#[test]
fn a_status_comes_with_its_message_details_and_metadata() {
    let (server, _alive) = serve(Method::ServerStreaming(handler(async |asked: Request<Note>| {
        let count = asked.get_ref().number;
        if count == 0 {
            return Err(refusal());
        }
        let told = (1..=count).map(|number| Ok(note(number))).chain([Err(refusal())]);
        Ok(Response::new(Box::pin(stream::iter(told.collect::<Vec<_>>())) as Notes))
    })));
    let gateway = before(server, "");
    block_on(async {
        let caller = Caller::connect(&gateway).await;
        check(&caller.server_streaming(note(0)).await.expect_err("it is refused in its head"));
        let mut told = caller.server_streaming(note(2)).await.expect("a head without a status");
        for number in 1..=2 {
            assert_eq!(told.message().await.unwrap(), Some(note(number)));
        }
        check(&told.message().await.unwrap_err());
    });
}

#[test]
fn failures_of_the_gateway_are_codes_that_clients_know() {
    let (server, _alive) = serve(Method::Unary(handler(async |asked: Request<Note>| {
        if asked.get_ref().number == 0 { std::future::pending().await } else { Ok(Response::new(asked.into_inner())) }
    })));
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = Gateway::start(&format!(
        "[[api_key]]
        header = 'x-key'
        keys = [{{ name = 'me', sha256 = '{hash}' }}]
        [defaults]
        protocol = 'h2c'
        auth = 'none'
        [services.app]
        upstreams = ['http://{server}']
        timeouts = {{ request = '200ms' }}
        routes = ['/app', {{ match = '/closed', auth = 'required' }}, {{ match = '/limited', rate_limit = {{ requests = 1, per = '1h' }} }}]
        [services.gone]
        upstreams = ['http://{gone}']
        routes = ['/gone']",
        hash = "0".repeat(64),
    ));
    block_on(async {
        let caller = Caller::connect(&gateway).await;
        for (path, number, code) in [
            ("/app/notes.Notes/Call", 1, Code::Ok),
            ("/app/notes.Notes/Call", 0, Code::DeadlineExceeded),
            ("/nowhere/notes.Notes/Call", 1, Code::Unimplemented),
            ("/gone/notes.Notes/Call", 1, Code::Unavailable),
            ("/closed/notes.Notes/Call", 1, Code::Unauthenticated),
            ("/limited/notes.Notes/Call", 1, Code::Ok),
            ("/limited/notes.Notes/Call", 1, Code::ResourceExhausted),
        ] {
            let told = caller.at(path).unary(note(number)).await;
            let refused = told.err().unwrap_or_else(|| Status::ok("Done."));
            assert_eq!(refused.code(), code, "{path}: {refused:?}");
            assert!(refused.message().ends_with('.'), "{path}: {refused:?}");
        }
    });
}

/// A stream that ends without a status is no answer, and the call is not left to wait.
#[test]
fn a_server_that_dies_within_a_call_is_an_error_of_it() {
    let (server, alive) = serve(Method::ServerStreaming(handler(async |_| {
        let told = stream::iter([Ok(note(1))]).chain(stream::pending());
        Ok(Response::new(Box::pin(told) as Notes))
    })));
    let gateway = before(server, "");
    block_on(async {
        let mut told = Caller::connect(&gateway).await.server_streaming(note(0)).await.unwrap();
        assert_eq!(told.message().await.unwrap(), Some(note(1)));
        drop(alive);
        let cut = told.message().await.unwrap_err();
        assert_eq!(cut.code(), Code::Internal, "{cut:?}");
    });
}
