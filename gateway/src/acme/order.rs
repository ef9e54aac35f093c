//! One order: an account, a proof for each name, and the certificate.
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus, RetryPolicy,
};

use super::{Acme, http::Http, store};
use crate::tls;

/// Asks for a certificate, proves that its names are ours, and stores it; in words what went wrong.
pub(super) async fn issue(acme: &Acme) -> Result<(), String> {
    let config = &acme.config;
    let account = account(acme).await.map_err(|error| format!("the account: {error}"))?;
    let names: Vec<Identifier> = config.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await.map_err(|error| format!("the order: {error}"))?;
    prove(acme, &mut order).await?;
    // 1. The authority looks at the proofs.
    let status = order.poll_ready(&RetryPolicy::default()).await.map_err(|error| format!("the proof: {error}"))?;
    if status != OrderStatus::Ready {
        return Err(reason(&mut order).await);
    }
    // 2. It signs a key that is made for this order.
    let key = order.finalize().await.map_err(|error| format!("the request for a signature: {error}"))?;
    let chain = order.poll_certificate(&RetryPolicy::default()).await;
    let chain = chain.map_err(|error| format!("the certificate: {error}"))?;
    // 3. What it gives is not believed to be what was asked for.
    store::write(config, &key, &chain)
}

/// The account at this authority: the one that is stored, or a new one.
async fn account(acme: &Acme) -> Result<Account, String> {
    let config = &acme.config;
    let http = || Box::new(Http(tls::trusting(config.ca.as_ref())));
    if let Some(known) = store::account(config) {
        let builder = Account::builder_with_http(http());
        return builder.from_credentials(known).await.map_err(|error| error.to_string());
    }
    let contact: Vec<String> = config.contact.iter().map(|address| format!("mailto:{address}")).collect();
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let created = Account::builder_with_http(http()).create(&new, config.directory.clone(), None).await;
    let (account, credentials) = created.map_err(|error| error.to_string())?;
    store::write_account(config, &credentials)?;
    Ok(account)
}

/// Puts each proof where it is looked for, and says so.
async fn prove(acme: &Acme, order: &mut instant_acme::Order) -> Result<(), String> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(|error| format!("an authorization: {error}"))?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let challenge = authorization.challenge(ChallengeType::Http01);
        let mut challenge = challenge.ok_or("the authority has no HTTP-01 for a name")?;
        let proof = challenge.key_authorization().as_str().to_owned();
        acme.proofs().insert(challenge.token.clone(), proof);
        challenge.set_ready().await.map_err(|error| format!("a challenge: {error}"))?;
    }
    Ok(())
}

/// Why a proof was not good.
async fn reason(order: &mut instant_acme::Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(error) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return format!("the proof for {name}: {error}");
        }
    }
    String::from("the proof was not good")
}
