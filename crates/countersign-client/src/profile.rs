//! Where to call and with which AccessKey, as people have it on their machines already.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use countersign::{AccessKeyId, AccessKeySecret};
use zeroize::Zeroizing;

use crate::error::{ProfileError, Warning};
use crate::properties::{self, Properties, write_line};

/// Where to call, and as whom. Everything is optional, since each layer may say a part of it.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub endpoint: Option<String>,
    pub access_key_id: Option<AccessKeyId>,
    pub access_key_secret: Option<AccessKeySecret>,
    /// Accompanies a temporary AccessKey.
    pub security_token: Option<SecurityToken>,
    pub project: Option<String>,
    /// With a region, clients sign in version 4.
    pub region: Option<String>,
    /// What stands for `aliyun` in signatures of version 4 on private clouds.
    pub signature_v4_corporation: Option<String>,
}

/// The security token of a temporary AccessKey: wiped when dropped, and never printed.
#[derive(Clone)]
pub struct SecurityToken(Zeroizing<Box<str>>);

impl SecurityToken {
    /// Takes a text as a security token.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The token as text. Whoever calls this keeps it out of logs, errors and listings.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecurityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A profile that was read, and what its owner should know of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub profile: Profile,
    pub warnings: Vec<Warning>,
}

/// The environment variables that [`Profile::from_env`] asks for.
pub const VARIABLES: &[&str] = &[
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ODPS_ACCESS_ID",
    "ODPS_ACCESS_KEY",
    "ODPS_ENDPOINT",
    "ODPS_PROJECT",
    "ODPS_PROJECT_NAME",
    "ODPS_REGION_NAME",
    "ODPS_STS_ACCESS_KEY_ID",
    "ODPS_STS_ACCESS_KEY_SECRET",
    "ODPS_STS_TOKEN",
];

impl Profile {
    /// Reads a file in the form of odpscmd's `odps_config.ini`.
    ///
    /// A file that holds a secret and is open to others is warned of, not refused: odpscmd itself leaves it so.
    pub fn open_odps_config(path: &Path) -> Result<Loaded, ProfileError> {
        let unreadable = |source| ProfileError::Unreadable { path: path.into(), source };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;

        // One byte more than is allowed, so that a longer file is seen to be one. Reserved whole, as a buffer that
        // grows leaves copies of the secret behind.
        let most = properties::MAX_LEN + 1;
        let expected = usize::try_from(metadata.len()).unwrap_or(most).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(most)));
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;

        let mut loaded = Self::read_odps_config(&bytes)
            .map_err(|source| ProfileError::InFile { path: path.into(), source: Box::new(source) })?;
        let secret = loaded.profile.access_key_secret.is_some() || loaded.profile.security_token.is_some();
        if let Some(mode) = open_to_others(&metadata).filter(|_| secret) {
            loaded.warnings.push(Warning::OpenToOthers { path: path.into(), mode });
        }
        Ok(loaded)
    }

    /// Reads the text of an `odps_config.ini`. Keys that are not asked for here are passed over, as are empty values.
    pub fn read_odps_config(bytes: &[u8]) -> Result<Loaded, ProfileError> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(ProfileError::Utf16);
        }
        let mut warnings = Vec::new();
        let mut text = bytes;
        if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
            text = rest;
            warnings.push(Warning::ByteOrderMark);
        }
        let properties = properties::load(text)?;
        let get = |key| value(&properties, key);
        let profile = Self {
            endpoint: get("end_point").map(String::from),
            access_key_id: get("access_id").map(|text| access_key_id("access_id", text)).transpose()?,
            access_key_secret: get("access_key").map(AccessKeySecret::new),
            security_token: get("sts_token").map(SecurityToken::new),
            project: get("project_name").map(String::from),
            region: get("region_id").map(String::from),
            signature_v4_corporation: get("signature_v4_corporation").map(String::from),
        };
        Ok(Loaded { profile, warnings })
    }

    /// Reads the environment, through `lookup`, which gives a variable's value.
    ///
    /// Of three ways to name an AccessKey the more particular goes first: `ODPS_ACCESS_ID`, then PyODPS's
    /// `ODPS_STS_ACCESS_KEY_ID`, then `ALIBABA_CLOUD_ACCESS_KEY_ID`, each with its companions. An empty variable is none.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ProfileError> {
        let get = |name: &str| {
            let value = Zeroizing::new(lookup(name)?);
            Some(value.trim()).filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.to_owned()))
        };
        let credential = |id: &'static str, secret: &str, token: Option<&str>| {
            Ok::<_, ProfileError>(Self {
                access_key_id: get(id).map(|text| access_key_id(id, &text)).transpose()?,
                access_key_secret: get(secret).map(|text| AccessKeySecret::new(text.as_str())),
                security_token: token.and_then(get).map(|text| SecurityToken::new(text.as_str())),
                ..Self::default()
            })
        };
        let plain = |name: &str| get(name).map(|value| String::from(value.as_str()));
        let place = Self {
            endpoint: plain("ODPS_ENDPOINT"),
            project: plain("ODPS_PROJECT_NAME").or_else(|| plain("ODPS_PROJECT")),
            region: plain("ODPS_REGION_NAME"),
            ..Self::default()
        };
        let odps = credential("ODPS_ACCESS_ID", "ODPS_ACCESS_KEY", None)?;
        let sts = credential("ODPS_STS_ACCESS_KEY_ID", "ODPS_STS_ACCESS_KEY_SECRET", Some("ODPS_STS_TOKEN"))?;
        let alibaba_cloud = credential(
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            Some("ALIBABA_CLOUD_SECURITY_TOKEN"),
        )?;
        Ok(place.or(odps).or(sts).or(alibaba_cloud))
    }

    /// This profile, and where it is silent the other: `flags.or(environment).or(file)`.
    ///
    /// Id, secret and security token are never gathered from different AccessKeys, as such a mixture is only ever
    /// refused. So of these three the other is heard if it names the same id; or, while this one lacks id or secret, if
    /// one of the two names no id.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let joins = match (&self.access_key_id, &other.access_key_id) {
            (Some(id), Some(other)) => id == other,
            _ => self.access_key_id.is_none() || self.access_key_secret.is_none(),
        };
        Self {
            endpoint: self.endpoint.or(other.endpoint),
            access_key_id: self.access_key_id.or(other.access_key_id),
            access_key_secret: self.access_key_secret.or(other.access_key_secret.filter(|_| joins)),
            security_token: self.security_token.or(other.security_token.filter(|_| joins)),
            project: self.project.or(other.project),
            region: self.region.or(other.region),
            signature_v4_corporation: self.signature_v4_corporation.or(other.signature_v4_corporation),
        }
    }
}

/// Writes a complete `odps_config.ini` with which odpscmd signs in as it is: its four keys, and what else the profile
/// says. A key of the four that the profile does not have is left empty, to be filled in.
///
/// The text is ASCII. Blanks around a value do not survive, since odpscmd drops them when it reads.
pub fn write_odps_config(profile: &Profile) -> Zeroizing<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let endpoint = text(&profile.endpoint);
    let project = text(&profile.project);
    let id = profile.access_key_id.as_ref().map_or("", AccessKeyId::as_str);
    let secret = profile.access_key_secret.as_ref().map_or("", AccessKeySecret::expose);
    let token = profile.security_token.as_ref().map_or("", SecurityToken::expose);
    let region = text(&profile.region);
    let corporation = text(&profile.signature_v4_corporation);

    // An escape makes six characters of one at most: reserved whole, so that no half-written copy is left behind.
    let values = [&endpoint, &project, id, secret, token, &region, &corporation].map(str::len);
    let mut out = Zeroizing::new(String::with_capacity(1024 + 6 * values.iter().sum::<usize>()));

    out.push_str("# For odpscmd: save as conf/odps_config.ini, or name it with --config=FILE.\n");
    out.push_str("# It holds a secret, so let nobody else read it: chmod 600.\n\n");
    out.push_str("# The project that commands are about.\n");
    write_line(&mut out, "project_name", &project);
    out.push_str("# Who signs them. A backslash in a value is written twice.\n");
    write_line(&mut out, "access_id", id);
    write_line(&mut out, "access_key", secret);
    if !token.is_empty() {
        out.push_str("# odpscmd 0.56 and later want it on the command line instead: --sts-token.\n");
        write_line(&mut out, "sts_token", token);
    }
    out.push_str("# Where they go.\n");
    write_line(&mut out, "end_point", &endpoint);
    if endpoint.starts_with("https:") {
        out.push_str(
            "# odpscmd verifies certificates only with this, and then by the list that Java trusts.\n",
        );
        out.push_str("# https_check=true\n");
    }
    if !region.is_empty() {
        out.push_str("# With a region, odpscmd 0.56 and later sign in version 4.\n");
        write_line(&mut out, "region_id", &region);
    }
    if !corporation.is_empty() {
        write_line(&mut out, "signature_v4_corporation", &corporation);
    }
    out
}

fn value<'p>(properties: &'p Properties, key: &str) -> Option<&'p str> {
    properties.get(key).filter(|value| !value.is_empty())
}

/// Takes the value of the key or variable `name` as an id, and repeats it in no error.
fn access_key_id(name: &'static str, text: &str) -> Result<AccessKeyId, ProfileError> {
    AccessKeyId::new(text).map_err(|source| {
        let comment = text.contains(" #") || text.contains("\t#");
        ProfileError::AccessKeyId { name, comment, source }
    })
}

/// The permissions of a file that others than its owner may use in some way.
#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777).filter(|mode| mode & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &std::fs::Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use proptest::prelude::*;

    use super::*;

    /// All that a profile says, so that two can be compared: secrets themselves cannot.
    fn told(profile: &Profile) -> [Option<&str>; 7] {
        [
            profile.endpoint.as_deref(),
            profile.access_key_id.as_ref().map(AccessKeyId::as_str),
            profile.access_key_secret.as_ref().map(AccessKeySecret::expose),
            profile.security_token.as_ref().map(SecurityToken::expose),
            profile.project.as_deref(),
            profile.region.as_deref(),
            profile.signature_v4_corporation.as_deref(),
        ]
    }

    fn read(text: &str) -> Profile {
        Profile::read_odps_config(text.as_bytes()).unwrap().profile
    }

    fn key(id: &str, secret: &str, token: &str) -> Profile {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Profile {
            access_key_id: given(id).map(|id| AccessKeyId::new(&id).unwrap()),
            access_key_secret: given(secret).map(AccessKeySecret::new),
            security_token: given(token).map(SecurityToken::new),
            ..Profile::default()
        }
    }

    fn env(variables: &[(&str, &str)]) -> Result<Profile, ProfileError> {
        Profile::from_env(|name| {
            assert!(VARIABLES.contains(&name), "{name} is not listed");
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_file_as_people_have_it_is_read() {
        let profile = read(
            "# comment\r\nproject_name=my_project\r\naccess_id = LTAI5t \r\naccess_key=  abc=/+== \r\n\
             end_point=http://127.0.0.1:8640/api\r\nhttps_check=\r\nregion_id: cn-hangzhou\r\n\
             signature_v4_corporation apsara\r\nsts_token=t\r\nset.odps.sql.x=1\r\n",
        );
        let expected =
            ["http://127.0.0.1:8640/api", "LTAI5t", "abc=/+==", "t", "my_project", "cn-hangzhou", "apsara"];
        assert_eq!(told(&profile), expected.map(Some));
    }

    #[test]
    fn what_is_empty_is_not_said() {
        assert_eq!(told(&read("access_id=\naccess_key= \nend_point\nACCESS_ID=other-case\n")), [None; 7]);
        assert_eq!(told(&env(&[("ODPS_ACCESS_ID", ""), ("ODPS_ENDPOINT", "  ")]).unwrap()), [None; 7]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_and_told() {
        let loaded = Profile::read_odps_config(b"\xef\xbb\xbfproject_name=p").unwrap();
        assert_eq!(loaded.profile.project.as_deref(), Some("p"));
        assert_eq!(loaded.warnings, [Warning::ByteOrderMark]);
        for text in [&b"\xff\xfep\0=\0"[..], b"\xfe\xff\0p\0="] {
            let error = Profile::read_odps_config(text).unwrap_err();
            assert_eq!(error.to_string(), "this is UTF-16 text: save it as plain text");
        }
    }

    #[test]
    fn no_error_repeats_a_value() {
        let error = Profile::read_odps_config(b"access_id=swapped/secret").unwrap_err();
        assert_eq!(error.to_string(), "`access_id` holds no AccessKey id");
        let why = "an AccessKey id is 1 to 128 letters, digits, `.`, `_` or `-`";
        assert_eq!(error.source().unwrap().to_string(), why);
        let error = Profile::read_odps_config(b"access_id=LTAI5t # mine").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`access_id` holds no AccessKey id (what follows a value is part of it: give a comment its own line)"
        );
        let error = env(&[("ALIBABA_CLOUD_ACCESS_KEY_ID", "swapped/secret")]).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("swapped"), "{error:?}");
    }

    #[test]
    fn nothing_prints_a_secret() {
        let profile = key("id", "hunter2", "hunter3");
        let printed = format!("{profile:?} {:?}", Loaded { profile: profile.clone(), warnings: Vec::new() });
        assert!(printed.contains("id") && !printed.contains("hunter"), "{printed}");
    }

    #[test]
    fn the_environment_is_read_as_the_sdks_name_it() {
        let profile = env(&[
            ("ODPS_ENDPOINT", " http://h/api "),
            ("ODPS_PROJECT", "older"),
            ("ODPS_PROJECT_NAME", "p"),
            ("ODPS_REGION_NAME", "r"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.a"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", " s\n"),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", "t"),
        ]);
        let expected =
            [Some("http://h/api"), Some("STS.a"), Some("s"), Some("t"), Some("p"), Some("r"), None];
        assert_eq!(told(&profile.unwrap()), expected);
    }

    #[test]
    fn the_more_particular_variables_go_first_and_whole() {
        let mut variables = vec![
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "a"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a-secret"),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", "a-token"),
        ];
        for (prefix, expected) in [("ODPS_STS_", ["b", "b-secret"]), ("ODPS_", ["c", "c-secret"])] {
            let names = match prefix {
                "ODPS_" => ["ODPS_ACCESS_ID", "ODPS_ACCESS_KEY"],
                _ => ["ODPS_STS_ACCESS_KEY_ID", "ODPS_STS_ACCESS_KEY_SECRET"],
            };
            variables.extend(names.into_iter().zip(expected));
            let profile = env(&variables).unwrap();
            assert_eq!(told(&profile)[1..4], [Some(expected[0]), Some(expected[1]), None]);
        }
    }

    #[test]
    fn layers_fill_what_is_missing() {
        let flags = Profile { project: Some("flag".into()), ..Profile::default() };
        let file = read("project_name=file\naccess_id=i\naccess_key=s\nend_point=e\nregion_id=r");
        let expected = [Some("e"), Some("i"), Some("s"), None, Some("flag"), Some("r"), None];
        assert_eq!(told(&flags.or(file)), expected);
    }

    #[test]
    fn two_access_keys_are_never_mixed() {
        // (upper), (lower), what results: id, secret, security token
        let cases = [
            (("a", "as", ""), ("b", "bs", "bt"), ("a", "as", "")),
            (("a", "as", ""), ("", "", "bt"), ("a", "as", "")),
            (("a", "as", ""), ("a", "old", "at"), ("a", "as", "at")),
            (("a", "", ""), ("b", "bs", "bt"), ("a", "", "")),
            (("a", "", ""), ("a", "as", "at"), ("a", "as", "at")),
            (("a", "", ""), ("", "as", ""), ("a", "as", "")),
            (("", "as", ""), ("a", "", "at"), ("a", "as", "at")),
            (("", "", ""), ("b", "bs", "bt"), ("b", "bs", "bt")),
        ];
        for (upper, lower, (id, secret, token)) in cases {
            let both = key(upper.0, upper.1, upper.2).or(key(lower.0, lower.1, lower.2));
            assert_eq!(told(&both), told(&key(id, secret, token)), "{upper:?} over {lower:?}");
        }
    }

    #[test]
    fn a_written_profile_is_complete() {
        let profile =
            read("project_name=p\naccess_id=i\naccess_key=a\\\\b\nend_point=http://127.0.0.1:8640/api");
        assert_eq!(
            write_odps_config(&profile).as_str(),
            "# For odpscmd: save as conf/odps_config.ini, or name it with --config=FILE.\n\
             # It holds a secret, so let nobody else read it: chmod 600.\n\n\
             # The project that commands are about.\nproject_name=p\n\
             # Who signs them. A backslash in a value is written twice.\naccess_id=i\naccess_key=a\\\\b\n\
             # Where they go.\nend_point=http://127.0.0.1:8640/api\n"
        );
        let empty = write_odps_config(&Profile::default());
        for line in ["project_name=", "access_id=", "access_key=", "end_point="] {
            assert!(empty.lines().any(|written| written == line), "{line}");
        }
    }

    #[test]
    fn an_unreadable_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odps_config.ini");
        let error = Profile::open_odps_config(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read the profile `{}`", path.display()));
        std::fs::write(&path, vec![b'#'; properties::MAX_LEN + 2]).unwrap();
        let error = Profile::open_odps_config(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("the profile `{}` is no good", path.display()));
        assert_eq!(error.source().unwrap().to_string(), "more than 1 MiB: this is no profile");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odps_config.ini");
        let warnings = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Profile::open_odps_config(&path).unwrap().warnings
        };
        assert_eq!(warnings("access_key=s", 0o600), []);
        assert_eq!(warnings("project_name=p", 0o644), []);
        let told = warnings("access_key=s", 0o644);
        let path = path.display();
        assert_eq!(
            told.first().unwrap().to_string(),
            format!(
                "`{path}` holds a secret and is open to others on this machine (mode 644): chmod 600 `{path}`"
            )
        );
    }

    proptest! {
        #[test]
        fn a_written_profile_is_read_back(
            texts in proptest::array::uniform6(any::<Option<String>>()),
            id in proptest::option::of("[A-Za-z0-9._-]{1,20}"),
        ) {
            let [endpoint, secret, token, project, region, corporation] = texts.map(|text| {
                text.map(|text| text.trim_matches(|character| character <= ' ').to_owned()).filter(|text| !text.is_empty())
            });
            let profile = Profile {
                endpoint,
                access_key_id: id.map(|id| AccessKeyId::new(&id).unwrap()),
                access_key_secret: secret.map(AccessKeySecret::new),
                security_token: token.map(SecurityToken::new),
                project,
                region,
                signature_v4_corporation: corporation,
            };
            let text = write_odps_config(&profile);
            prop_assert!(text.is_ascii());
            let loaded = Profile::read_odps_config(text.as_bytes()).unwrap();
            prop_assert_eq!(told(&loaded.profile), told(&profile));
            prop_assert_eq!(loaded.warnings, []);
        }
    }
}
