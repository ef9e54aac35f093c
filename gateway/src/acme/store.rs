//! What is kept between orders, in the folder `cache`: the certificate with its key, in one file, and the account. Both
//! are secrets, which only this user may read.
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, Mutex},
};

use instant_acme::AccountCredentials;
use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};

use crate::{
    config::Acme,
    tls::pem::{self, Validity},
};

/// The account, and whose it is.
#[derive(Serialize, Deserialize)]
struct Stored<C> {
    directory: String,
    credentials: C,
}

/// When the next certificate is to be ordered: when two thirds of the life of this one are over, and at once where there
/// is none, or none for all the names.
pub(super) fn due(config: &Acme) -> Timestamp {
    let bytes = fs::read(config.file()).unwrap_or_default();
    let Ok(known) = pem::pair(&bytes, &bytes) else { return Timestamp::MIN };
    match pem::validity(&known) {
        Some(Validity { from, until }) if covers(&known, &config.domains) => {
            let life = until.as_second().saturating_sub(from.as_second());
            Timestamp::from_second(from.as_second() + life / 3 * 2).unwrap_or(Timestamp::MIN)
        }
        _ => Timestamp::MIN,
    }
}

fn covers(certified: &CertifiedKey, domains: &[String]) -> bool {
    let names = pem::names(certified);
    domains.iter().all(|domain| names.iter().any(|name| **name == **domain))
}

/// Stores a certificate with its key, if they are one pair and for these names.
pub(super) fn write(config: &Acme, key: &str, chain: &str) -> Result<(), String> {
    let certified = pem::pair(chain.as_bytes(), key.as_bytes());
    let certified = certified.map_err(|fault| format!("the authority's certificate is not usable: {fault:?}"))?;
    if !covers(&certified, &config.domains) {
        return Err(String::from("the authority's certificate is not for all of the names"));
    }
    replace(&config.file(), format!("{key}\n{chain}").as_bytes())
}

/// The account that was made at this authority before.
pub(super) fn account(config: &Acme) -> Option<AccountCredentials> {
    let stored: Stored<AccountCredentials> = serde_json::from_slice(&fs::read(config.account_file()).ok()?).ok()?;
    (stored.directory == config.directory).then_some(stored.credentials)
}

pub(super) fn write_account(config: &Acme, credentials: &AccountCredentials) -> Result<(), String> {
    let stored = Stored { directory: config.directory.clone(), credentials };
    let text = serde_json::to_vec(&stored).map_err(|error| error.to_string())?;
    replace(&config.account_file(), &text)
}

/// Puts these bytes in the place of a file, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let beside = path.with_extension("new");
        // One that was left behind may have other rights.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// A certificate for these names that nobody trusts: the same one as before for the same names.
pub(crate) fn placeholder(domains: &[String]) -> Option<Arc<CertifiedKey>> {
    static LAST: Mutex<Option<(Vec<String>, Arc<CertifiedKey>)>> = Mutex::new(None);
    let mut last = LAST.lock().expect("no holder of this lock panics");
    if let Some((names, certified)) = &*last
        && names == domains
    {
        return Some(Arc::clone(certified));
    }
    let own = rcgen::generate_simple_self_signed(domains).ok()?;
    let certified = pem::pair(own.cert.pem().as_bytes(), own.signing_key.serialize_pem().as_bytes()).ok()?;
    let certified = Arc::new(certified);
    *last = Some((domains.to_vec(), Arc::clone(&certified)));
    Some(certified)
}
