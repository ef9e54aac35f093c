//! The components of several documents in one: those that operations use, under names that do not collide.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::security::OWN;

/// `("schemas", "User")`.
type Key = (String, String);

/// The components that the operations of one document use.
#[derive(Default)]
pub(super) struct Used {
    values: BTreeMap<Key, Value>,
}

/// What each document's components are called in the merged one, in the order of the documents.
pub(super) struct Names(Vec<BTreeMap<Key, String>>);

impl Used {
    /// Those that are given.
    pub(super) fn all(kind: &str, named: Map<String, Value>) -> Self {
        Self { values: named.into_iter().map(|(name, value)| ((kind.to_owned(), name), value)).collect() }
    }

    /// Adds what `operation` of `document` uses, and what that uses. A reference to nothing, or to another place, is
    /// taken out of it.
    pub(super) fn add(&mut self, document: &Value, operation: &mut Value) {
        let mut open = schemes(operation);
        open.extend(cleaned(document, operation));
        while let Some(key) = open.pop() {
            if self.values.contains_key(&key) {
                continue;
            }
            let mut value = document["components"][&key.0][&key.1].clone();
            open.extend(cleaned(document, &mut value));
            self.values.insert(key, value);
        }
    }

    fn refers_to(&self, key: &Key, any: &BTreeSet<Key>) -> bool {
        let mut found = false;
        let mut value = self.values[key].clone();
        visit(&mut value, &mut |target| {
            found |= split(target).is_some_and(|(key, _)| any.contains(&key));
            Some(target.to_owned())
        });
        found
    }
}

/// The security schemes that an operation names, but for the gateway's own.
fn schemes(operation: &Value) -> Vec<Key> {
    let requirements = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let names = requirements.flat_map(Map::keys).filter(|name| !name.starts_with(OWN));
    names.map(|name| ("securitySchemes".to_owned(), name.clone())).collect()
}

/// The components that `value` refers to, after what leads nowhere was taken out.
fn cleaned(document: &Value, value: &mut Value) -> Vec<Key> {
    let mut found = Vec::new();
    visit(value, &mut |target| {
        // The value of a discriminator's mapping may be a schema's bare name.
        let is_name = !target.contains(['/', '#', '.']);
        let target = if is_name { format!("#/components/schemas/{target}") } else { target.to_owned() };
        let (key, _) = split(&target)?;
        document["components"][&key.0].get(&key.1)?;
        found.push(key);
        Some(target)
    });
    found
}

impl Names {
    /// One that two of the `used` have keeps its name if both mean the same by it, with all that they refer to; else
    /// each gets its document's name before its own.
    pub(super) fn new(documents: &[(&str, Used)]) -> Self {
        let mut times: BTreeMap<&Key, Vec<&Used>> = BTreeMap::new();
        for (_, used) in documents {
            used.values.keys().for_each(|key| times.entry(key).or_default().push(used));
        }
        let shared: Vec<_> = times.iter().filter(|(_, users)| users.len() > 1).collect();
        let differ = |(key, users): &&(&&Key, &Vec<&Used>)| {
            users.iter().any(|user| user.values[**key] != users[0].values[**key])
        };
        let mut apart: BTreeSet<Key> = shared.iter().filter(differ).map(|(key, _)| (**key).clone()).collect();
        loop {
            let more = shared.iter().filter(|(key, _)| !apart.contains(**key));
            let more = more.filter(|(key, users)| users.iter().any(|user| user.refers_to(key, &apart)));
            let more: Vec<Key> = more.map(|(key, _)| (**key).clone()).collect();
            if more.is_empty() {
                break;
            }
            apart.extend(more);
        }
        let mut taken: BTreeSet<Key> = times.keys().map(|key| (*key).clone()).collect();
        let mut names = Vec::new();
        for (document, used) in documents {
            let mut own = BTreeMap::new();
            for key in used.values.keys() {
                let mut new = key.clone();
                if apart.contains(key) {
                    new.1 = format!("{document}.{}", key.1);
                    while !taken.insert(new.clone()) {
                        new.1.push('_');
                    }
                }
                own.insert(key.clone(), new.1);
            }
            names.push(own);
        }
        Self(names)
    }

    /// Has `value`, of the document with this index, call its components by their new names.
    pub(super) fn rename(&self, document: usize, value: &mut Value) {
        visit(value, &mut |target| {
            let (key, rest) = split(target)?;
            let name = self.0[document].get(&key)?;
            Some(format!("#/components/{}/{name}{rest}", key.0))
        });
    }

    /// The same for the schemes of an operation; the gateway's own are of the document with the index `own`.
    pub(super) fn rename_security(&self, document: usize, own: usize, operation: &mut Value) {
        let requirements = operation["security"].as_array_mut().into_iter().flatten();
        for requirement in requirements.filter_map(Value::as_object_mut) {
            let renamed = std::mem::take(requirement).into_iter().map(|(name, scopes)| {
                let (of, bare) = name.strip_prefix(OWN).map_or((document, &*name), |bare| (own, bare));
                let key = ("securitySchemes".to_owned(), bare.to_owned());
                (self.0[of].get(&key).cloned().unwrap_or(key.1), scopes)
            });
            *requirement = renamed.collect();
        }
    }

    /// All of them, by kind.
    pub(super) fn merged(&self, documents: Vec<(&str, Used)>) -> Value {
        let mut all = json!({});
        for (index, (_, used)) in documents.into_iter().enumerate() {
            for (key, mut value) in used.values {
                self.rename(index, &mut value);
                all[&key.0][&self.0[index][&key]] = value;
            }
        }
        all
    }
}

/// `#/components/schemas/User` and what follows it.
fn split(target: &str) -> Option<(Key, &str)> {
    let rest = target.strip_prefix("#/components/")?;
    let (kind, rest) = rest.split_once('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    Some(((kind.to_owned(), rest[..end].to_owned()), &rest[end..]))
}

/// Has `f` replace every reference; the object of one for which it gives nothing says so instead.
fn visit(value: &mut Value, f: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, f)),
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref") {
                let Some(new) = f(target) else {
                    *value = json!({ "description": "What stands here is not in the service's document." });
                    return;
                };
                *target = new;
            }
            if let Some(Value::Object(mapping)) =
                members.get_mut("discriminator").and_then(|one| one.get_mut("mapping"))
            {
                mapping.retain(|_, target| match target.as_str().map(&mut *f) {
                    Some(Some(new)) => {
                        *target = new.into();
                        true
                    }
                    Some(None) => false,
                    None => true,
                });
            }
            members.values_mut().for_each(|member| visit(member, f));
        }
        _ => {}
    }
}
