//! A WebSocket as others speak it: tungstenite at both ends, and the Autobahn cases.
use std::{
    net::SocketAddr,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use e2e::{DEADLINE, Gateway};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_hdr_async, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        handshake::server::{Request, Response},
        http::{HeaderMap, HeaderValue},
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

/// A server that sends every message back, and speaks `chat` with whom offers it; and what its clients have asked for.
fn echo_server() -> (SocketAddr, Arc<Mutex<Vec<HeaderMap>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<HeaderMap>>>::default());
    let seen = Arc::clone(&asked);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(echo(stream, Arc::clone(&seen)));
            }
        });
    });
    (address, asked)
}

async fn echo(stream: TcpStream, asked: Arc<Mutex<Vec<HeaderMap>>>) {
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let greet = |request: &Request, mut answer: Response| {
        asked.lock().unwrap().push(request.headers().clone());
        let offered = request.headers().get("sec-websocket-protocol").and_then(|offer| offer.to_str().ok());
        if offered.is_some_and(|offer| offer.split(", ").any(|one| one == "chat")) {
            answer.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("chat"));
        }
        Ok(answer)
    };
    let Ok(mut socket) = accept_hdr_async(stream, greet).await else { return };
    // It answers pings and a Close by itself; who breaks the protocol is told so, and left.
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn next(socket: &mut Socket) -> Message {
    timeout(DEADLINE, socket.next()).await.expect("within the deadline").expect("a message").expect("a good one")
}

fn before(server: SocketAddr) -> Gateway {
    Gateway::start(&format!("[services.app]\nupstreams = ['http://{server}']\nroutes = ['/']\n"))
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

#[test]
fn a_real_client_and_a_real_server_agree_on_everything() {
    let (server, asked) = echo_server();
    let gateway = before(server);
    block_on(async {
        let mut request = format!("ws://{}/chat", gateway.address).into_client_request().unwrap();
        let deflate = "permessage-deflate; client_max_window_bits";
        for (name, value) in [("sec-websocket-protocol", "other, chat"), ("sec-websocket-extensions", deflate)] {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let (mut socket, answer) = connect_async(request).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
        assert_eq!(asked.lock().unwrap()[0]["sec-websocket-extensions"], deflate);

        for message in [
            Message::text("grüße"),
            Message::binary(vec![0_u8, 255, 10, 13]),
            Message::text(""),
            Message::binary((0..5_000_000_u32).map(|n| n.to_le_bytes()[1]).collect::<Vec<_>>()),
        ] {
            socket.send(message.clone()).await.unwrap();
            assert!(next(&mut socket).await == message, "a message of {} bytes", message.len());
        }
        // In three pieces, with a ping between them.
        let piece = |text, opcode, is_last| Message::Frame(Frame::message(text, OpCode::Data(opcode), is_last));
        for piece in [piece("one ", Data::Text, false), piece("two ", Data::Continue, false)] {
            socket.send(piece).await.unwrap();
            socket.send(Message::Ping("between".into())).await.unwrap();
            assert_eq!(next(&mut socket).await, Message::Pong("between".into()));
        }
        socket.send(piece("", Data::Continue, true)).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::text("one two "));

        let close = CloseFrame { code: CloseCode::Library(4001), reason: "enough".into() };
        socket.close(Some(close.clone())).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::Close(Some(close)));
        assert!(timeout(DEADLINE, socket.next()).await.unwrap().is_none(), "and then the end");
    });
    assert_eq!(gateway.logged("/chat")["code"], serde_json::Value::Null);
}

#[test]
fn many_clients_at_once_get_their_own() {
    let (server, _) = echo_server();
    let gateway = before(server);
    block_on(async {
        let clients: Vec<_> = (0..100)
            .map(|client| {
                let url = format!("ws://{}/{client}", gateway.address);
                tokio::spawn(async move {
                    let (mut socket, _) = connect_async(url).await.unwrap();
                    for number in 0..50 {
                        let message = Message::text(format!("{client} {number} {}", "x".repeat(number * 37)));
                        socket.send(message.clone()).await.unwrap();
                        assert_eq!(next(&mut socket).await, message);
                    }
                    socket.close(None).await.unwrap();
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
    gateway.wait_metric("gateway_in_flight", 0.0);
}

/// The Autobahn cases, as `kosoku` of Python's package index has them, where `TEST_KOSOKU` says that its program is. What a case comes to is
/// the server's doing: through the gateway it must come to the same.
#[test]
fn the_autobahn_cases_come_to_what_they_come_to_without_a_gateway() {
    let Some(kosoku) = std::env::var_os("TEST_KOSOKU") else {
        println!("skipped: TEST_KOSOKU names no program");
        return;
    };
    let (server, _) = echo_server();
    let gateway = before(server);
    let cases = |address: SocketAddr| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(&kosoku);
        // It has no deflate to offer (12, 13).
        command.args(["--parallelism", "8", "--exclude", "12.*", "--exclude", "13.*", "--outdir"]).arg(folder.path());
        let output = command.arg(format!("ws://{address}")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        // `247 cases passed`, or which have not.
        let passed = told.lines().find_map(|line| line.strip_suffix(" cases passed")?.parse::<u32>().ok());
        passed.filter(|_| output.status.success()).ok_or(told)
    };
    let (direct, through) = (cases(server), cases(gateway.address));
    assert_eq!(direct, through);
    assert!(through.as_ref().is_ok_and(|passed| *passed > 200), "{through:?}");
}
