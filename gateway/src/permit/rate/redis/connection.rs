//! The connection of one worker: made, used by any number of checks at once, and made again.
use std::{
    collections::VecDeque,
    fmt, io,
    pin::pin,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{sleep, sleep_until, timeout},
};

use super::{
    Check, Store,
    link::{Question, State},
    script::{self, NoReply, Reply},
};
use crate::transport::Transport;

/// How long a connect may take, the name and TLS included; nobody waits for it longer than for an answer.
const CONNECT: Duration = Duration::from_secs(2);
/// From one attempt that failed to the next; twice as long after each.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// Checks that are written at once.
const BATCH: usize = 128;

/// Why a connection is of no use.
#[derive(Debug)]
enum Fault {
    Io(io::Error),
    Slow,
    /// The first word of what it said.
    Refused(Box<str>),
    NoRedis,
}

/// How a connection that was of use has ended.
enum End {
    /// Nobody waited for anything: Redis may have closed it for that.
    Unused(Fault),
    /// With whoever asks.
    Unneeded,
    Fault(Fault),
}

/// Connects, answers, and connects again, for as long as anybody may ask.
pub(super) async fn keep(store: Arc<Store>, state: Rc<State>, mut questions: mpsc::UnboundedReceiver<Question>) {
    let mut pause = PAUSES[0];
    while !questions.is_closed() {
        let mut attempt = pin!(timeout(CONNECT, connect(&store)));
        let connected = if let Ok(connected) = timeout(store.config.timeout, &mut attempt).await {
            connected
        } else {
            fall_back(&state, &Fault::Slow, &mut questions);
            attempt.await
        };
        let fault = match connected.unwrap_or(Err(Fault::Slow)) {
            Err(fault) => fault,
            Ok(stream) => {
                state.found();
                let since = Instant::now();
                let end = answer(stream, &store, &mut questions).await;
                let was_of_use = since.elapsed() > PAUSES[1];
                if was_of_use {
                    pause = PAUSES[0];
                }
                match end {
                    End::Unneeded => return,
                    End::Unused(_) if was_of_use => continue,
                    End::Unused(fault) | End::Fault(fault) => fault,
                }
            }
        };
        fall_back(&state, &fault, &mut questions);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES[1]);
    }
}

/// Whoever waits counts in memory, and whoever comes.
fn fall_back(state: &State, fault: &Fault, questions: &mut mpsc::UnboundedReceiver<Question>) {
    state.lost(&fault.to_string());
    while questions.try_recv().is_ok() {}
}

/// A connection whose Redis has run the script once: who may not, or cannot, is none.
async fn connect(store: &Store) -> Result<Transport, Fault> {
    let config = &store.config;
    let stream = TcpStream::connect((&*config.host, config.port)).await?;
    stream.set_nodelay(true)?;
    let mut stream = match &store.tls {
        None => Transport::from(stream),
        Some((connector, name)) => Transport::tls(connector.connect(name.clone(), stream).await?),
    };
    let (mut out, mut awaited) = (BytesMut::new(), 1);
    if let Some(password) = &config.password {
        let words =
            [Some(b"AUTH".as_slice()), config.user.as_ref().map(|user| user.as_bytes()), Some(password.expose())];
        script::command(&words.into_iter().flatten().collect::<Vec<_>>(), &mut out);
        awaited += 1;
    }
    if config.database != 0 {
        script::command(&[b"SELECT", config.database.to_string().as_bytes()], &mut out);
        awaited += 1;
    }
    // Of a caller that nobody is.
    Check { key: [0; 16], interval: 1, whole: 1_000_000 }.by_script(&mut out);
    stream.write_all(&out).await?;
    stream.flush().await?;
    let mut input = BytesMut::new();
    while awaited > 0 {
        match script::reply(&mut input)? {
            Some(Reply::Error(word)) => return Err(Fault::Refused(word)),
            Some(_) => awaited -= 1,
            None if stream.read_buf(&mut input).await? == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    }
    Ok(stream)
}

/// Asks and answers, in order, until the connection ends or the oldest question has waited too long. Dropped, the others
/// are told that there is no answer.
async fn answer(stream: Transport, store: &Store, questions: &mut mpsc::UnboundedReceiver<Question>) -> End {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (mut input, mut out, mut is_unsent) = (BytesMut::new(), BytesMut::new(), false);
    let mut waiting: VecDeque<Question> = VecDeque::new();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let deadline = waiting.front().map(|oldest| oldest.asked + store.config.timeout);
        let write = async {
            while !out.is_empty() {
                let count = writer.write(&out).await?;
                out.advance(count);
            }
            writer.flush().await
        };
        let outcome = tokio::select! {
            biased;
            read = reader.read_buf(&mut input) => match read {
                Ok(0) => Err(Fault::Io(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => take_replies(&mut input, &mut waiting, &mut out).map(|again| is_unsent |= again),
                Err(error) => Err(error.into()),
            },
            count = questions.recv_many(&mut batch, BATCH) => {
                if count == 0 {
                    return End::Unneeded;
                }
                for question in batch.drain(..) {
                    question.check.by_hash(&mut out);
                    waiting.push_back(question);
                }
                is_unsent = true;
                Ok(())
            }
            written = write, if is_unsent => written.map(|()| is_unsent = false).map_err(Fault::from),
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => Err(Fault::Slow),
        };
        match outcome {
            Ok(()) => {}
            Err(fault @ Fault::Io(_)) if waiting.is_empty() => return End::Unused(fault),
            Err(fault) => return End::Fault(fault),
        }
    }
}

/// Hands on what has come; whether there is something to be sent again, with the script that Redis has forgotten.
fn take_replies(input: &mut BytesMut, waiting: &mut VecDeque<Question>, out: &mut BytesMut) -> Result<bool, Fault> {
    let mut is_again = false;
    while let Some(reply) = script::reply(input)? {
        let question = waiting.pop_front().ok_or(Fault::NoRedis)?;
        match reply {
            // Who asked may have gone.
            Reply::Number(number) => drop(question.answer.send(number)),
            Reply::Error(word) if &*word == "NOSCRIPT" => {
                question.check.by_script(out);
                waiting.push_back(question);
                is_again = true;
            }
            Reply::Error(word) => return Err(Fault::Refused(word)),
            Reply::Done => return Err(Fault::NoRedis),
        }
    }
    Ok(is_again)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Slow => f.write_str("no answer in time"),
            Self::Refused(word) => write!(f, "it answers with the error {word}"),
            Self::NoRedis => f.write_str("what answers is no Redis"),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<io::ErrorKind> for Fault {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Io(kind.into())
    }
}

impl From<NoReply> for Fault {
    fn from(_: NoReply) -> Self {
        Self::NoRedis
    }
}
