//! Where to call and with which AccessKey, as people have it on their machines already.

mod aliyun;
mod aws;
pub(crate) mod environment;
mod file;

use std::fmt;
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

impl Profile {
    /// Reads a file in the form of odpscmd's `odps_config.ini`.
    ///
    /// A file that holds a secret and is open to others is warned of, not refused: odpscmd itself leaves it so.
    pub fn open_odps_config(path: &Path) -> Result<Loaded, ProfileError> {
        file::open(path, Self::read_odps_config)
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

#[cfg(test)]
pub(crate) mod tests {
    use std::error::Error;

    use proptest::prelude::*;

    use super::*;

    /// All that a profile says, so that two can be compared: secrets themselves cannot.
    pub(crate) fn told(profile: &Profile) -> [Option<&str>; 7] {
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

    pub(crate) fn key(id: &str, secret: &str, token: &str) -> Profile {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Profile {
            access_key_id: given(id).map(|id| AccessKeyId::new(&id).unwrap()),
            access_key_secret: given(secret).map(AccessKeySecret::new),
            security_token: given(token).map(SecurityToken::new),
            ..Profile::default()
        }
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
    }

    #[test]
    fn nothing_prints_a_secret() {
        let profile = key("id", "hunter2", "hunter3");
        let printed = format!("{profile:?} {:?}", Loaded { profile: profile.clone(), warnings: Vec::new() });
        assert!(printed.contains("id") && !printed.contains("hunter"), "{printed}");
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
