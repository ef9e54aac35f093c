//! A small HTTP/1.1 server: a thread a connection, each answer from a function.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

/// What was asked.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What is answered: status, more fields, and JSON.
pub(crate) struct Reply(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

/// Serves until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end, answer) = (Arc::clone(&seen), Arc::clone(&stop), Arc::new(answer));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !end.load(Ordering::Relaxed)) {
                let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
                // Ends with its connection, when the load closes it.
                thread::spawn(move || serve(stream.unwrap(), &*answer, &count));
            }
        });
        Self { address, seen, stop, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests have come.
    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the accept; when it cannot connect there is nothing to wake.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

/// Ends quietly when the client does.
fn serve(mut stream: TcpStream, answer: &(dyn Fn(&Request) -> Reply + Send + Sync), seen: &AtomicUsize) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader) {
        if request.path != "/health" {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        let Reply(status, fields, body) = answer(&request);
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{fields}\r\n", body.len());
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    let mut next = |line: &mut String| {
        line.clear();
        (reader.read_line(line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let first = next(&mut line)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let field = next(&mut line)?;
        let Some((name, value)) = field.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body: String::from_utf8(body).unwrap() })
}
