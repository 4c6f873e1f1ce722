//! Environment variables: those that SDKs read a profile from, and those that they are given one in.

use std::borrow::Cow;

use countersign::{AccessKeyId, AccessKeySecret};
use zeroize::Zeroizing;

use super::{Profile, SecurityToken, access_key_id};
use crate::error::ProfileError;

/// Whose programs an AccessKey is for: each family has variables and files of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// MaxCompute: `odps_config.ini`.
    Odps,
    /// Alibaba Cloud's SDKs and command line: `~/.aliyun/config.json`.
    AlibabaCloud,
    /// Alibaba Cloud OSS. It has variables of its own, and the rest in common with the others.
    Oss,
    /// AWS, and whatever speaks its protocols: `~/.aws`.
    Aws,
}

/// How an AccessKey is named in the environment. Any of several names will do; the first that is there counts.
struct Names {
    id: &'static [&'static str],
    secret: &'static [&'static str],
    token: &'static [&'static str],
}

const ODPS: Names = Names { id: &["ODPS_ACCESS_ID"], secret: &["ODPS_ACCESS_KEY"], token: &[] };
const ODPS_STS: Names = Names {
    id: &["ODPS_STS_ACCESS_KEY_ID"],
    secret: &["ODPS_STS_ACCESS_KEY_SECRET"],
    token: &["ODPS_STS_TOKEN"],
};
const ALIBABA_CLOUD: Names = Names {
    id: &["ALIBABA_CLOUD_ACCESS_KEY_ID"],
    secret: &["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
    token: &["ALIBABA_CLOUD_SECURITY_TOKEN"],
};
/// As the aliyun command line of some years reads them.
const ALIBABACLOUD: Names = Names {
    id: &["ALIBABACLOUD_ACCESS_KEY_ID"],
    secret: &["ALIBABACLOUD_ACCESS_KEY_SECRET"],
    token: &["ALIBABACLOUD_SECURITY_TOKEN"],
};
/// As Terraform's provider reads them, and older command lines.
const ALICLOUD: Names = Names {
    id: &["ALICLOUD_ACCESS_KEY", "ALICLOUD_ACCESS_KEY_ID"],
    secret: &["ALICLOUD_SECRET_KEY", "ALICLOUD_ACCESS_KEY_SECRET"],
    token: &["ALICLOUD_SECURITY_TOKEN"],
};
const OSS: Names =
    Names { id: &["OSS_ACCESS_KEY_ID"], secret: &["OSS_ACCESS_KEY_SECRET"], token: &["OSS_SESSION_TOKEN"] };
const AWS: Names = Names {
    id: &["AWS_ACCESS_KEY_ID"],
    secret: &["AWS_SECRET_ACCESS_KEY"],
    token: &["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"],
};
const EVERY: [&Names; 7] = [&ODPS, &ODPS_STS, &ALIBABA_CLOUD, &ALIBABACLOUD, &ALICLOUD, &OSS, &AWS];

const ALIBABA_CLOUD_REGION: [&str; 3] =
    ["ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION"];
const AWS_REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const ODPS_PROJECT: [&str; 2] = ["ODPS_PROJECT_NAME", "ODPS_PROJECT"];

/// What would send a program to another AccessKey than the one that it is given.
const ELSEWHERE: [&str; 15] = [
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_ECS_METADATA",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALIBABA_CLOUD_PROFILE",
    "ALIBABA_CLOUD_ROLE_ARN",
    "ALIBABACLOUD_PROFILE",
    "ALICLOUD_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "ODPS_BEARER_TOKEN",
];

impl Family {
    /// The family whose clients sign by a scheme. Of schemes that belong to nobody, the AccessKey is Countersign's own.
    pub fn of_scheme(name: &str) -> Self {
        match name {
            "acs-rpc" | "acs-roa" | "acs3" => Self::AlibabaCloud,
            "oss" | "oss2" | "oss4" => Self::Oss,
            "sigv4" => Self::Aws,
            _ => Self::Odps,
        }
    }

    /// Its ways to name an AccessKey, the more particular first.
    fn names(self) -> &'static [&'static Names] {
        match self {
            Self::Odps => &[&ODPS, &ODPS_STS, &ALIBABA_CLOUD],
            Self::AlibabaCloud => &[&ALIBABA_CLOUD, &ALIBABACLOUD, &ALICLOUD],
            Self::Oss => &[&OSS, &ALIBABA_CLOUD, &ALIBABACLOUD, &ALICLOUD],
            Self::Aws => &[&AWS],
        }
    }

    fn regions(self) -> &'static [&'static str] {
        match self {
            Self::Odps => &["ODPS_REGION_NAME"],
            Self::AlibabaCloud => &ALIBABA_CLOUD_REGION,
            Self::Oss => {
                &["OSS_REGION", "ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION"]
            }
            Self::Aws => &AWS_REGION,
        }
    }

    fn endpoint(self) -> Option<&'static str> {
        match self {
            Self::Odps => Some("ODPS_ENDPOINT"),
            Self::AlibabaCloud => None,
            Self::Oss => Some("OSS_ENDPOINT"),
            Self::Aws => Some("AWS_ENDPOINT_URL"),
        }
    }
}

impl Profile {
    /// Reads the environment as the programs of a family do, through `lookup`, which gives a variable's value.
    ///
    /// Of several ways to name an AccessKey the more particular goes first, each with its companions: for MaxCompute
    /// `ODPS_ACCESS_ID`, then PyODPS's `ODPS_STS_ACCESS_KEY_ID`, then `ALIBABA_CLOUD_ACCESS_KEY_ID`. An empty variable is
    /// none.
    ///
    /// # Errors
    ///
    /// [`ProfileError::AccessKeyId`], where a variable for an id holds none.
    pub fn from_env(
        family: Family,
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ProfileError> {
        let get = |name: &'static str| {
            let value = Zeroizing::new(lookup(name)?);
            Some(value.trim()).filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.to_owned()))
        };
        let first = |names: &[&'static str]| names.iter().find_map(|name| Some((*name, get(name)?)));
        let plain = |names: &[&'static str]| first(names).map(|(_, value)| String::from(value.as_str()));
        let mut profile = Self {
            endpoint: family.endpoint().and_then(|name| plain(&[name])),
            project: plain(if family == Family::Odps { &ODPS_PROJECT } else { &[] }),
            region: plain(family.regions()),
            ..Self::default()
        };
        for names in family.names() {
            let id = first(names.id).map(|(name, text)| access_key_id(name, &text)).transpose()?;
            // A security token by itself is what an earlier AccessKey has left behind.
            let token = id.as_ref().and_then(|_| first(names.token));
            profile = profile.or(Self {
                access_key_id: id,
                access_key_secret: first(names.secret).map(|(_, text)| AccessKeySecret::new(text.as_str())),
                security_token: token.map(|(_, text)| SecurityToken::new(text.as_str())),
                ..Self::default()
            });
        }
        Ok(profile)
    }
}

/// What becomes of a variable for a program that is given a profile: its new value, or none where it is taken away.
pub type Variable = (&'static str, Option<Zeroizing<String>>);

/// The environment that gives a profile to a program, whichever of the families' SDKs it uses.
///
/// The AccessKey goes by every name. What the profile does not say of itself, such as a region, is left as the program
/// would find it; but what belongs to another AccessKey, or would lead to one, is taken away.
pub fn environment(profile: &Profile) -> Vec<Variable> {
    let mut variables = Vec::new();
    let secret = |text: &str| Some(Zeroizing::new(text.to_owned()));
    let id = profile.access_key_id.as_ref().map(AccessKeyId::as_str);
    let key = profile.access_key_secret.as_ref().map(AccessKeySecret::expose);
    let token = profile.security_token.as_ref().map(SecurityToken::expose);
    for names in EVERY {
        // PyODPS takes a temporary AccessKey by names of its own, and only a temporary one.
        let temporary = std::ptr::eq(names, &ODPS_STS);
        let fits = token.is_some() || !temporary;
        for (names, value) in [(names.id, id), (names.secret, key), (names.token, token)] {
            variables.extend(names.iter().map(|name| (*name, value.filter(|_| fits).and_then(secret))));
        }
    }
    variables.extend(ELSEWHERE.map(|name| (name, None)));

    let mut tell = |names: &[&'static str], value: Option<Cow<'_, str>>| {
        if let Some(value) = value {
            variables.extend(names.iter().map(|name| (*name, secret(&value))));
        }
    };
    tell(&["ODPS_ENDPOINT"], profile.endpoint.as_deref().map(Cow::from));
    tell(&ODPS_PROJECT, profile.project.as_deref().map(Cow::from));
    // Only MaxCompute's clients keep to a path below which all is.
    let origin = profile.endpoint.as_deref().map(origin);
    tell(&["AWS_ENDPOINT_URL", "OSS_ENDPOINT"], origin);
    let region = profile.region.as_deref().map(Cow::from);
    tell(&["ODPS_REGION_NAME", "OSS_REGION"], region.clone());
    tell(&ALIBABA_CLOUD_REGION, region.clone());
    tell(&AWS_REGION, region);
    variables
}

/// `http://host:1` of `http://host:1/api`.
fn origin(endpoint: &str) -> Cow<'_, str> {
    let begin = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint.get(begin..).and_then(|rest| rest.find('/')).map(|at| begin + at);
    Cow::from(end.and_then(|end| endpoint.get(..end)).unwrap_or(endpoint))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::profile::tests::{key, told};

    fn env(family: Family, variables: &[(&str, &str)]) -> Result<Profile, ProfileError> {
        Profile::from_env(family, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_is_empty_is_not_said() {
        let empty = env(Family::Odps, &[("ODPS_ACCESS_ID", ""), ("ODPS_ENDPOINT", "  ")]).unwrap();
        assert_eq!(told(&empty), [None; 7]);
    }

    #[test]
    fn a_security_token_that_is_left_behind_joins_no_other_access_key() {
        let left = env(Family::Odps, &[("ODPS_STS_TOKEN", "t"), ("ODPS_ENDPOINT", "e")]).unwrap();
        assert_eq!(told(&left.or(key("a", "s", "")))[..4], [Some("e"), Some("a"), Some("s"), None]);
    }

    #[test]
    fn no_error_repeats_a_value() {
        let error = env(Family::Odps, &[("ALIBABA_CLOUD_ACCESS_KEY_ID", "swapped/secret")]).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("swapped"), "{error:?}");
        let error = env(Family::Aws, &[("AWS_ACCESS_KEY_ID", "swapped/secret")]).unwrap_err();
        assert_eq!(error.to_string(), "`AWS_ACCESS_KEY_ID` holds no AccessKey id");
    }

    #[test]
    fn the_environment_is_read_as_the_sdks_name_it() {
        let profile = env(
            Family::Odps,
            &[
                ("ODPS_ENDPOINT", " http://h/api "),
                ("ODPS_PROJECT", "older"),
                ("ODPS_PROJECT_NAME", "p"),
                ("ODPS_REGION_NAME", "r"),
                ("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.a"),
                ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", " s\n"),
                ("ALIBABA_CLOUD_SECURITY_TOKEN", "t"),
            ],
        );
        let expected =
            [Some("http://h/api"), Some("STS.a"), Some("s"), Some("t"), Some("p"), Some("r"), None];
        assert_eq!(told(&profile.unwrap()), expected);
        let profile = env(
            Family::Aws,
            &[
                ("AWS_ACCESS_KEY_ID", "AKIA1"),
                ("AWS_SECRET_ACCESS_KEY", "s"),
                ("AWS_SESSION_TOKEN", "t"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_ENDPOINT_URL", "http://h:1"),
                ("ALIBABA_CLOUD_ACCESS_KEY_ID", "other"),
            ],
        );
        let expected =
            [Some("http://h:1"), Some("AKIA1"), Some("s"), Some("t"), None, Some("us-east-1"), None];
        assert_eq!(told(&profile.unwrap()), expected);
        let profile = env(
            Family::AlibabaCloud,
            &[("ALICLOUD_ACCESS_KEY", "L"), ("ALICLOUD_SECRET_KEY", "s"), ("ALICLOUD_REGION", "cn-beijing")],
        );
        let expected = [None, Some("L"), Some("s"), None, None, Some("cn-beijing"), None];
        assert_eq!(told(&profile.unwrap()), expected);
    }

    #[test]
    fn the_more_particular_variables_go_first_and_whole() {
        let mut variables = vec![
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "a"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a-secret"),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", "a-token"),
        ];
        let cases = [
            (Family::Odps, "ODPS_STS_ACCESS_KEY_ID", "ODPS_STS_ACCESS_KEY_SECRET", ["b", "b-secret"]),
            (Family::Odps, "ODPS_ACCESS_ID", "ODPS_ACCESS_KEY", ["c", "c-secret"]),
            (Family::Oss, "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", ["d", "d-secret"]),
        ];
        for (family, id, secret, expected) in cases {
            variables.extend([(id, expected[0]), (secret, expected[1])]);
            let profile = env(family, &variables).unwrap();
            assert_eq!(told(&profile)[1..4], [Some(expected[0]), Some(expected[1]), None]);
        }
    }

    #[test]
    fn a_program_finds_the_profile_again_in_every_family() {
        for token in ["", "token"] {
            let given = Profile {
                endpoint: Some("http://h:8640/api".to_owned()),
                project: Some("demo".to_owned()),
                region: Some("cn-hangzhou".to_owned()),
                ..key("CSAK1", "secret", token)
            };
            let variables: HashMap<_, _> = environment(&given).into_iter().collect();
            for family in [Family::Odps, Family::AlibabaCloud, Family::Oss, Family::Aws] {
                let found = Profile::from_env(family, |name| {
                    variables.get(name).cloned().flatten().map(|value| value.to_string())
                });
                let found = found.unwrap();
                assert_eq!(told(&found)[1..4], told(&given)[1..4], "{family:?}");
                assert_eq!(found.region, given.region, "{family:?}");
            }
            assert_eq!(variables["ODPS_ENDPOINT"].as_ref().unwrap().as_str(), "http://h:8640/api");
            assert_eq!(variables["AWS_ENDPOINT_URL"].as_ref().unwrap().as_str(), "http://h:8640");
            // What another AccessKey has left there is taken away, or PyODPS would take the one for the other.
            assert_eq!(variables["ODPS_STS_TOKEN"].is_some(), !token.is_empty());
            assert!(variables["AWS_PROFILE"].is_none());
            assert_eq!(variables["AWS_SESSION_TOKEN"].is_some(), !token.is_empty());
        }
        // What a profile does not say is left alone.
        let names: Vec<_> = environment(&key("a", "s", "")).into_iter().map(|(name, _)| name).collect();
        assert!(!names.contains(&"AWS_REGION") && !names.contains(&"ODPS_ENDPOINT"), "{names:?}");
    }

    #[test]
    fn no_variable_stands_twice() {
        let given = Profile { endpoint: Some("e".to_owned()), ..key("a", "s", "t") };
        let mut names: Vec<_> = environment(&given).into_iter().map(|(name, _)| name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
