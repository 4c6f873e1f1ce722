//! The AccessKey and endpoint that a command uses: flags before environment before file.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use countersign::{AccessKeyId, AccessKeySecret};
use countersign_client::{Client, Family, Loaded, Profile, Warning};

use crate::data::read_secret_file;
use crate::env;
use crate::print::Printer;

/// Where a profile is read from when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "conf/odps_config.ini";

/// Who signs, and to where.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ProfileArgs {
    /// The profile: a file in the form of odpscmd's odps_config.ini [default: conf/odps_config.ini, if it is there] or of
    /// aliyun's config.json, or `aliyun[:NAME]` of ~/.aliyun, or `aws[:NAME]` of ~/.aws
    #[arg(long, value_name = "PROFILE", value_parser = read_source)]
    profile: Option<Source>,
    /// The AccessKey id
    #[arg(long, value_name = "ID")]
    access_key_id: Option<AccessKeyIdArg>,
    /// The file of the AccessKey secret
    #[arg(long, value_name = "FILE")]
    access_key_secret_file: Option<PathBuf>,
    /// The endpoint, such as http://127.0.0.1:8640/api
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Sign with a key derived for this region (version 4)
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

/// Where a profile is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    /// In the home directory, as Alibaba Cloud's command line keeps it; the current one where none is named.
    Aliyun(Option<String>),
    /// In the home directory, as AWS's command line keeps it.
    Aws(Option<String>),
}

/// An AccessKey id, as an argument.
#[derive(Clone, Debug)]
pub(crate) struct AccessKeyIdArg(pub(crate) AccessKeyId);

impl std::str::FromStr for AccessKeyIdArg {
    type Err = countersign::NotAnAccessKeyId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        AccessKeyId::new(text).map(Self)
    }
}

/// A file of that name is written `./aws`.
fn read_source(text: &str) -> Result<Source, String> {
    let (kind, name) = text.split_once(':').map_or((text, None), |(kind, name)| (kind, Some(name)));
    match (kind, name) {
        ("aliyun" | "aws", Some("")) => Err("a name is missing behind the colon".to_owned()),
        ("aliyun", name) => Ok(Source::Aliyun(name.map(str::to_owned))),
        ("aws", name) => Ok(Source::Aws(name.map(str::to_owned))),
        _ => Ok(Source::File(text.into())),
    }
}

impl Source {
    fn open(&self, home: Option<&Path>) -> anyhow::Result<Loaded> {
        let at_home = |path: &str| {
            let home =
                home.context("no home directory is known: set HOME, or name a file with `--profile`")?;
            anyhow::Ok(home.join(path))
        };
        match self {
            Self::File(file) if file.extension().is_some_and(|extension| extension == "json") => {
                Ok(Profile::open_aliyun_config(file, None)?)
            }
            Self::File(file) => Ok(Profile::open_odps_config(file)?),
            Self::Aliyun(name) => {
                Ok(Profile::open_aliyun_config(&at_home(".aliyun/config.json")?, name.as_deref())?)
            }
            Self::Aws(name) => {
                let place = |variable, path: &str| match env::get(variable) {
                    Some(file) => Ok(PathBuf::from(file)),
                    None => at_home(path),
                };
                let credentials = place(env::AWS_SHARED_CREDENTIALS_FILE, ".aws/credentials")?;
                let config = place(env::AWS_CONFIG_FILE, ".aws/config")?;
                let named = name.clone().or_else(|| env::get(env::AWS_PROFILE));
                Ok(Profile::open_aws(&credentials, &config, named.as_deref())?)
            }
        }
    }

    /// What the programs of a family read where nothing is named, if it is there.
    fn of_family(family: Family, home: Option<&Path>) -> Option<Self> {
        let is_there = |path: &str| home.is_some_and(|home| home.join(path).exists());
        match family {
            Family::Odps => Path::new(DEFAULT_PROFILE).exists().then(|| Self::File(DEFAULT_PROFILE.into())),
            Family::AlibabaCloud | Family::Oss => {
                is_there(".aliyun/config.json").then(|| Self::Aliyun(env::get(env::ALIBABA_CLOUD_PROFILE)))
            }
            Family::Aws => {
                let is_named = [env::AWS_SHARED_CREDENTIALS_FILE, env::AWS_CONFIG_FILE, env::AWS_PROFILE]
                    .into_iter()
                    .any(|variable| env::get(variable).is_some());
                let is_there = is_named || is_there(".aws/credentials") || is_there(".aws/config");
                is_there.then_some(Self::Aws(None))
            }
        }
    }
}

impl ProfileArgs {
    /// The profile that these make with the environment and the file.
    pub(crate) fn profile(&self, printer: &mut Printer) -> anyhow::Result<Profile> {
        self.profile_for(Family::Odps, printer)
    }

    /// The same, with the environment and the files that the programs of a family read.
    ///
    /// A profile that is named by `aliyun` or `aws` goes before the environment, as it does in those programs.
    pub(crate) fn profile_for(&self, family: Family, printer: &mut Printer) -> anyhow::Result<Profile> {
        let secret = self.access_key_secret_file.as_deref().map(read_secret_file).transpose()?;
        let flags = Profile {
            access_key_id: self.access_key_id.clone().map(|id| id.0),
            access_key_secret: secret.map(|secret| AccessKeySecret::new(secret.trim())),
            endpoint: self.endpoint.clone(),
            project: self.project.clone(),
            region: self.region.clone(),
            ..Profile::default()
        };
        let home = env::get(env::HOME).map(PathBuf::from);
        let environment = Profile::from_env(family, env::get)?;
        let source = self.profile.clone().or_else(|| Source::of_family(family, home.as_deref()));
        let Some(source) = source else { return Ok(flags.or(environment)) };
        let file = source.open(home.as_deref())?;
        let is_named = matches!((&self.profile, &source), (Some(_), Source::Aliyun(_) | Source::Aws(_)));
        let profile = match is_named {
            true => flags.or(file.profile).or(environment),
            false => flags.or(environment).or(file.profile),
        };
        for warning in &file.warnings {
            // Somebody else than this file may have said who signs.
            if !matches!(warning, Warning::NoAccessKey { .. }) || profile.access_key_secret.is_none() {
                printer.note(&format!("warning: {warning}"));
            }
        }
        Ok(profile)
    }

    /// The family whose profile is named, if one is.
    pub(crate) fn family(&self) -> Option<Family> {
        match self.profile.as_ref()? {
            Source::Aliyun(_) => Some(Family::AlibabaCloud),
            Source::Aws(_) => Some(Family::Aws),
            Source::File(_) => None,
        }
    }

    /// A client by that profile.
    pub(crate) fn client(&self, printer: &mut Printer) -> anyhow::Result<Client> {
        Ok(Client::new(&self.profile(printer)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_file_or_in_the_home_directory() {
        let named = |name: &str| Some(name.to_owned());
        for (text, source) in [
            ("aws", Source::Aws(None)),
            ("aws:prod", Source::Aws(named("prod"))),
            ("aliyun", Source::Aliyun(None)),
            ("aliyun:a:b", Source::Aliyun(named("a:b"))),
            ("./aws", Source::File("./aws".into())),
            ("C:odps.ini", Source::File("C:odps.ini".into())),
        ] {
            assert_eq!(read_source(text), Ok(source), "{text}");
        }
        assert!(read_source("aws:").is_err());
    }
}
