//! A name server on loopback.
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
};

/// The type A (RFC 1035 §3.2.2).
const A: u16 = 1;
/// After the question: where its answer's name is, the type A and the class IN.
const ANSWER: [u8; 6] = [0xc0, 12, 0, 1, 0, 1];

/// It knows IPv4 addresses alone, answers over UDP, and is silent when it is told to be.
#[derive(Debug)]
pub struct NameServer {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The addresses of each name, and for how many seconds they hold.
    names: BTreeMap<String, (Vec<Ipv4Addr>, u32)>,
    is_silent: bool,
    questions: usize,
}

impl NameServer {
    /// One that knows no name. It ends with the process.
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, state) = (socket.local_addr().unwrap(), Arc::<Mutex<State>>::default());
        let server = Self { address, state: Arc::clone(&state) };
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = state.lock().unwrap().answer(&buffer[..length]) {
                    let _ = socket.send_to(&answer, peer);
                }
            }
        });
        server
    }

    /// What `name` stands for from now on, for `ttl` seconds each time.
    pub fn set(&self, name: &str, addresses: &[&str], ttl: u32) {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.state.lock().unwrap().names.insert(name.into(), (addresses, ttl));
    }

    /// Whether it answers nothing.
    pub fn set_silent(&self, is_silent: bool) {
        self.state.lock().unwrap().is_silent = is_silent;
    }

    /// How many questions it was asked.
    pub fn questions(&self) -> usize {
        self.state.lock().unwrap().questions
    }
}

impl State {
    /// RFC 1035 §4.1: a header of twelve bytes, one question, then what is known.
    fn answer(&mut self, question: &[u8]) -> Option<Vec<u8>> {
        self.questions += 1;
        let (mut labels, mut at) = (Vec::new(), 12);
        while question[at] != 0 {
            let length = usize::from(question[at]);
            labels.push(str::from_utf8(&question[at + 1..][..length]).unwrap().to_ascii_lowercase());
            at += 1 + length;
        }
        let asked = u16::from_be_bytes([question[at + 1], question[at + 2]]);
        let known = self.names.get(&labels.join("."));
        let (addresses, ttl) = known.filter(|_| asked == A).cloned().unwrap_or_default();
        let code = if known.is_some() { 0 } else { 3 }; // no such name
        let count = u8::try_from(addresses.len()).unwrap();
        let mut answer = [&question[..2], &[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]].concat();
        answer.extend_from_slice(&question[12..at + 5]);
        for address in addresses {
            answer.extend([&ANSWER, &ttl.to_be_bytes()[..], &[0, 4], &address.octets()].concat());
        }
        (!self.is_silent).then_some(answer)
    }
}
