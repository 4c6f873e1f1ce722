//! Consumers of APISIX with the plugin `hmac-auth`: what its Admin API lists or shows, of consumers or of a consumer's
//! credentials, in the form of release 3 (`list`) or 2 (`node.nodes`), a bare consumer or several, and the file of its
//! standalone mode (`consumers`).

use serde::Deserialize;

use super::{Pair, Secret, Standing, Unreadable, read};

/// A consumer or credential, or what holds some.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    list: Option<Vec<Item>>,
    node: Option<Box<Item>>,
    nodes: Option<Vec<Item>>,
    consumers: Option<Vec<Item>>,
    /// Within an answer, what the key holds.
    value: Option<Box<Item>>,
    username: Option<String>,
    id: Option<Id>,
    desc: Option<String>,
    plugins: Option<Plugins>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Plugins {
    #[serde(rename = "hmac-auth")]
    hmac_auth: Option<HmacAuth>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HmacAuth {
    /// Its name before release 3.11 was `access_key`.
    #[serde(alias = "access_key")]
    key_id: Option<String>,
    secret_key: Option<Secret>,
    #[serde(rename = "_meta")]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    disable: bool,
}

pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, Unreadable> {
    let mut pairs = Vec::new();
    if text.trim_start().starts_with(['[', '-']) {
        read::<Vec<Item>>(text)?.into_iter().for_each(|item| item.collect(&mut pairs));
    } else {
        read::<Item>(text)?.collect(&mut pairs);
    }
    Ok(pairs)
}

impl Item {
    fn collect(self, pairs: &mut Vec<Pair>) {
        let within = [self.list, self.nodes, self.consumers].into_iter().flatten().flatten();
        let alone = [self.node, self.value].into_iter().flatten().map(|item| *item);
        within.chain(alone).for_each(|item| item.collect(pairs));
        let name = self.username.or(self.id.map(Id::into_text));
        let Some(plugin) = self.plugins.and_then(|plugins| plugins.hmac_auth) else { return };
        pairs.push(Pair {
            place: match &name {
                Some(name) => format!("consumer `{name}`"),
                None => format!("consumer {}", pairs.len() + 1),
            },
            id: plugin.key_id.unwrap_or_default(),
            secret: plugin.secret_key.map(Secret::into_inner),
            description: self.desc.or(name).unwrap_or_default(),
            standing: if plugin.meta.disable { Standing::Disabled } else { Standing::Enabled },
            expires: None,
        });
    }
}
