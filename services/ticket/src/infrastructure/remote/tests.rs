use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use super::*;

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn client(address: SocketAddr, timeout: Duration) -> RemoteVacancy {
    let settings =
        RemoteSettings { url: format!("http://{address}"), timeout, max_connections: 1, keepalive_connections: 1 };
    RemoteVacancy::new(settings, Some("0123456789abcdef")).unwrap()
}

/// Reads a request with its body.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length.unwrap_or(0)) {
            return String::from_utf8(bytes).unwrap();
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request broke off");
    }
}

async fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_ties_a_call_to_its_cause_is_sent_along() {
    let (listener, address) = listener().await;
    let id = TicketId(Uuid::now_v7());
    let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let correlation = Correlation { id: "the-first".into(), traceparent };
    let calling = tokio::spawn(
        correlation.scope(async move { client(address, LONG).reserve(id, Quantity::parse(3).unwrap()).await }),
    );
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = request(&mut stream).await;
    answer(&mut stream, "200 OK", r#"{"success":false,"remaining":2,"message":"x"}"#).await;
    let refused = Reservation { verdict: Verdict::Refused, remaining: 2 };
    assert_eq!(calling.await.unwrap(), Ok(refused));
    assert!(request.starts_with("POST /api/v1/reserve HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("x-request-id: the-first\r\n"), "{request}");
    assert!(request.contains("traceparent: 00-0af7651916cd43dd8448eb211c80319c-"), "{request}");
    assert!(request.contains("x-gateway-secret: 0123456789abcdef\r\n"), "{request}");
    assert!(request.ends_with(&format!(r#"{{"qty":3,"reservation_id":"{id}"}}"#)), "{request}");
}

#[tokio::test]
async fn what_is_no_answer_is_unavailable() {
    let (listener, address) = listener().await;
    let answers = [("500 Internal Server Error", "{}"), ("403 Forbidden", "{}"), ("200 OK", "{}"), ("200 OK", "x")];
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (status, body) in answers {
            request(&mut stream).await;
            answer(&mut stream, status, body).await;
        }
        // It is away from here on.
    });
    let client = client(address, LONG);
    for (status, _) in answers {
        assert!(client.available().await.is_err(), "{status}");
    }
    serving.await.unwrap();
    assert!(client.available().await.is_err(), "nobody listens");
}

#[tokio::test]
async fn a_broken_connection_is_tried_once_more() {
    let (listener, address) = listener().await;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        drop(stream);
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        answer(&mut stream, "200 OK", r#"{"qty":7}"#).await;
    });
    assert_eq!(client(address, LONG).available().await, Ok(7));
    serving.await.unwrap();
}

/// Both have the same time, one for the answer and one for the connection; the clock moves on by itself once
/// nothing else does.
#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_given_up_on_and_so_is_the_wait_for_a_connection() {
    let (_listener, address) = listener().await;
    let client = client(address, LONG);
    let (one, other) = tokio::join!(client.available(), client.available());
    for outcome in [one, other] {
        assert_eq!(outcome, Err(VacancyUnavailable("no answer within 20s".to_owned())));
    }
}

#[tokio::test]
async fn only_so_many_connections_are_open_at_once() {
    let (listener, address) = listener().await;
    let client = client(address, LONG);
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        for body in [r#"{"qty":7}"#, r#"{"qty":8}"#] {
            request(&mut stream).await;
            answer(&mut stream, "200 OK", body).await;
        }
        // Kept, or it would be no use to the second call.
        stream
    };
    // One connection may be open: the second call, begun before anything is answered, waits for it.
    let (first, second, _stream) = tokio::join!(client.available(), client.available(), serve);
    assert_eq!((first, second), (Ok(7), Ok(8)));
    // Had there been another connection, it would have come before this one.
    let last = TcpStream::connect(address).await.unwrap();
    let (_, came_from) = listener.accept().await.unwrap();
    assert_eq!(came_from, last.local_addr().unwrap());
}

#[test]
fn the_secret_is_never_shown() {
    let client = client("127.0.0.1:1".parse().unwrap(), LONG);
    assert!(!format!("{:?}", client.secret).contains("0123456789abcdef"));
}
