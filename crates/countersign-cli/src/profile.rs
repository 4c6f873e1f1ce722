//! The AccessKey and endpoint that a command uses: flags before environment before file.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign::{AccessKeyId, AccessKeySecret};
use countersign_client::{Client, Profile};

use crate::data::read_secret_file;
use crate::env;
use crate::print::Printer;

/// Where a profile is read from when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "conf/odps_config.ini";

/// Who signs, and to where.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ProfileArgs {
    /// The profile, in the form of odpscmd's odps_config.ini [default: conf/odps_config.ini, if it is there]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
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

/// An AccessKey id, as an argument.
#[derive(Clone, Debug)]
pub(crate) struct AccessKeyIdArg(pub(crate) AccessKeyId);

impl std::str::FromStr for AccessKeyIdArg {
    type Err = countersign::NotAnAccessKeyId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        AccessKeyId::new(text).map(Self)
    }
}

impl ProfileArgs {
    /// The profile that these make with the environment and the file.
    pub(crate) fn profile(&self, printer: &mut Printer) -> anyhow::Result<Profile> {
        let secret = self.access_key_secret_file.as_deref().map(read_secret_file).transpose()?;
        let flags = Profile {
            access_key_id: self.access_key_id.clone().map(|id| id.0),
            access_key_secret: secret.map(|secret| AccessKeySecret::new(secret.trim())),
            endpoint: self.endpoint.clone(),
            project: self.project.clone(),
            region: self.region.clone(),
            ..Profile::default()
        };
        let file = match &self.profile {
            Some(file) => Profile::open_odps_config(file)?,
            None if Path::new(DEFAULT_PROFILE).exists() => {
                Profile::open_odps_config(Path::new(DEFAULT_PROFILE))?
            }
            None => return Ok(flags.or(Profile::from_env(env::get)?)),
        };
        for warning in &file.warnings {
            printer.note(&format!("warning: {warning}"));
        }
        Ok(flags.or(Profile::from_env(env::get)?).or(file.profile))
    }

    /// A client by that profile.
    pub(crate) fn client(&self, printer: &mut Printer) -> anyhow::Result<Client> {
        Ok(Client::new(&self.profile(printer)?)?)
    }
}
