//! HAProxy, set as someone would who knows it: one thread, every server connection reused. A plain forward has no log;
//! rules come with one, as ours do.

mod rules;

use std::{fs, io, path::Path, process::Command};

use super::{Listen, Place, own_directory};

pub(super) fn command(program: &Path, place: &Place<'_>, listen: Listen<'_>) -> io::Result<Command> {
    let directory = own_directory(place, "haproxy", listen.plain)?;
    let file = directory.join("haproxy.cfg");
    let rules = match &place.rules {
        Some(asked) => {
            asked.write_keys(&directory)?;
            rules::sections(asked, &directory, rules::exporter(program)?)
        }
        None => rules::Sections::none(),
    };
    fs::write(&file, text(place, listen, &rules))?;
    let mut command = Command::new(program);
    command.args(["-db", "-f"]).arg(file);
    Ok(command)
}

fn text(place: &Place<'_>, listen: Listen<'_>, rules: &rules::Sections) -> String {
    // It wants two files for each connection, which idle ones do not need; without strict limits it only warns.
    let maxconn = place.files.saturating_sub(2000).clamp(1000, 20_000);
    let (upstream, plain) = (place.upstream, listen.plain);
    let tls = listen.tls.map_or_else(String::new, |(address, shown)| {
        format!("    bind {address} ssl crt {} alpn h2,http/1.1 backlog 4096\n", shown.both.display())
    });
    let rules::Sections { global, log, frontend, others } = rules;
    format!(
        "global
    nbthread 1
    maxconn {maxconn}
    no strict-limits
{global}
defaults
    mode http
    {log}
    http-reuse always
    option http-keep-alive
    option forwardfor
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-request 60s
    timeout http-keep-alive 600s

frontend clients
    bind {plain} backlog 4096
{tls}{frontend}    default_backend origin

backend origin
    server origin {upstream}
{others}"
    )
}
