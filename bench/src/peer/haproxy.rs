//! HAProxy, set as someone would who knows it: one thread, no log, every server connection reused.

use std::{fs, io, net::SocketAddr, path::Path, process::Command};

use super::{Place, own_directory};

pub(super) fn command(program: &Path, place: &Place<'_>, listen: SocketAddr) -> io::Result<Command> {
    let file = own_directory(place, "haproxy", listen)?.join("haproxy.cfg");
    // It wants two files for each connection, which idle ones do not need; without strict limits it only warns.
    let maxconn = place.files.saturating_sub(2000).clamp(1000, 20_000);
    let upstream = place.upstream;
    fs::write(
        &file,
        format!(
            "global
    nbthread 1
    maxconn {maxconn}
    no strict-limits

defaults
    mode http
    no log
    http-reuse always
    option http-keep-alive
    option forwardfor
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-request 60s
    timeout http-keep-alive 600s

frontend clients
    bind {listen} backlog 4096
    default_backend origin

backend origin
    server origin {upstream}
"
        ),
    )?;
    let mut command = Command::new(program);
    command.args(["-db", "-f"]).arg(file);
    Ok(command)
}
