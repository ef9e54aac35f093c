//! A mail server (RFC 5321) that keeps what it gets.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and text, its dots unstuffed.
    pub(crate) data: String,
    pub(crate) encrypted: bool,
    /// What AUTH PLAIN said.
    pub(crate) auth: Option<String>,
}

/// A running one. Clones are the same.
#[derive(Clone)]
pub(crate) struct MailServer {
    pub(crate) port: String,
    pub(crate) mails: Arc<Mutex<Vec<Mail>>>,
    /// Every line that a client sent, but for those of mails.
    pub(crate) commands: Arc<Mutex<Vec<String>>>,
    /// The next answers to RCPT, the last first; 250 once there are none left.
    recipients: Arc<Mutex<Vec<&'static str>>>,
    tls: Option<TlsAcceptor>,
}

impl MailServer {
    /// Without encryption. It answers the first recipients so.
    pub(crate) async fn plain(recipients: &[&'static str]) -> Self {
        Self::start(recipients, None).await
    }

    /// With STARTTLS, as `localhost`; and its certificate as PEM.
    pub(crate) async fn encrypted() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        (Self::start(&[], Some(TlsAcceptor::from(Arc::new(config)))).await, made.cert.pem())
    }

    async fn start(recipients: &[&'static str], tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port().to_string(),
            mails: Arc::default(),
            commands: Arc::default(),
            recipients: Arc::new(Mutex::new(recipients.iter().rev().copied().collect())),
            tls,
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    stream.write_all(b"220 mail.example ESMTP\r\n").await?;
                    let acceptor = server.tls.clone();
                    if server.talk(&mut stream, acceptor.is_some(), false).await?
                        && let Some(acceptor) = acceptor
                    {
                        let encrypted = acceptor.accept(stream.into_inner()).await?;
                        server.talk(&mut BufReader::new(encrypted), false, true).await?;
                    }
                    std::io::Result::Ok(())
                });
            }
        });
        server
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    /// Talks to the end, or to STARTTLS: `true` then.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        offers_tls: bool,
        encrypted: bool,
    ) -> std::io::Result<bool> {
        let mut mail = Mail { encrypted, ..Mail::default() };
        loop {
            let line = read_line(stream).await?;
            self.commands.lock().unwrap().push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let reply = match verb.as_str() {
                "EHLO" if offers_tls => "250-mail.example\r\n250-STARTTLS\r\n250 8BITMIME",
                "EHLO" => "250-mail.example\r\n250-AUTH PLAIN\r\n250 8BITMIME",
                "STARTTLS" if offers_tls => {
                    stream.write_all(b"220 go ahead\r\n").await?;
                    return Ok(true);
                }
                "AUTH" => {
                    mail.auth = line.rsplit(' ').next().map(ToOwned::to_owned);
                    "235 welcome"
                }
                "MAIL" => {
                    mail.from = within(&line);
                    "250 ok"
                }
                "RCPT" => {
                    let reply = self.recipients.lock().unwrap().pop().unwrap_or("250 ok");
                    mail.to.push(within(&line));
                    reply
                }
                "DATA" => {
                    stream.write_all(b"354 go ahead\r\n").await?;
                    mail.data = read_data(stream).await?;
                    self.mails.lock().unwrap().push(mail.clone());
                    "250 taken"
                }
                "RSET" => "250 ok",
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(false);
                }
                _ => "502 unknown",
            };
            stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        }
    }
}

/// A line without its end; an error at the end of the connection.
async fn read_line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The lines up to the lone dot (RFC 5321 section 4.5.2).
async fn read_data(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let line = read_line(stream).await?;
        if line == "." {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push('\n');
    }
}

/// What stands in angle brackets.
fn within(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after.split('>').next().unwrap_or_default().to_owned()
}
