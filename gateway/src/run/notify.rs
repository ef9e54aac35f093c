//! Tells systemd how the process fares (`sd_notify(3)`, `Type=notify`), where it asks to be told.
use std::{
    env,
    ffi::OsStr,
    io,
    os::unix::{
        ffi::OsStrExt,
        net::{SocketAddr, UnixDatagram},
    },
};

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It accepts.
    Ready,
    /// From now on this process is the one that counts.
    TakenOver(u32),
    /// It finishes what runs.
    Stopping,
}

/// Tells it; nobody waits for an answer.
pub(super) fn notify(state: State) {
    let Some(place) = env::var_os("NOTIFY_SOCKET") else { return };
    let text = match state {
        State::Ready => String::from("READY=1"),
        State::TakenOver(process) => format!("MAINPID={process}"),
        State::Stopping => String::from("STOPPING=1"),
    };
    let told = address(&place).and_then(|place| UnixDatagram::unbound()?.send_to_addr(text.as_bytes(), &place));
    if let Err(error) = told {
        tracing::warn!(%error, "systemd cannot be told: {text}");
    }
}

/// A path, or on Linux a name of no file, which begins with `@`.
fn address(place: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = place.as_bytes().strip_prefix(b"@") {
        return <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name);
    }
    SocketAddr::from_pathname(place)
}
