use std::{
    fs, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use xtask::options::Workload;

use super::*;
use crate::{origin, tls::Certificate};

fn plan(workload: Workload) -> Plan {
    let listener = origin::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    // Serves until the test's process ends.
    thread::spawn(move || origin::serve(listener));
    let time = Duration::from_secs(20);
    Plan { connections: 8, warm_up: Duration::ZERO, time, max_requests: 2000, ..Plan::new(address, workload) }
}

#[test]
fn every_workload_is_answered() {
    for workload in [Workload::Get, Workload::Get64k, Workload::Post10k, Workload::Newconn] {
        let report = run(&plan(workload), &Interrupt::default()).unwrap();
        assert!(report.requests >= 2000, "{workload:?}: {report:?}");
        assert_eq!((report.errors, report.reconnects), (0, 0), "{workload:?}: {report:?}");
        assert!(report.p50_us > 0.0 && report.p50_us <= report.p99_us, "{report:?}");
    }
}

#[test]
fn a_wrong_answer_is_an_error() {
    let mut plan = plan(Workload::Get);
    plan.work.answer = plan.work.answer.map(|length| length + 1);
    let error = run(&plan, &Interrupt::default()).unwrap_err().to_string();
    assert!(error.contains("the body has 100 bytes, expected 101"), "{error}");
}

#[test]
fn another_status_is_an_error() {
    let mut plan = plan(Workload::Get);
    plan.work.requests = vec![b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()];
    let error = run(&plan, &Interrupt::default()).unwrap_err().to_string();
    assert!(error.contains("the status is 404"), "{error}");
}

#[test]
fn many_requests_are_sent_in_turn() {
    let mut plan = plan(Workload::Get);
    let missing = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    // 8 connections begin with the 8 good ones; the one that fails is everybody's in its turn.
    plan.work.requests.resize(8, plan.work.requests[0].clone());
    plan.work.requests.push(missing);
    plan.max_requests = 200;
    let report = run(&plan, &Interrupt::default()).unwrap();
    let first = report.first_error.unwrap_or_default();
    assert!(report.errors > 8 && first.contains("the status is 404"), "{} errors: {first}", report.errors);
}

#[test]
fn a_port_without_a_listener_is_an_error() {
    let free = xtask::ports::free_address().unwrap();
    let plan = Plan { time: Duration::from_secs(20), ..Plan::new(free, Workload::Get) };
    let error = run(&plan, &Interrupt::default()).unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_rate_is_kept_and_slow_clients_are_there() {
    let paced = Plan { rate: Some(500.0), slow: 20, time: Duration::from_secs(1), ..plan(Workload::Get) };
    let report = run(&paced, &Interrupt::default()).unwrap();
    assert_eq!(report.errors, 0, "{report:?}");
    // A machine that is busy may do less, but nothing sends more.
    assert!((100..=520).contains(&report.requests), "{report:?}");
}

#[test]
fn a_request_that_had_to_wait_for_its_turn_was_late() {
    // One client, and far more than it can send: what is due at the end was due long before.
    let mut paced = Plan { rate: Some(1e6), connections: 1, time: Duration::from_millis(500), ..plan(Workload::Get) };
    paced.max_requests = u64::MAX;
    let report = run(&paced, &Interrupt::default()).unwrap();
    assert!(report.p99_us > 50_000.0, "{report:?}");
}

#[test]
fn an_interrupt_ends_a_run() {
    let interrupt = Interrupt::default();
    interrupt.raise();
    assert!(matches!(run(&plan(Workload::Get), &interrupt), Err(LoadError::Interrupted)));
}

#[test]
fn idle_connections_stay() {
    let plan = Plan { connections: 200, ..plan(Workload::Idle) };
    let report = hold_idle(&plan, std::process::id(), &Interrupt::default()).unwrap();
    assert_eq!((report.connections, report.closed), (200, 0));
    assert!(report.after > 0);
}

/// A run over TLS against a server that gives each client so many tickets.
fn run_tls(workload: Workload, tickets: usize) -> Result<Report, LoadError> {
    let directory = tempfile::tempdir().unwrap();
    let certificate = Certificate::generate(directory.path()).unwrap();
    let (chain, key) = (fs::read(&certificate.cert).unwrap(), fs::read(&certificate.key).unwrap());
    let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().unwrap(),
            PrivateKeyDer::from_pem_slice(&key).unwrap(),
        )
        .unwrap();
    config.send_tls13_tickets = tickets;
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            thread::spawn(move || answer(StreamOwned::new(session, socket.unwrap())));
        }
    });
    let tls = certificate.client(workload).unwrap();
    let time = Duration::from_secs(20);
    let plan =
        Plan { connections: 4, warm_up: Duration::ZERO, time, max_requests: 100, tls, ..Plan::new(address, workload) };
    run(&plan, &Interrupt::default())
}

/// Answers one request after the other, until one asks for the end.
fn answer(mut client: StreamOwned<ServerConnection, TcpStream>) -> io::Result<()> {
    let (mut came, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let read = client.read(&mut buffer)?;
        came.extend_from_slice(&buffer[..read]);
        if read == 0 {
            return Ok(());
        }
        if came.ends_with(b"\r\n\r\n") {
            client.write_all(&[b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".as_slice(), &[b'x'; 100]].concat())?;
            if memchr::memmem::find(&came, b"Connection: close").is_some() {
                client.conn.send_close_notify();
                return client.flush();
            }
            came.clear();
        }
    }
}

#[test]
fn tls_is_spoken_and_its_handshakes_are_what_they_should_be() {
    for workload in [Workload::GetTls, Workload::NewconnTls, Workload::NewconnTlsResumed] {
        let report = run_tls(workload, 2).unwrap();
        assert!(report.requests >= 100 && report.errors == 0, "{workload:?}: {report:?}");
    }
    let report = run_tls(Workload::NewconnTlsResumed, 0).unwrap();
    let first = report.first_error.unwrap_or_default();
    assert!(first.contains("the session should have been taken up"), "{first}");
}
