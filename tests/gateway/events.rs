//! Server-sent events: each reaches the client when it is made, and a stream that says nothing for long stays open.
use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use e2e::{Conn, End, Gateway, Upstream};

/// How an upstream sends them: the field of its head, and one event as it goes over the wire.
type Form = (&'static str, fn(&str) -> String);

const FORMS: [Form; 2] = [
    ("transfer-encoding: chunked", |event| {
        let event = format!("data: {event}\n\n");
        format!("{:x}\r\n{event}\r\n", event.len())
    }),
    ("connection: close", |event| format!("data: {event}\n\n")),
];

/// An upstream that sends the head, and then an event each time that it is told to.
fn told(form: Form) -> (Upstream, mpsc::Sender<&'static str>) {
    let (tell, events) = mpsc::channel::<&'static str>();
    let events = Mutex::new(events);
    let script = move |conn: &mut Conn| {
        if conn.receive().is_none() {
            return;
        }
        conn.send(format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{}\r\n\r\n", form.0));
        for event in events.lock().unwrap().iter() {
            if event == "leave" {
                conn.wait_end();
                return;
            }
            conn.send(form.1(event));
        }
    };
    (Upstream::scripted(script), tell)
}

#[test]
fn each_event_comes_at_once() {
    for form in FORMS {
        let (upstream, tell) = told(form);
        let gateway = Gateway::before(&upstream);
        let mut client = gateway.connect();
        client.send_request("GET /events HTTP/1.1\r\naccept: text/event-stream");
        let head = client.head().unwrap();
        assert_eq!(head.field("content-type"), Some("text/event-stream"), "the head waits for no event");
        for event in ["one", "two", "three"] {
            tell.send(event).unwrap();
            // The next one is made only once this has come.
            client.take_to(format!("data: {event}\n\n").as_bytes()).unwrap();
        }
    }
}

#[test]
fn a_stream_that_is_silent_stays_open() {
    for form in FORMS {
        let (upstream, tell) = told(form);
        let server = "server.timeouts = { header = '100ms', idle = '100ms', body_idle = '100ms' }";
        let gateway = Gateway::with(server, &upstream, "timeouts = { request = '100ms', idle = '100ms' }");
        let mut client = gateway.connect();
        client.send_request("GET /events HTTP/1.1");
        client.head().unwrap();
        assert!(client.stays_silent(Duration::from_millis(500)), "{}", form.0);
        tell.send("late").unwrap();
        client.take_to(b"data: late\n\n").unwrap();
    }
}

#[test]
fn a_client_that_leaves_ends_a_silent_stream() {
    for form in FORMS {
        let (upstream, tell) = told(form);
        let gateway = Gateway::before(&upstream);
        let mut client = gateway.connect();
        client.send_request("GET /events HTTP/1.1");
        tell.send("one").unwrap();
        client.take_to(b"data: one\n\n").unwrap();
        tell.send("leave").unwrap();
        drop(client);
        upstream.wait_ended(1);
        assert_eq!(gateway.logged("/events")["code"], "client_closed");
    }
}

/// One that is cut never looks whole, however it is delimited.
#[test]
fn a_stream_that_breaks_off_is_seen_to() {
    for (field, event) in FORMS {
        let upstream = Upstream::consuming(move |mut conn| {
            conn.receive();
            conn.send(format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n{}", event("one")));
            conn.take(1).unwrap_err();
        });
        let gateway = Gateway::with("", &upstream, "timeouts.body_idle = '300ms'");
        let mut client = gateway.connect();
        client.send_request("GET /events HTTP/1.1");
        client.take_to(b"data: one\n\n").unwrap();
        assert_eq!(client.to_end().1, End::Reset, "{field}");
    }
}
