//! Profiles of AWS: `~/.aws/credentials` and `~/.aws/config`, of which the first goes before.
//!
//! Both are sections of `name = value`. In `config` a section is called `[profile NAME]`, but for `[default]`. Keys that
//! stand there are read; a profile that names a role, a program or a single sign-on instead has none that could be read
//! here. Indented lines are settings of a setting, and passed over.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Format of the shared config and credentials files".

use std::collections::HashMap;
use std::path::Path;

use countersign::AccessKeySecret;
use zeroize::Zeroizing;

use super::{Loaded, Profile, SecurityToken, access_key_id, file};
use crate::error::{ProfileError, Warning};

/// What a profile says that has no key of its own.
const OTHER_WAYS: [&str; 7] = [
    "credential_process",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
    "credential_source",
    "source_profile",
    "role_arn",
];

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Credentials,
    Config,
}

impl Profile {
    /// Reads a profile, `default` where none is named, of the two files where they are. One of them is enough.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], where a file cannot be read, or neither has such a profile.
    pub fn open_aws(credentials: &Path, config: &Path, name: Option<&str>) -> Result<Loaded, ProfileError> {
        let mut known = Vec::new();
        let mut open = |path: &Path, kind| match file::open(path, |bytes| read(bytes, kind, name, &mut known))
        {
            // Which are there is told at the end.
            Err(ProfileError::InFile { source, .. })
                if matches!(*source, ProfileError::NoSuchProfile { .. }) =>
            {
                Ok(None)
            }
            Err(ProfileError::Unreadable { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound && kind == Kind::Config =>
            {
                Ok(None)
            }
            other => other.map(Some),
        };
        let from_config = open(config, Kind::Config)?;
        let from_credentials = match open(credentials, Kind::Credentials) {
            Err(ProfileError::Unreadable { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound && from_config.is_some() =>
            {
                None
            }
            other => other?,
        };
        let (Some(upper), lower) = (match (from_credentials, from_config) {
            (None, lower) => (lower, None),
            (upper, lower) => (upper, lower),
        }) else {
            known.sort();
            known.dedup();
            return Err(ProfileError::NoSuchProfile { name: name.unwrap_or("default").to_owned(), known });
        };
        let mut warnings = upper.warnings;
        warnings.extend(lower.iter().flat_map(|lower| lower.warnings.clone()));
        let profile = upper.profile.or(lower.map(|lower| lower.profile).unwrap_or_default());
        if profile.access_key_secret.is_some() {
            warnings.retain(|warning| !matches!(warning, Warning::NoAccessKey { .. }));
        }
        Ok(Loaded { profile, warnings })
    }

    /// Reads the text of a `~/.aws/credentials`.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], where it cannot be read or has no such profile.
    pub fn read_aws_credentials(bytes: &[u8], name: Option<&str>) -> Result<Loaded, ProfileError> {
        read(bytes, Kind::Credentials, name, &mut Vec::new())
    }

    /// Reads the text of a `~/.aws/config`.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], where it cannot be read or has no such profile.
    pub fn read_aws_config(bytes: &[u8], name: Option<&str>) -> Result<Loaded, ProfileError> {
        read(bytes, Kind::Config, name, &mut Vec::new())
    }
}

fn read(
    bytes: &[u8],
    kind: Kind,
    name: Option<&str>,
    known: &mut Vec<String>,
) -> Result<Loaded, ProfileError> {
    let name = name.unwrap_or("default");
    let mut sections = sections(file::text(bytes)?, kind)?;
    known.extend(sections.keys().map(|name| (*name).to_owned()));
    let Some(section) = sections.remove(name) else {
        let mut known: Vec<_> = sections.into_keys().map(str::to_owned).collect();
        known.sort();
        return Err(ProfileError::NoSuchProfile { name: name.to_owned(), known });
    };
    let get = |name: &str| section.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty());
    let plain = |name: &str| get(name).map(str::to_owned);
    let mut warnings = Vec::new();
    if get("aws_secret_access_key").is_none()
        && let Some(by) = OTHER_WAYS.into_iter().find(|way| get(way).is_some())
    {
        warnings.push(Warning::NoAccessKey { profile: name.to_owned(), by });
    }
    let profile = Profile {
        endpoint: plain("endpoint_url"),
        access_key_id: get("aws_access_key_id")
            .map(|id| access_key_id("aws_access_key_id", id))
            .transpose()?,
        access_key_secret: get("aws_secret_access_key").map(AccessKeySecret::new),
        security_token: get("aws_session_token").map(SecurityToken::new),
        region: plain("region"),
        ..Profile::default()
    };
    Ok(Loaded { profile, warnings })
}

/// The settings of a profile, by their names in lower case.
type Section = HashMap<String, Zeroizing<String>>;

/// The profiles in a text. A profile that begins several times is one; of two equal settings the last counts.
fn sections(text: &str, kind: Kind) -> Result<HashMap<&str, Section>, ProfileError> {
    let mut sections: HashMap<&str, Section> = HashMap::new();
    // None: in a section that is no profile.
    let mut current: Option<&str> = None;
    let mut begun = false;
    for (number, line) in (1..).zip(text.lines()) {
        let indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if !indented && let Some(rest) = line.strip_prefix('[') {
            let (inside, _) = rest.split_once(']').ok_or(ProfileError::Line { line: number })?;
            current = profile_name(inside.trim(), kind);
            begun = true;
            if let Some(name) = current {
                sections.entry(name).or_default();
            }
            continue;
        }
        if indented && begun {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(ProfileError::Line { line: number })?;
        if !begun {
            return Err(ProfileError::Line { line: number });
        }
        if let Some(section) = current.and_then(|current| sections.get_mut(current)) {
            let value = Zeroizing::new(without_comment(value).trim().to_owned());
            section.insert(name.trim().to_ascii_lowercase(), value);
        }
    }
    Ok(sections)
}

/// The profile that a section is of, if it is of one.
fn profile_name(section: &str, kind: Kind) -> Option<&str> {
    let name = match kind {
        Kind::Credentials => section,
        Kind::Config if section == "default" => section,
        Kind::Config => section.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']))?,
    };
    Some(name.trim().trim_matches(['"', '\'']))
}

/// A value up to a comment, which begins behind a blank.
fn without_comment(value: &str) -> &str {
    let marks = [" #", " ;", "\t#", "\t;"];
    let end = marks.into_iter().filter_map(|mark| value.find(mark)).min();
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::told;

    const CREDENTIALS: &str = "# mine\n[default]\naws_access_key_id = AKIA1\nAWS_SECRET_ACCESS_KEY=a/b+c= ; rotate me\n\n\
        [ temporary ]\r\naws_access_key_id=ASIA1\r\naws_secret_access_key=s2\r\naws_session_token=t=2==\r\n";
    const CONFIG: &str = "[default]\nregion = eu-central-1 # near\ns3 =\n  max_concurrent_requests = 20\n\
        [profile temporary]\nregion=us-east-1\nendpoint_url = http://127.0.0.1:8640\n\
        [profile 'sso one']\nsso_session = s\nregion=eu-west-1\n[sso-session s]\nsso_region = eu-west-1\nnot a pair = x\n\
        [profile own]\naws_access_key_id=AKIA9\naws_secret_access_key=s9\n";

    fn files(name: Option<&str>) -> Result<Loaded, ProfileError> {
        let folder = tempfile::tempdir().unwrap();
        let (credentials, config) = (folder.path().join("credentials"), folder.path().join("config"));
        std::fs::write(&credentials, CREDENTIALS).unwrap();
        std::fs::write(&config, CONFIG).unwrap();
        Profile::open_aws(&credentials, &config, name)
    }

    #[test]
    fn keys_and_region_come_from_two_files() {
        let cases = [
            (None, [None, Some("AKIA1"), Some("a/b+c="), None, None, Some("eu-central-1"), None]),
            (
                Some("temporary"),
                [
                    Some("http://127.0.0.1:8640"),
                    Some("ASIA1"),
                    Some("s2"),
                    Some("t=2=="),
                    None,
                    Some("us-east-1"),
                    None,
                ],
            ),
            (Some("own"), [None, Some("AKIA9"), Some("s9"), None, None, None, None]),
        ];
        for (name, expected) in cases {
            assert_eq!(told(&files(name).unwrap().profile), expected, "{name:?}");
        }
    }

    #[test]
    fn a_profile_without_an_access_key_of_its_own_says_so() {
        let loaded = files(Some("sso one")).unwrap();
        assert_eq!(loaded.profile.region.as_deref(), Some("eu-west-1"));
        assert_eq!(
            loaded.warnings[0].to_string(),
            "the profile `sso one` has no AccessKey of its own: it gets one by `sso_session`, which is not done here"
        );
    }

    #[test]
    fn one_file_is_enough_and_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (here, nowhere) = (folder.path().join("here"), folder.path().join("nowhere"));
        std::fs::write(&here, "[default]\naws_access_key_id=AKIA1\naws_secret_access_key=s\n").unwrap();
        for (credentials, config) in [(&here, &nowhere), (&nowhere, &here)] {
            let profile = Profile::open_aws(credentials, config, None).unwrap().profile;
            assert_eq!(told(&profile)[1..3], [Some("AKIA1"), Some("s")]);
        }
        let error = Profile::open_aws(&nowhere, &nowhere, None).unwrap_err().to_string();
        assert_eq!(error, format!("cannot read the profile `{}`", nowhere.display()));
        let error = files(Some("nobody")).unwrap_err().to_string();
        assert_eq!(error, "there is no profile `nobody`: there are `default`, `own`, `sso one`, `temporary`");
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        for text in ["[default]\nhunter2\n", "[default\nx=y", "hunter2=1\n[default]"] {
            let error = Profile::read_aws_credentials(text.as_bytes(), None).unwrap_err();
            assert!(matches!(error, ProfileError::Line { .. }), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        let error = Profile::read_aws_credentials(b"[default]\naws_access_key_id=swapped/secret", None);
        assert!(!format!("{:?}", error.unwrap_err()).contains("swapped"));
    }

    #[test]
    fn no_bytes_bring_it_down() {
        let mut state = 1u64;
        for _ in 0..20_000 {
            let text: String = (0..12)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let choices = ['[', ']', '=', '#', ';', ' ', '\t', '\n', '\r', 'a', '"', 'é'];
                    choices[usize::try_from(state >> 33).unwrap() % choices.len()]
                })
                .collect();
            _ = Profile::read_aws_config(text.as_bytes(), None);
            _ = Profile::read_aws_credentials(text.as_bytes(), Some("a"));
        }
    }
}
