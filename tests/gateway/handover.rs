//! A new process takes over the listening sockets: nobody who connects meanwhile is refused, and nothing that runs is cut.
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use e2e::{
    Client, DEADLINE, GRANT, Gateway, Process, Upstream, WebSocket, eventually, gateway, ok, service, write_file,
};
use nix::{
    sys::signal::{
        Signal::{SIGTERM, SIGUSR2},
        kill,
    },
    unistd::Pid,
};

/// A process that took over; it is killed, by its own id, when this value goes.
pub(crate) struct Next(Pid);

impl Next {
    /// The one that the gateway says has taken over.
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let id = gateway.stderr.find("the process that takes over", |line| {
            let id = line.split_once("a new process accepts")?.1.split_once("process=")?.1;
            id.split_whitespace().next()?.parse().ok()
        });
        Self(Pid::from_raw(id))
    }

    pub(crate) fn id(&self) -> i32 {
        self.0.as_raw()
    }

    pub(crate) fn ends(&self) {
        kill(self.0, SIGTERM).expect("it runs");
        // Its parent is gone, so that nobody here can wait for it; what is left of it is no process that runs.
        eventually("it ends", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
            (stat.is_empty() || stat.contains(") Z ")).then_some(())
        });
    }
}

impl Drop for Next {
    fn drop(&mut self) {
        // It may have ended.
        let _ = kill(self.0, nix::sys::signal::Signal::SIGKILL);
    }
}

#[test]
fn a_hand_over_under_load_refuses_nobody_and_cuts_nothing() {
    for workers in [1, 3] {
        hand_over_under_load(workers);
    }
}

fn hand_over_under_load(workers: usize) {
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let upstream = Upstream::scripted(move |conn| {
        while let Some(request) = conn.receive() {
            if request.field("upgrade").is_some() {
                conn.send(GRANT);
                return conn.echo_frames();
            }
            if request.target() == "/held" {
                let _ = released.lock().unwrap().recv();
            }
            conn.send(ok());
        }
    });
    let app = service("app", &[&upstream], "");
    let mut gateway = Gateway::start(&format!("server.workers = {workers}\n{app}"));
    let (address, admin) = (gateway.address, gateway.admin);
    let mut chat = WebSocket::open(address, "/chat");
    assert_eq!(chat.ask("before"), "before");
    let mut held = gateway.connect();
    held.send_request("GET /held HTTP/1.1");
    let (served, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..6)
        .map(|client| {
            let (served, over) = (Arc::clone(&served), Arc::clone(&over));
            thread::spawn(move || {
                let mut kept = Client::connect(address);
                while !over.load(Ordering::SeqCst) {
                    if client % 2 == 0 {
                        assert_eq!(Client::connect(address).get("/").status(), 200);
                    } else {
                        kept = on_a_kept_connection(address, kept);
                    }
                    served.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    eventually("the load runs", || (served.load(Ordering::SeqCst) > 50).then_some(()));
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    let before = served.load(Ordering::SeqCst);
    eventually("the load goes on", || (served.load(Ordering::SeqCst) > before + 200).then_some(()));
    assert!(gateway.is_running(), "a request of the old one is not answered yet");
    assert_eq!(Client::connect(admin).get("/ready").status(), 200, "the operator asks the new one");
    release.send(()).unwrap();
    let answer = held.answer_to("GET").unwrap();
    assert_eq!((answer.status(), answer.closes()), (200, true));
    assert_eq!(chat.ask("after"), "after", "the old one keeps what is a tunnel");
    chat.finish();
    assert_eq!(chat.to_end().0, b"");
    assert_eq!(gateway.wait().code(), Some(0));
    let before = served.load(Ordering::SeqCst);
    eventually("the new one serves alone", || (served.load(Ordering::SeqCst) > before + 50).then_some(()));
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }
    next.ends();
    assert!(Client::try_connect(address).is_none());
}

/// Nobody is sent away while there is time: whoever is told early comes back at once, and all of them together.
#[test]
fn a_hand_over_tells_websockets_to_go_shortly_before_its_drain_ends() {
    let upstream = Upstream::scripted(|conn| {
        if conn.receive().is_some() {
            conn.send(GRANT);
            conn.echo_frames();
        }
    });
    let app = service("app", &[&upstream], "");
    let mut gateway = Gateway::start(&format!("server.drain_timeout = '4s'\n{app}"));
    let mut chat = WebSocket::open(gateway.address, "/chat");
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    assert_eq!(chat.ask("after"), "after");
    assert!(chat.stays_silent(std::time::Duration::from_millis(300)));
    chat.is_told_to_go();
    assert_eq!(gateway.wait().code(), Some(0));
    next.ends();
}

/// Asks once more; an answer that says that the connection ends is followed by another connection.
fn on_a_kept_connection(address: SocketAddr, mut kept: Client) -> Client {
    let answer = kept.get("/");
    assert_eq!(answer.status(), 200);
    if answer.closes() { Client::connect(address) } else { kept }
}

#[test]
fn a_new_process_that_does_not_start_changes_nothing() {
    let upstream = Upstream::ok();
    let mut gateway = Gateway::before(&upstream);
    gateway.write("what = 'is this'");
    gateway.signal(SIGUSR2);
    gateway.stderr.find("it is told", |line| line.contains("the new process does not serve").then_some(()));
    assert!(gateway.is_running());
    assert_eq!((gateway.get("/").status(), gateway.admin("/ready").status()), (200, 200));
    gateway.signal(SIGTERM);
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn the_new_process_reads_the_file_as_it_is() {
    let upstream = Upstream::ok();
    let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (kept, gone, new) = (port(), port(), port());
    let toml = |listen: [SocketAddr; 2], workers: usize| {
        let app = service("app", &[&upstream], "");
        format!("server.listen = ['{}', '{}']\nserver.workers = {workers}\n{app}", listen[0], listen[1])
    };
    let mut gateway = Gateway::start(&toml([kept, gone], 3));
    // More quickly than the file is looked at.
    gateway.write(&toml([kept, new], 1));
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    assert_eq!(gateway.wait().code(), Some(0));
    for _ in 0..20 {
        assert_eq!(Client::connect(kept).get("/").status(), 200, "each socket of the old one is accepted from");
    }
    assert_eq!(Client::connect(new).get("/").status(), 200);
    assert!(Client::try_connect(gone).is_none());
    next.ends();
}

#[test]
fn services_inside_are_not_doubled() {
    let gateway = Gateway::mounted("[services.app]\nupstreams = ['http://127.0.0.1:1']\nroutes = ['/']\n", &[]);
    gateway.signal(SIGUSR2);
    gateway.stderr.find("it is told", |line| line.contains("SIGUSR2 is not for").then_some(()));
    assert_eq!(gateway.get("/").status(), 200);
}

/// `sd_notify(3)`: systemd is told which process counts, so that it does not take the end of the old one for the end.
#[test]
fn systemd_is_told_who_serves() {
    let upstream = Upstream::ok();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("notify");
    let socket = UnixDatagram::bind(&place).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let told = || {
        let mut text = [0; 100];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length]).into_owned()
    };
    let mut gateway = Gateway::with_env(&service("app", &[&upstream], ""), "NOTIFY_SOCKET", place.to_str().unwrap());
    assert_eq!(told(), "READY=1");
    gateway.signal(SIGUSR2);
    let next = Next::of(&gateway);
    // Two processes tell, in any order.
    let mut both = [told(), told()];
    both.sort();
    assert_eq!(both, [format!("MAINPID={}", next.0), String::from("READY=1")]);
    assert_eq!(gateway.wait().code(), Some(0));
    next.ends();
    assert_eq!(told(), "STOPPING=1");
}

/// `sd_listen_fds(3)`: the socket is there before the process, and after it.
#[test]
fn a_socket_of_systemd_is_served_and_left_open() {
    let upstream = Upstream::ok();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let app = service("app", &[&upstream], "");
    let (folder, _) =
        write_file(&format!("server.listen = '{address}'\nadmin.listen = '127.0.0.1:0'\nserver.workers = 2\n{app}"));
    // As systemd does it: the third descriptor is the socket.
    let start = || {
        let plain = gateway(folder.path());
        let mut shell = Command::new("/bin/sh");
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" run 3<&0 </dev/null";
        shell.args(["-c", script]).arg(plain.get_program()).env_clear().current_dir(folder.path());
        shell.stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())));
        Process::spawn(&mut shell)
    };
    let waiting = Client::connect(address);
    let mut first = start();
    let ask = |mut client: Client| client.get("/").status();
    assert_eq!(ask(waiting), 200, "it came before the process did");
    assert_eq!((0..8).map(|_| ask(Client::connect(address))).collect::<Vec<_>>(), [200; 8]);
    first.signal(SIGTERM);
    assert_eq!(first.wait().code(), Some(0));
    let waiting = Client::connect(address);
    let _second = start();
    assert_eq!(ask(waiting), 200, "it came while there was none");
}
