//! nginx, set as someone would who knows it: no log, no disk, connections kept on both sides.

use std::{fs, io, path::Path, process::Command};

use nix::unistd::geteuid;

use super::{Listen, Place, own_directory};

pub(super) fn command(program: &Path, place: &Place<'_>, listen: Listen<'_>) -> io::Result<Command> {
    let directory = own_directory(place, "nginx", listen.plain)?;
    let file = directory.join("nginx.conf");
    let shown = directory.display();
    // Started by root, a worker would become `nobody`, who may not enter our directory.
    let user = if geteuid().is_root() { "user root root;" } else { "" };
    let (upstream, files, plain) = (place.upstream, place.files, listen.plain);
    let tls = listen.tls.map_or_else(String::new, |(address, shown)| {
        let (cert, key) = (shown.cert.display(), shown.key.display());
        format!(
            "listen {address} ssl http2 backlog=4096;
        http2_max_concurrent_streams 256;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;"
        )
    });
    fs::write(
        &file,
        format!(
            r#"{user}
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
pid {shown}/nginx.pid;
error_log stderr error;
events {{ use epoll; worker_connections {files}; multi_accept on; }}
http {{
    access_log off;
    client_body_temp_path {shown}/body;
    proxy_temp_path {shown}/proxy;
    fastcgi_temp_path {shown}/fastcgi;
    uwsgi_temp_path {shown}/uwsgi;
    scgi_temp_path {shown}/scgi;
    tcp_nodelay on;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    client_body_buffer_size 64k;
    client_max_body_size 16m;
    proxy_http_version 1.1;
    proxy_buffer_size 8k;
    proxy_buffers 16 16k;
    proxy_busy_buffers_size 64k;
    proxy_max_temp_file_size 0;
    upstream origin {{
        server {upstream};
        keepalive 512;
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
    }}
    server {{
        listen {plain} backlog=4096;
        {tls}
        location / {{
            proxy_pass http://origin;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
}}
"#
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("-p").arg(&directory).arg("-c").arg(file).args(["-e", "stderr"]);
    Ok(command)
}
