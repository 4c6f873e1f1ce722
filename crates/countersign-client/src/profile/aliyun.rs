//! Profiles of Alibaba Cloud's command line: `~/.aliyun/config.json`.
//!
//! The file holds any number of profiles and the name of the current one. Of those that it calls `AK` and `StsToken` the
//! AccessKey stands in the file; the others ask somebody for one, which is not done here.
//!
//! Source: aliyun-cli, `config/configuration.go` and `config/profile.go`.

use std::path::Path;

use countersign::AccessKeySecret;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use zeroize::Zeroizing;

use super::{Loaded, Profile, SecurityToken, access_key_id, file};
use crate::error::{ProfileError, Warning};

/// The ways to get an AccessKey that a profile may name. What is none of them is not repeated: a secret may have slipped
/// there.
const MODES: [&str; 10] = [
    "RamRoleArn",
    "EcsRamRole",
    "RsaKeyPair",
    "RamRoleArnWithRoleName",
    "ChainableRamRoleArn",
    "External",
    "CredentialsURI",
    "OIDC",
    "CloudSSO",
    "OAuth",
];

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    access_key_id: Secret,
    #[serde(default)]
    access_key_secret: Secret,
    #[serde(default)]
    sts_token: Secret,
    #[serde(default)]
    region_id: String,
}

/// A text that is wiped. The id is one too, for who swapped it with the secret.
#[derive(Default)]
struct Secret(Zeroizing<String>);

impl Profile {
    /// Reads a profile of an aliyun `config.json`, the current one where none is named.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], where the file cannot be read or has no such profile.
    pub fn open_aliyun_config(path: &Path, name: Option<&str>) -> Result<Loaded, ProfileError> {
        file::open(path, |bytes| Self::read_aliyun_config(bytes, name))
    }

    /// Reads the text of an aliyun `config.json`.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], where it cannot be read or has no such profile.
    pub fn read_aliyun_config(bytes: &[u8], name: Option<&str>) -> Result<Loaded, ProfileError> {
        let text = file::text(bytes)?;
        let read: Configuration = serde_json::from_str(text).map_err(|error| {
            // Line and column only: the text around them may hold a secret.
            ProfileError::Json { line: error.line(), column: error.column() }
        })?;
        let name = name.unwrap_or(if read.current.is_empty() { "default" } else { &read.current });
        let Some(entry) = read.profiles.iter().find(|entry| entry.name == name) else {
            let known = read.profiles.iter().map(|entry| entry.name.clone()).collect();
            return Err(ProfileError::NoSuchProfile { name: name.to_owned(), known });
        };
        entry.profile()
    }
}

impl Entry {
    fn profile(&self) -> Result<Loaded, ProfileError> {
        let place = Profile {
            region: Some(self.region_id.trim().to_owned()).filter(|region| !region.is_empty()),
            ..Profile::default()
        };
        let with_token = match self.mode.as_str() {
            "" | "AK" => false,
            "StsToken" => true,
            mode => {
                let by = MODES.into_iter().find(|known| *known == mode).unwrap_or("another mode");
                let warning = Warning::NoAccessKey { profile: self.name.clone(), by };
                return Ok(Loaded { profile: place, warnings: vec![warning] });
            }
        };
        let id = self.access_key_id.given();
        let profile = Profile {
            access_key_id: id.map(|id| access_key_id("access_key_id", id)).transpose()?,
            access_key_secret: self.access_key_secret.given().map(AccessKeySecret::new),
            // What an earlier mode has left there does not belong to a lasting AccessKey.
            security_token: self.sts_token.given().filter(|_| with_token).map(SecurityToken::new),
            ..place
        };
        Ok(Loaded { profile, warnings: Vec::new() })
    }
}

impl Secret {
    fn given(&self) -> Option<&str> {
        Some(self.0.trim()).filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret(Zeroizing::new(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::told;

    const FILE: &str = r#"{
        "current": "work",
        "profiles": [
            { "name": "default", "mode": "AK", "access_key_id": "LTAI1", "access_key_secret": "s1", "sts_token": "old",
              "region_id": "cn-hangzhou", "output_format": "json", "language": "en", "site": "" },
            { "name": "work", "mode": "StsToken", "access_key_id": "STS.a", "access_key_secret": "s\u002f2",
              "sts_token": "token", "region_id": "" },
            { "name": "role", "mode": "EcsRamRole", "ram_role_name": "r", "region_id": "cn-beijing" },
            { "name": "odd", "mode": "hunter2" },
            { "name": "swapped", "mode": "AK", "access_key_id": "swapped/secret", "access_key_secret": "LTAI1" }
        ],
        "meta_path": ""
    }"#;

    fn read(name: Option<&str>) -> Result<Loaded, ProfileError> {
        Profile::read_aliyun_config(FILE.as_bytes(), name)
    }

    #[test]
    fn the_current_profile_is_read_or_the_one_that_is_named() {
        let current = read(None).unwrap().profile;
        assert_eq!(told(&current), [None, Some("STS.a"), Some("s/2"), Some("token"), None, None, None]);
        let default = read(Some("default")).unwrap().profile;
        assert_eq!(told(&default), [None, Some("LTAI1"), Some("s1"), None, None, Some("cn-hangzhou"), None]);
    }

    #[test]
    fn a_profile_without_an_access_key_of_its_own_says_so() {
        let role = read(Some("role")).unwrap();
        assert_eq!(role.profile.region.as_deref(), Some("cn-beijing"));
        assert_eq!(
            role.warnings[0].to_string(),
            "the profile `role` has no AccessKey of its own: it gets one by `EcsRamRole`, which is not done here"
        );
        let odd = read(Some("odd")).unwrap();
        assert!(!odd.warnings[0].to_string().contains("hunter2"), "{:?}", odd.warnings);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_text_around_it() {
        let error = read(Some("nobody")).unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no profile `nobody`: there are `default`, `work`, `role`, `odd`, `swapped`"
        );
        let error = read(Some("swapped")).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("swapped/"), "{error:?}");
        for (text, expected) in [
            ("{\n\"current\": hunter2", "it is not JSON, or not that of a profile: see line 2, column 12"),
            (
                "{\"profiles\": [{\"access_key_secret\": 17}]}",
                "it is not JSON, or not that of a profile: see line 1, column 38",
            ),
        ] {
            let error = Profile::read_aliyun_config(text.as_bytes(), None).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let empty = Profile::read_aliyun_config(b"{}", None).unwrap_err().to_string();
        assert_eq!(empty, "there is no profile `default`: there are none");
        assert!(matches!(Profile::read_aliyun_config(b"\xff\xfe{\0", None), Err(ProfileError::Utf16)));
        assert!(matches!(Profile::read_aliyun_config(b"{\"\xff\"", None), Err(ProfileError::NotUtf8)));
    }
}
