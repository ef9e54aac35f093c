//! `[[api_key]]`: callers that show a long-lived key.
//!
//! A key is taken out of the request where it was found, so nothing behind sees it, and hashed: the hash is looked up,
//! under a secret of this process and with comparisons whose time does not depend on how alike two hashes are. So what
//! can be measured from outside says nothing of the hashes in the file, let alone of the keys.
mod query;

use std::{collections::HashMap, sync::Arc};

use http::{HeaderName, Request};

use crate::{
    body::Body,
    config::{self, Config, KeyHash, KeyPlace},
    exchange::Identity,
    rejection::{Rejection, TokenFault},
};

/// The longest key that is looked at, in bytes; those that `gateway api-key` makes have 47.
const MAX_KEY: usize = 512;

/// Every key of the file.
#[derive(Debug)]
pub(crate) struct ApiKeys {
    blocks: Vec<Block>,
    /// The names of the parameters that carry keys, each with its block's index.
    parameters: Vec<(Box<str>, usize)>,
    /// In the order of their indexes.
    holders: Vec<Holder>,
}

/// The keys that are shown in one place: a hash, and its holder's index. The map's own hasher is keyed at random.
#[derive(Debug)]
struct Block {
    header: Option<HeaderName>,
    keys: HashMap<KeyHash, usize>,
}

/// Who shows a key.
#[derive(Debug)]
struct Holder {
    name: Arc<str>,
    scopes: Vec<Box<str>>,
    lines: Box<[u8]>,
}

/// What a request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// No key.
    Nothing,
    /// One, in the place of the block with this index; without a hash where it is too long to be one.
    Key(usize, Option<KeyHash>),
    /// More than one: nobody could say which counts.
    Several,
}

impl Shown {
    fn and(self, block: usize, key: &[u8]) -> Self {
        match self {
            Self::Nothing => Self::Key(block, (key.len() <= MAX_KEY).then(|| KeyHash::of(key))),
            _ => Self::Several,
        }
    }
}

impl ApiKeys {
    /// Those of `config`; none without a block.
    pub(crate) fn new(config: &Config) -> Option<Arc<Self>> {
        let mut all = Self { blocks: Vec::new(), parameters: Vec::new(), holders: Vec::new() };
        for (index, block) in config.api_keys.iter().enumerate() {
            let header = match &block.place {
                KeyPlace::Header(name) => Some(name.clone()),
                KeyPlace::Query(name) => {
                    all.parameters.push((name.clone(), index));
                    None
                }
            };
            let first = all.holders.len();
            let keys = block.keys.iter().enumerate().map(|(at, key)| (key.sha256, first + at)).collect();
            all.holders.extend(block.keys.iter().map(|key| Holder::new(block, key)));
            all.blocks.push(Block { header, keys });
        }
        (!all.blocks.is_empty()).then(|| Arc::new(all))
    }

    /// Who holds the keys, in the order of the indexes that [`ApiKeys::identify`] gives.
    pub(crate) fn holders(&self) -> impl Iterator<Item = Identity> {
        self.holders.iter().map(|holder| Identity {
            lines: holder.lines.clone(),
            scopes: holder.scopes.clone(),
            claims: vec![("name".into(), (*holder.name).into())],
        })
    }

    /// Where keys are shown, each place once.
    pub(crate) fn places(&self) -> impl Iterator<Item = KeyPlace> {
        let headers = self.blocks.iter().filter_map(|block| block.header.clone()).map(KeyPlace::Header);
        headers.chain(self.parameters.iter().map(|(name, _)| KeyPlace::Query(name.clone())))
    }

    /// Takes every key out of a request, asked for or not.
    pub(crate) fn take(&self, request: &mut Request<Body>) -> Shown {
        let mut shown = Shown::Nothing;
        for (index, block) in self.blocks.iter().enumerate() {
            let Some(name) = &block.header else { continue };
            let fields = request.headers_mut();
            if fields.contains_key(name) {
                shown = fields.get_all(name).iter().fold(shown, |shown, value| shown.and(index, value.as_bytes()));
                fields.remove(name);
            }
        }
        if !self.parameters.is_empty() {
            query::cut(request, &self.parameters, |block, key| shown = shown.and(block, key));
        }
        shown
    }

    /// Whose key was shown, as an index, if one was.
    pub(crate) fn identify(&self, shown: Shown) -> Result<Option<usize>, Rejection> {
        match shown {
            Shown::Nothing => Ok(None),
            Shown::Several => Err(Rejection::BadRequest("The request shows more than one API key.".into())),
            Shown::Key(block, hash) => match hash.and_then(|hash| self.blocks[block].keys.get(&hash)) {
                Some(holder) => Ok(Some(*holder)),
                None => Err(Rejection::Unauthorized(TokenFault::ApiKey)),
            },
        }
    }
}

impl Holder {
    fn new(block: &config::ApiKeys, key: &config::ApiKey) -> Self {
        let scopes = key.scopes.join(" ");
        let told = [(&block.name_header, &*key.name), (&block.scope_header, scopes.as_str())];
        let lines = told.into_iter().filter_map(|(name, value)| Some(format!("{}: {value}\r\n", name.as_ref()?)));
        let lines = lines.collect::<String>().into_bytes().into();
        Self { name: Arc::clone(&key.name), scopes: key.scopes.clone(), lines }
    }
}
