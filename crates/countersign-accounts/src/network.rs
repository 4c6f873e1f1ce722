//! Source networks: where an AccessKey may be used from.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

/// How many networks one AccessKey may have.
pub const MOST_NETWORKS: usize = 20;

/// A network, such as `192.0.2.0/24` or `2001:db8::/32`.
///
/// It is kept in one form: the bits behind the prefix are zero, and a network of IPv4 addresses that is written as one of
/// IPv6 is one of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

/// The networks from which an AccessKey may be used, [`MOST_NETWORKS`] at most, in an order of their own and each once.
/// None means that it may be used from anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Networks(Box<[Network]>);

/// Why texts are not the networks of an AccessKey.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("`{0}` is not a network: write an address such as 192.0.2.7, or a network such as 192.0.2.0/24")]
    Unreadable(String),
    #[error("an AccessKey has at most {MOST_NETWORKS} source networks")]
    TooMany,
}

impl Network {
    /// Takes an address, or an address and the length of a prefix.
    pub fn new(text: &str) -> Result<Self, NetworkError> {
        let unreadable = || NetworkError::Unreadable(text.chars().take(64).collect());
        let trimmed = text.trim();
        let net: IpNet = match trimmed.parse::<IpAddr>() {
            Ok(address) => address.into(),
            Err(_) => trimmed.parse().map_err(|_| unreadable())?,
        };
        let IpNet::V6(v6) = net.trunc() else { return Ok(Self(net.trunc())) };
        let Some(v4) = v6.addr().to_ipv4_mapped() else { return Ok(Self(v6.into())) };
        // One that is wider than the IPv4 addresses in it is not meant by anybody.
        let prefix = v6.prefix_len().checked_sub(96).ok_or_else(unreadable)?;
        Ok(Self(Ipv4Net::new(v4, prefix).map_err(|_| unreadable())?.into()))
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Networks {
    /// Takes texts as networks; empty ones are passed over.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, NetworkError> {
        let mut networks = Vec::new();
        for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
            networks.push(Network::new(text)?);
        }
        networks.sort_unstable();
        networks.dedup();
        if networks.len() > MOST_NETWORKS {
            return Err(NetworkError::TooMany);
        }
        Ok(Self(networks.into()))
    }

    /// Reads the text of a row or a form: networks with blanks, commas or line ends between.
    pub fn from_text(text: &str) -> Result<Self, NetworkError> {
        Self::new(text.split([' ', ',', '\t', '\r', '\n']))
    }

    /// Whether any address will do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an AccessKey with these networks may be used from an address. One that is not known is in no network.
    pub fn allow(&self, address: Option<IpAddr>) -> bool {
        self.is_empty()
            || address.is_some_and(|address| self.0.iter().any(|network| network.contains(address)))
    }

    /// The networks.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        self.0.iter()
    }
}

/// For a row: networks with a blank between.
impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, network) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            network.fmt(f)?;
        }
        Ok(())
    }
}

impl TryFrom<Vec<String>> for Networks {
    type Error = NetworkError;
    fn try_from(texts: Vec<String>) -> Result<Self, NetworkError> {
        Self::new(texts.iter().map(String::as_str))
    }
}

impl From<Networks> for Vec<String> {
    fn from(networks: Networks) -> Self {
        networks.0.iter().map(Network::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Networks {
        Networks::from_text(text).unwrap()
    }

    #[test]
    fn networks_have_one_form() {
        for (text, form) in [
            ("192.0.2.7", "192.0.2.7/32"),
            (" 192.0.2.7/24 ", "192.0.2.0/24"),
            ("2001:DB8:0::1/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::/32, 10.0.0.0/8\n10.0.0.1/8,", "10.0.0.0/8 2001:db8::/32"),
            ("", ""),
        ] {
            assert_eq!(of(text).to_string(), form, "{text:?}");
            assert_eq!(of(form), of(text));
        }
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for text in ["192.0.2", "192.0.2.0/33", "::/129", "example.com", "10.0.0.0/-1", "10.0.0.0/8/8", "\0"]
        {
            assert!(Networks::from_text(text).is_err(), "{text:?}");
        }
        let many: Vec<_> = (0..21).map(|n| format!("10.0.{n}.0/24")).collect();
        assert_eq!(Networks::from_text(&many.join(" ")), Err(NetworkError::TooMany));
        assert!(Networks::from_text(&many[..20].join(" ")).is_ok());
    }

    #[test]
    fn an_address_is_in_a_network_or_not() {
        let networks = of("192.0.2.0/24 2001:db8::/32");
        for (address, inside) in [
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("::ffff:192.0.2.1", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(networks.allow(Some(address.parse().unwrap())), inside, "{address}");
        }
        assert!(!networks.allow(None), "an address that nobody knows is in none");
        assert!(of("").allow(None));
        let everything = of("0.0.0.0/0");
        assert!(everything.allow(Some("1.2.3.4".parse().unwrap())));
        assert!(!everything.allow(Some("::1".parse().unwrap())));
    }
}
