//! The two ends of a call, both of tonic: a server with one method, whatever the path, and a client with one connection.
use std::{convert::Infallible, net::SocketAddr, pin::Pin, sync::Arc, thread};

use e2e::{DEADLINE, Gateway};
use futures_util::{Stream, stream};
use http::uri::PathAndQuery;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tonic::{
    IntoRequest, IntoStreamingRequest, Request, Response, Status, Streaming,
    body::Body,
    client, server,
    transport::{Channel, Endpoint, Server},
};
use tonic_prost::ProstCodec;
use tower::service_fn;

/// What is sent both ways.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Note {
    #[prost(uint32, tag = "1")]
    pub(super) number: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) blob: Vec<u8>,
}

pub(super) fn note(number: u32) -> Note {
    Note { number, blob: Vec::new() }
}

pub(super) type Notes = Pin<Box<dyn Stream<Item = Result<Note, Status>> + Send>>;
type Handler<Q, A> = Arc<dyn Fn(Request<Q>) -> Handled<A> + Send + Sync>;
type Handled<A> = Pin<Box<dyn Future<Output = Result<Response<A>, Status>> + Send>>;

/// What a server does, for each of the four kinds of calls.
#[derive(Clone)]
pub(super) enum Method {
    Unary(Handler<Note, Note>),
    ServerStreaming(Handler<Note, Notes>),
    ClientStreaming(Handler<Streaming<Note>, Note>),
    Bidirectional(Handler<Streaming<Note>, Notes>),
}

pub(super) fn handler<Q, A, F>(handle: impl Fn(Request<Q>) -> F + Send + Sync + 'static) -> Handler<Q, A>
where
    F: Future<Output = Result<Response<A>, Status>> + Send + 'static,
{
    Arc::new(move |request| Box::pin(handle(request)))
}

impl Method {
    async fn answer(self, request: http::Request<Body>) -> http::Response<Body> {
        let mut server = server::Grpc::new(ProstCodec::<Note, Note>::default());
        match self {
            Self::Unary(handle) => server.unary(service_fn(move |asked| handle(asked)), request).await,
            Self::ServerStreaming(handle) => {
                server.server_streaming(service_fn(move |asked| handle(asked)), request).await
            }
            Self::ClientStreaming(handle) => {
                server.client_streaming(service_fn(move |asked| handle(asked)), request).await
            }
            Self::Bidirectional(handle) => server.streaming(service_fn(move |asked| handle(asked)), request).await,
        }
    }
}

/// Starts a server on a thread of its own. Who drops the sender ends it, with all of its connections.
pub(super) fn serve(method: Method) -> (SocketAddr, mpsc::Sender<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (alive, mut ended) = mpsc::channel(1);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let connections =
                stream::poll_fn(move |cx| listener.poll_accept(cx).map_ok(|(stream, _)| stream).map(Some));
            let service = service_fn(move |request| {
                let method = method.clone();
                async move { Ok::<_, Infallible>(method.answer(request).await) }
            });
            tokio::spawn(Server::builder().serve_with_incoming(service, connections));
            ended.recv().await;
        });
    });
    (address, alive)
}

/// A gateway before this server, with these keys of the service.
pub(super) fn before(server: SocketAddr, keys: &str) -> Gateway {
    Gateway::start(&service(server, keys))
}

pub(super) fn service(server: SocketAddr, keys: &str) -> String {
    format!("[services.app]\nupstreams = ['http://{server}']\nprotocol = 'h2c'\nroutes = ['/']\n{keys}\n")
}

/// One connection; its clones share it.
#[derive(Clone)]
pub(super) struct Caller {
    inner: client::Grpc<Channel>,
    path: PathAndQuery,
}

impl Caller {
    pub(super) async fn connect(gateway: &Gateway) -> Self {
        Self::with(gateway, |endpoint| endpoint).await
    }

    pub(super) async fn with(gateway: &Gateway, set: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", gateway.address)).unwrap();
        let channel = set(endpoint).connect().await.expect("the gateway speaks h2c");
        Self { inner: client::Grpc::new(channel), path: PathAndQuery::from_static("/notes.Notes/Call") }
    }

    pub(super) fn at(&self, path: &'static str) -> Self {
        Self { inner: self.inner.clone(), path: PathAndQuery::from_static(path) }
    }

    async fn ready(&self) -> client::Grpc<Channel> {
        let mut inner = self.inner.clone();
        inner.ready().await.expect("the connection lives");
        inner
    }

    pub(super) async fn unary(&self, asked: impl IntoRequest<Note>) -> Result<Response<Note>, Status> {
        self.ready().await.unary(asked.into_request(), self.path.clone(), ProstCodec::default()).await
    }

    pub(super) async fn server_streaming(&self, asked: impl IntoRequest<Note>) -> Result<Streaming<Note>, Status> {
        let call =
            self.ready().await.server_streaming(asked.into_request(), self.path.clone(), ProstCodec::default()).await;
        call.map(Response::into_inner)
    }

    pub(super) async fn client_streaming(&self, asked: mpsc::Receiver<Note>) -> Result<Note, Status> {
        let asked = notes(asked).into_streaming_request();
        let call = self.ready().await.client_streaming(asked, self.path.clone(), ProstCodec::default()).await;
        call.map(Response::into_inner)
    }

    pub(super) async fn bidirectional(&self, asked: mpsc::Receiver<Note>) -> Result<Streaming<Note>, Status> {
        let asked = notes(asked).into_streaming_request();
        let call = self.ready().await.streaming(asked, self.path.clone(), ProstCodec::default()).await;
        call.map(Response::into_inner)
    }
}

fn notes(mut receiver: mpsc::Receiver<Note>) -> impl Stream<Item = Note> {
    stream::poll_fn(move |cx| receiver.poll_recv(cx))
}

/// Runs a test; whatever waits for what never comes ends it.
pub(super) fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(DEADLINE, test).await.expect("within the deadline") });
}

/// Tells when it is dropped.
pub(super) struct Guard(pub(super) mpsc::UnboundedSender<String>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.send("dropped".to_owned()).ok();
    }
}
