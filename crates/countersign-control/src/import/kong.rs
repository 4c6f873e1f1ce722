//! Kong's declarative configuration: credentials of the plugin `hmac-auth`, within their consumers or beside them.
//!
//! Both forms are Kong's own (`kong config db_import`, decK); a credential beside the consumers names its own as text or
//! as an object.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Pair, Secret, Standing, Unreadable, read};

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    consumers: Option<Vec<Consumer>>,
    hmacauth_credentials: Option<Vec<Credential>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Consumer {
    id: Option<String>,
    username: Option<String>,
    custom_id: Option<String>,
    hmacauth_credentials: Option<Vec<Credential>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Credential {
    username: Option<String>,
    secret: Option<Secret>,
    consumer: Option<Reference>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Text(String),
    Object { id: Option<String>, username: Option<String> },
}

impl Consumer {
    /// What people call it.
    fn name(&self) -> String {
        let named = self.username.as_ref().or(self.custom_id.as_ref()).or(self.id.as_ref());
        named.cloned().unwrap_or_default()
    }
}

impl Credential {
    fn pair(self, place: String, description: String) -> Pair {
        Pair {
            place,
            id: self.username.unwrap_or_default(),
            secret: self.secret.map(Secret::into_inner),
            description,
            standing: Standing::Enabled,
            expires: None,
        }
    }
}

pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Unreadable> {
    let file: File = read(text)?;
    let mut names = HashMap::new();
    let mut pairs = Vec::new();
    for (at, mut consumer) in file.consumers.unwrap_or_default().into_iter().enumerate() {
        let name = consumer.name();
        let credentials = consumer.hmacauth_credentials.take().unwrap_or_default();
        for (number, credential) in credentials.into_iter().enumerate() {
            let place = format!("consumers[{at}].hmacauth_credentials[{number}]");
            pairs.push(credential.pair(place, name.clone()));
        }
        names.extend(consumer.id.map(|id| (id, name)));
    }
    for (number, mut credential) in file.hmacauth_credentials.unwrap_or_default().into_iter().enumerate() {
        // By id or by name: whichever it is, the name is what tells people something.
        let named = match credential.consumer.take() {
            Some(Reference::Text(text)) => Some(text),
            Some(Reference::Object { id, username }) => username.or(id),
            None => None,
        };
        let named = named.map(|named| names.get(&named).cloned().unwrap_or(named));
        let place = format!("hmacauth_credentials[{number}]");
        pairs.push(credential.pair(place, named.unwrap_or_default()));
    }
    Ok(pairs)
}
