//! A receiver of webhooks, on a port of its own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use tokio::net::{TcpListener, TcpStream};

/// A request's fields and body.
type Call = (HeaderMap, Vec<u8>);

/// What came, and what it is to be answered.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
    /// The answers of the next calls, the last first; 200 once there are none left.
    pub(crate) answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    /// One that answers so, and then with 200; and its URL.
    pub(crate) async fn start(answers: &[u16]) -> (Self, String) {
        let receiver = Self::default();
        receiver.answers.lock().unwrap().extend(answers.iter().rev());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?of=ada", listener.local_addr().unwrap());
        let app = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, url)
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    receiver.calls.lock().unwrap().push((headers, body.to_vec()));
    let status = receiver.answers.lock().unwrap().pop().unwrap_or(200);
    // A redirect leads to where it is counted again, should someone follow it.
    let location = (status / 100 == 3).then_some(("location", "/elsewhere"));
    (StatusCode::from_u16(status).unwrap(), axum::response::AppendHeaders(location), vec![b'x'; 100_000])
}

/// A receiver that takes what is sent and never answers.
pub(crate) struct Silent {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<TcpStream>>>,
}

impl Silent {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, taken) = (format!("http://{}/", listener.local_addr().unwrap()), Arc::<Mutex<Vec<_>>>::default());
        let keep = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                keep.lock().unwrap().push(stream);
            }
        });
        Self { url, taken }
    }

    /// How many connections it has taken, of one call each.
    pub(crate) fn taken(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}
