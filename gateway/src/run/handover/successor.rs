//! The process that is to take over: the same program, perhaps of a newer version, with the same arguments.
use std::{
    env,
    ffi::OsString,
    io,
    net::SocketAddr,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, socketpair,
    sockopt::{Timeout, set_socket_timeout},
};

use super::{Handed, Message, Purpose, VARIABLE};
use crate::{accept::Endpoint, tls};

/// How long it may take until it accepts.
const START: Duration = Duration::from_mins(1);

/// A new process that has been given the sockets and does not accept yet.
#[derive(Debug)]
pub(in crate::run) struct Successor {
    child: Child,
    channel: OwnedFd,
}

/// A new process that accepts.
#[derive(Debug)]
pub(in crate::run) struct TakenOver {
    pub(in crate::run) process: u32,
    /// Addresses of the file that it does not listen on.
    pub(in crate::run) unused: Vec<Endpoint>,
}

impl Successor {
    /// Starts it and waits until it accepts, on the calling thread. If that comes to nothing, it is gone afterwards.
    pub(in crate::run) fn take_over(sockets: Vec<Handed>) -> Result<TakenOver, String> {
        let mut successor = Self::start().map_err(|error| format!("it cannot be started: {error}"))?;
        let process = successor.child.id();
        match successor.hand_over(sockets) {
            Ok(unused) => {
                let endpoint = |(purpose, address)| match purpose {
                    Purpose::Public { is_tls } => Some(Endpoint { address, is_tls }),
                    Purpose::Admin => None,
                };
                Ok(TakenOver { process, unused: unused.into_iter().filter_map(endpoint).collect() })
            }
            Err(error) => Err(successor.end(&error)),
        }
    }

    fn start() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        let (channel, its_end) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        for timeout in [Timeout::Recv, Timeout::Send] {
            set_socket_timeout(&channel, timeout, Some(START))?;
        }
        let mut command = Command::new(program()?);
        command.args(env::args_os().skip(1)).stdin(Stdio::from(its_end)).env(VARIABLE, "stdin");
        // What systemd has handed to this process comes to the next one from this one.
        for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] {
            command.env_remove(name);
        }
        Ok(Self { child: command.spawn()?, channel })
    }

    fn hand_over(&self, sockets: Vec<Handed>) -> io::Result<Vec<(Purpose, SocketAddr)>> {
        for socket in sockets {
            Message::Socket(socket).send(self.channel.as_fd())?;
        }
        if let Some(keys) = tls::hand_over() {
            Message::Tickets(keys).send(self.channel.as_fd())?;
        }
        Message::End.send(self.channel.as_fd())?;
        match Message::receive(self.channel.as_fd())? {
            Message::Ready(unused) => Ok(unused),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Why it does not serve.
    fn end(&mut self, error: &io::Error) -> String {
        // It may have ended by itself.
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) if status.code().is_some() => format!("it ended with {status}"),
            _ => format!("it did not get ready: {error}"),
        }
    }
}

/// The program as it was started, which may be another file by now: a new version.
fn program() -> io::Result<PathBuf> {
    let named = env::args_os().next().map(PathBuf::from).filter(|path| path.components().count() > 1 && path.exists());
    if let Some(path) = named {
        return Ok(path);
    }
    // Linux says so of a file that has been replaced.
    let path = env::current_exe()?.into_os_string();
    let stripped = path.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map(OsString::from);
    Ok(stripped.unwrap_or(path).into())
}
