//! E-mail by SMTP (RFC 5321), encrypted unless the operator says otherwise.

use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{self, Certificate, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::secret::Secret;
use crate::domain::{Email, Notification, Undelivered};

/// The operator's mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name or address; also what its certificate has to bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// User and password, if it wants them.
    pub credentials: Option<(String, Secret)>,
    /// Who the mail is from.
    pub from: Mailbox,
    /// Certificates (PEM) that are trusted beside the public authorities.
    pub ca: Option<Vec<u8>>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// By STARTTLS (RFC 3207), without which nothing is sent.
    Starttls,
    /// From its first byte (RFC 8314).
    Implicit,
    /// Not at all.
    None,
}

/// The channel.
pub struct EmailChannel {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl EmailChannel {
    /// Over the server of `settings`; each step of the conversation may take `timeout`. The error says what
    /// is wrong with the certificates.
    pub fn new(settings: SmtpSettings, timeout: Duration) -> Result<Self, String> {
        let SmtpSettings { host, port, tls, credentials, from, ca } = settings;
        let parameters = || tls_parameters(&host, ca.as_deref());
        let tls = match tls {
            Tls::Starttls => client::Tls::Required(parameters()?),
            Tls::Implicit => client::Tls::Wrapper(parameters()?),
            Tls::None => client::Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone())
            .port(port)
            .timeout(Some(timeout))
            .tls(tls);
        if let Some((user, password)) = credentials {
            builder = builder.credentials(Credentials::new(user, password.expose().to_owned()));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends one. The message's id is the notification's, so that a mail that is sent twice after a crash
    /// can be known as one.
    pub(super) async fn deliver(&self, to: &Email, notification: &Notification) -> Result<(), Undelivered> {
        let permanent = |reason: &str| Undelivered { reason: reason.to_owned(), permanent: true };
        let to = to.as_str().parse::<Address>().map_err(|_| permanent("the address is not one to SMTP"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(notification.subject.as_str())
            .message_id(Some(format!("<{}@{}>", notification.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(notification.message.as_str().to_owned())
            .map_err(|_| permanent("no e-mail can be made of it"))?;
        self.transport.send(message).await.map(drop).map_err(|error| undelivered(&error))
    }
}

fn tls_parameters(host: &str, ca: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca {
        let certificate = Certificate::from_pem(pem).map_err(|_| "SMTP_CA_FILE holds no certificates".to_owned())?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| format!("TLS for the mail server cannot be set up: {error}"))
}

/// In our words: a server's may name what is none of the owner's business.
fn undelivered(error: &lettre::transport::smtp::Error) -> Undelivered {
    tracing::debug!(%error, "the mail was not taken");
    let reason = if let Some(code) = error.status() {
        format!("the mail server answered {code}")
    } else if error.is_timeout() {
        "the mail server did not answer in time".to_owned()
    } else if error.is_tls() {
        "the connection to the mail server could not be encrypted".to_owned()
    } else if error.is_client() {
        "the mail server does not offer what is needed (encryption or authentication)".to_owned()
    } else {
        "the mail server could not be reached".to_owned()
    };
    Undelivered { reason, permanent: error.is_permanent() }
}
