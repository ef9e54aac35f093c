use std::future::poll_fn;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const HOUR: Duration = Duration::from_hours(1);
/// `hello`, from a server.
const HELLO: &[u8] = b"\x81\x05hello";
/// The same, from a client.
const MASKED: &[u8] = b"\x81\x85\0\0\0\0hello";
const GOING_AWAY: &[u8] = &[0x88, 2, 0x03, 0xe9];

/// A tunnel between two peers, each of which takes `room` bytes that are not read.
struct Both {
    client: DuplexStream,
    upstream: DuplexStream,
    tunnel: tokio::task::JoinHandle<(End, (u64, u64))>,
}

/// One that is told to close `drain` after its begin.
fn between(room: usize, idle: Duration, drain: Option<Duration>) -> Both {
    let ((client, mut ours), (upstream, mut theirs)) = (duplex(room), duplex(room));
    let drain_at = drain.map(|drain| Instant::now() + drain);
    let tunnel = tokio::spawn(async move {
        let mut tunnel = Tunnel::new(BytesMut::new(), BytesMut::new(), idle);
        // The drain wakes a tunnel up; here time does.
        let end = poll_fn(|cx| tunnel.poll(cx, &mut ours, &mut theirs, drain_at)).await;
        (end, (tunnel.up.bytes, tunnel.down.bytes))
    });
    Both { client, upstream, tunnel }
}

async fn take(peer: &mut DuplexStream, length: usize) -> Vec<u8> {
    let mut taken = vec![0; length];
    peer.read_exact(&mut taken).await.unwrap();
    taken
}

async fn to_end(peer: &mut DuplexStream) -> Vec<u8> {
    let mut taken = Vec::new();
    peer.read_to_end(&mut taken).await.unwrap();
    taken
}

/// What a masked frame of two bytes says.
fn unmasked(frame: &[u8]) -> [u8; 4] {
    assert_eq!((frame.len(), frame[1]), (8, 0x82), "a client's frames are masked");
    [frame[0], 2, frame[6] ^ frame[2], frame[7] ^ frame[3]]
}

#[tokio::test(start_paused = true)]
async fn bytes_go_both_ways_and_each_end_by_itself() {
    let mut both = between(64, HOUR, None);
    both.client.write_all(MASKED).await.unwrap();
    both.upstream.write_all(HELLO).await.unwrap();
    assert_eq!(take(&mut both.upstream, MASKED.len()).await, MASKED);
    assert_eq!(take(&mut both.client, HELLO.len()).await, HELLO);
    both.client.shutdown().await.unwrap();
    assert_eq!(to_end(&mut both.upstream).await, b"");
    both.upstream.write_all(HELLO).await.unwrap();
    assert_eq!(take(&mut both.client, HELLO.len()).await, HELLO, "the other side is open still");
    both.upstream.shutdown().await.unwrap();
    assert_eq!(to_end(&mut both.client).await, b"");
    assert_eq!(both.tunnel.await.unwrap(), (End::Closed, (MASKED.len() as u64, 2 * HELLO.len() as u64)));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_slow_holds_the_writer_back() {
    let mut both = between(1000, HOUR, None);
    let writes = async {
        let mut sent = 0;
        while tokio::time::timeout(Duration::from_secs(1), both.upstream.write_all(&[0; 1000])).await.is_ok() {
            sent += 1000;
        }
        sent
    };
    assert!(writes.await < 32 * 1024, "one read, and what the two peers hold");
}

#[tokio::test(start_paused = true)]
async fn nothing_for_too_long_is_the_end_and_both_are_told() {
    let began = Instant::now();
    let mut both = between(64, Duration::from_mins(1), None);
    tokio::time::sleep(Duration::from_secs(50)).await;
    both.client.write_all(MASKED).await.unwrap();
    assert_eq!(to_end(&mut both.client).await, GOING_AWAY);
    let told = to_end(&mut both.upstream).await;
    assert_eq!(unmasked(&told[MASKED.len()..]), GOING_AWAY);
    assert_eq!(both.tunnel.await.unwrap().0, End::Idle);
    assert_eq!(began.elapsed().as_secs(), 50 + 60 + CLOSE_WAIT.as_secs(), "neither has said that it closes");
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_told_between_two_frames() {
    let mut both = between(64, HOUR, Some(Duration::from_secs(5)));
    both.upstream.write_all(&HELLO[..4]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(take(&mut both.client, 4).await, &HELLO[..4]);
    assert_eq!(unmasked(&take(&mut both.upstream, 8).await), GOING_AWAY, "this direction stood between two frames");
    both.upstream.write_all(&[&HELLO[4..], HELLO].concat()).await.unwrap();
    assert_eq!(take(&mut both.client, 3 + 4).await, [&HELLO[4..], GOING_AWAY].concat(), "and nothing behind it");
    // Both answer, so nobody is waited for.
    let answered = Instant::now();
    both.client.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]).await.unwrap();
    both.upstream.write_all(GOING_AWAY).await.unwrap();
    assert_eq!(both.tunnel.await.unwrap().0, End::Drained);
    assert_eq!(answered.elapsed(), Duration::ZERO);
    assert_eq!(to_end(&mut both.upstream).await, b"", "it is not told twice");
}

#[tokio::test(start_paused = true)]
async fn a_close_that_was_passed_on_is_the_only_one() {
    let mut both = between(64, HOUR, Some(Duration::from_secs(5)));
    both.upstream.write_all(&[0x88, 2, 0x03, 0xe8]).await.unwrap();
    assert_eq!(to_end(&mut both.client).await, [0x88, 2, 0x03, 0xe8]);
    assert_eq!(both.tunnel.await.unwrap().0, End::Drained);
}

/// What never was a WebSocket can't be told anything.
#[tokio::test(start_paused = true)]
async fn what_are_no_frames_is_ended_without_a_word() {
    let mut both = between(64, HOUR, Some(Duration::from_secs(5)));
    let no_frame = [0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
    both.upstream.write_all(&no_frame).await.unwrap();
    assert_eq!(to_end(&mut both.client).await, no_frame);
    assert_eq!(both.tunnel.await.unwrap().0, End::Drained);
}
