use super::*;
use kit::SystemClock;

use crate::domain::{Cause, Message, Recipient, Subject, UserId};

fn channel(allow_private: bool) -> WebhookChannel {
    let secret = Secret::new("0123456789abcdef");
    WebhookChannel::new(secret, allow_private, Duration::from_secs(5), Arc::new(SystemClock)).unwrap()
}

fn url(text: &str) -> WebhookUrl {
    WebhookUrl::parse(text).unwrap()
}

#[test]
fn a_url_that_holds_a_private_address_is_refused_in_any_spelling() {
    fn check(text: &str, expected: bool) {
        assert_eq!(channel(false).check(&url(text)).is_ok(), expected, "{text}");
        assert!(channel(true).check(&url(text)).is_ok(), "{text}");
    }
    check("http://1.1.1.1/", true);
    check("http://[2606:4700:4700::1111]:8080/", true);
    check("http://example.com/", true);
    for private in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://100.64.1.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://①②⑦.0.0.1/",
    ] {
        check(private, false);
    }
}

/// The listener takes no connection: neither a literal address nor a name that leads to it gets through, and
/// with leave both do.
#[tokio::test]
async fn nothing_private_is_connected_to() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let to = url(&format!("http://{host}:{port}/"));
        let error = channel(false).deliver(&to, &notification(&to)).await.unwrap_err();
        assert_eq!(error, not_public(), "{host}");
    }
    let blocked = listener.accept().map(drop).unwrap_err();
    assert_eq!(blocked.kind(), std::io::ErrorKind::WouldBlock, "someone connected");

    let to = url(&format!("http://localhost:{port}/"));
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        listener.set_nonblocking(false).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4_096]).unwrap();
        stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    let error = channel(true).deliver(&to, &notification(&to)).await.unwrap_err();
    assert_eq!(error.reason, "the receiver answered 302", "a redirect is an answer like any other");
    answering.join().unwrap();
}

fn notification(to: &WebhookUrl) -> Notification {
    let (subject, message) = (Subject::parse("Hi").unwrap(), Message::parse("there").unwrap());
    let recipient = Recipient::Webhook(to.clone());
    Notification::new(UserId(Uuid::nil()), recipient, subject, message, Cause::new("c", None), SystemClock.now())
}
