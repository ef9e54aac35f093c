use events::task::TaskCompleted;
use events::user::{UserCreated, UserUpdated};
use serde_json::Value;
use uuid::Uuid;

use crate::mail_server::MailServer;
use crate::support::{Service, content};

const FROM: (&str, &str) = ("SMTP_FROM", "The House <house@example.com>");

/// A service that sends plain mail over `server`.
async fn service(server: &MailServer, more: &[(&str, &str)]) -> Service {
    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
    let mut pairs = vec![("SMTP_URL", url.as_str()), FROM, ("DELIVERY_BACKOFF", "5ms")];
    pairs.extend_from_slice(more);
    Service::with(&pairs).await
}

fn header(data: &str, name: &str) -> String {
    let head = data.split("\n\n").next().unwrap();
    let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {data}")).to_owned()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_asked_for() {
    let server = MailServer::plain(&[]).await;
    let service = service(&server, &[]).await;
    let ada = service.caller();
    let path = ada.notify("email", "ada@example.com").await;
    let sent = ada.becomes(&path, "sent").await;
    let mails = server.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("house@example.com", ["ada@example.com".to_owned()].as_slice())
    );
    assert_eq!(header(&mail.data, "From"), "\"The House\" <house@example.com>");
    assert_eq!(header(&mail.data, "To"), "ada@example.com");
    assert_eq!(header(&mail.data, "Subject"), "=?utf-8?b?R3LDvMOfZQ==?=", "RFC 2047");
    assert_eq!(header(&mail.data, "Message-ID"), format!("<{}@example.com>", sent["id"].as_str().unwrap()));
    let text = mail.data.split_once("\n\n").unwrap().1;
    assert_eq!(text.trim_end(), "Alles gut.\n.\nEnde", "a line of one dot is text too");
}

#[tokio::test]
async fn a_user_is_told_at_the_address_that_holds_now() {
    let server = MailServer::plain(&[]).await;
    let service = service(&server, &[]).await;
    let (ada, stranger) = (service.caller(), service.caller());
    let completed = |owner_id| TaskCompleted { task_id: Uuid::now_v7(), owner_id, title: "Milk".into() };
    service.publish(&UserCreated { user_id: ada.id, email: "old@example.com".into(), name: "Ada".into() }).await;
    service.publish(&UserUpdated { user_id: ada.id, email: "new@example.com".into(), name: "Ada".into() }).await;
    service.publish(&completed(ada.id)).await;
    service.publish(&completed(stranger.id)).await;

    let list = ada.list().await;
    assert_eq!(list.len(), 2, "a changed address is no occasion: {list:?}");
    for (one, address) in list.iter().zip(["old@example.com", "new@example.com"]) {
        assert_eq!((one["channel"].as_str(), one["recipient"].as_str()), (Some("email"), Some(address)));
        ada.becomes(&format!("/notifications/{}", one["id"].as_str().unwrap()), "sent").await;
    }
    assert_eq!(stranger.list().await[0]["channel"], "log", "whose address is unknown");
    let mut to: Vec<_> = server.mails().into_iter().flat_map(|mail| mail.to).collect();
    to.sort_unstable();
    assert_eq!(to, ["new@example.com", "old@example.com"]);
    let welcome = server.mails().into_iter().find(|mail| mail.to == ["old@example.com"]).unwrap();
    assert_eq!(header(&welcome.data, "Subject"), "Welcome, Ada");
    assert!(welcome.data.contains("Hello Ada,"), "{}", welcome.data);
}

#[tokio::test]
async fn a_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not() {
    let server = MailServer::plain(&["451 later", "421 later", "550 no such user ada@example.com"]).await;
    let service = service(&server, &[]).await;
    let ada = service.caller();
    let path = ada.notify("email", "ada@example.com").await;
    let failed = ada.becomes(&path, "failed").await;
    assert_eq!((failed["error"].as_str(), &failed["attempts"]), (Some("the mail server answered 550"), &3.into()));
    assert_eq!(server.mails().len(), 0);
    let sent = ada.send_now(&path).await.is(200);
    assert_eq!((sent.text("status"), &sent.body["error"], server.mails().len()), ("sent".into(), &Value::Null, 1));
}

#[tokio::test]
async fn a_server_that_is_away_is_told_of() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    drop(listener);
    let service =
        Service::with(&[("SMTP_URL", &url), FROM, ("DELIVERY_ATTEMPTS", "2"), ("DELIVERY_BACKOFF", "5ms")]).await;
    let ada = service.caller();
    let path = ada.notify("email", "ada@example.com").await;
    let failed = ada.becomes(&path, "failed").await;
    assert_eq!(
        (failed["error"].as_str(), &failed["attempts"]),
        (Some("the mail server could not be reached"), &2.into())
    );
    ada.post("/notifications", &content("email", "ada@localhost")).await.fails(400, "validation_failed");
}

#[tokio::test]
async fn without_encryption_nothing_is_sent_unless_that_is_said() {
    let server = MailServer::plain(&[]).await;
    let pairs = [
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", server.port.as_str()),
        ("SMTP_USER", "house"),
        ("SMTP_PASSWORD", "hunter2"),
        FROM,
        ("DELIVERY_ATTEMPTS", "1"),
    ];
    let service = Service::with(&pairs).await;
    let ada = service.caller();
    let failed = ada.becomes(&ada.notify("email", "ada@example.com").await, "failed").await;
    let reason = failed["error"].as_str().unwrap();
    assert!(reason.contains("does not offer what is needed (encryption"), "{reason}");
    let said = server.commands();
    assert!(said.iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{said:?}");
}

#[tokio::test]
async fn over_starttls_the_server_is_known_by_its_certificate() {
    let (server, certificate) = MailServer::encrypted().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    let pairs = [
        ("SMTP_HOST", "localhost"),
        ("SMTP_PORT", server.port.as_str()),
        ("SMTP_USER", "house"),
        ("SMTP_PASSWORD", "hunter2"),
        FROM,
        ("DELIVERY_ATTEMPTS", "1"),
    ];
    let trusting = Service::with(&[&pairs[..], &[("SMTP_CA_FILE", file.to_str().unwrap())]].concat()).await;
    let ada = trusting.caller();
    ada.becomes(&ada.notify("email", "ada@example.com").await, "sent").await;
    let mails = server.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert!(mail.encrypted);
    // "\0house\0hunter2" (RFC 4616).
    assert_eq!(mail.auth.as_deref(), Some("AGhvdXNlAGh1bnRlcjI="));

    let wary = Service::with(&pairs).await;
    let ada = wary.caller();
    let failed = ada.becomes(&ada.notify("email", "ada@example.com").await, "failed").await;
    let reason = failed["error"].as_str().unwrap();
    assert!(!reason.contains("hunter2"), "{reason}");
    assert_eq!(server.mails().len(), 1, "whoever is not known gets nothing");
}
