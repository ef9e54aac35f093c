//! Ours: one worker, everything else as shipped, so with its access log, its metrics and its health probes.

use std::{fs, io, net::SocketAddr, path::Path, process::Command};

use xtask::ports;

use super::{Place, own_directory};

pub(super) fn command(program: &Path, place: &Place<'_>, listen: SocketAddr) -> io::Result<Command> {
    let file = own_directory(place, "gateway", listen)?.join("gateway.toml");
    let (upstream, admin) = (place.upstream, ports::free_address()?);
    fs::write(
        &file,
        format!(
            r#"[server]
listen = "{listen}"
workers = 1
max_connections = 20000

[admin]
listen = "{admin}"

[services.origin]
upstreams = ["http://{upstream}"]
health = "/health"
routes = ["/"]
"#
        ),
    )?;
    let mut command = Command::new(program);
    command.args(["run", "--config"]).arg(file);
    Ok(command)
}
