//! By which scheme `sign` and `request` sign, and how.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use countersign::crypto::{Hash, PrivateKey, PublicKeyKind};
use countersign::{AccessKeySecret, Algorithm, Scheme, schemes};
use countersign_client::{Client, Family};

use crate::data::read_secret_file;
use crate::print::Printer;
use crate::profile::ProfileArgs;

/// How to sign.
#[derive(Args, Debug)]
pub(super) struct Signing {
    /// The signature scheme
    #[arg(long, value_name = "NAME", default_value = "odps", value_parser = scheme_parser())]
    scheme: &'static dyn Scheme,
    /// The service that the request is for, such as s3, where the scheme signs it
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// The algorithm, where the scheme has several
    #[arg(long, value_name = "NAME", value_parser = algorithm_parser(), ignore_case = true)]
    algorithm: Option<Algorithm>,
    /// The file of a private key in PEM, whose public half is the AccessKey
    #[arg(long, value_name = "FILE", conflicts_with = "access_key_secret_file")]
    private_key_file: Option<PathBuf>,
    /// Put the signature in the URL, to stand for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    presign: Option<u64>,
    /// A domain whose subdomains are buckets (OSS); it may be given several times
    #[arg(long = "bucket-domain", value_name = "DOMAIN")]
    bucket_domains: Vec<String>,
}

/// Those that some scheme signs with.
const ALGORITHMS: [Algorithm; 11] = [
    Algorithm::HMAC_SHA1,
    Algorithm::Hmac(Hash::Sha224),
    Algorithm::HMAC_SHA256,
    Algorithm::Hmac(Hash::Sha384),
    Algorithm::Hmac(Hash::Sha512),
    Algorithm::Hmac(Hash::Sm3),
    Algorithm::RsaSha1,
    Algorithm::RsaSha256,
    Algorithm::RsaPssSha512,
    Algorithm::Ed25519,
    Algorithm::EcdsaP256Sha256,
];

fn scheme_parser() -> impl TypedValueParser<Value = &'static dyn Scheme> {
    PossibleValuesParser::new(schemes::ALL.iter().map(|scheme| scheme.name()))
        .try_map(|name| schemes::named(&name).ok_or("there is no such scheme"))
}

fn algorithm_parser() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(ALGORITHMS.map(Algorithm::name)).try_map(|name| {
        let named = |algorithm: &Algorithm| algorithm.name().eq_ignore_ascii_case(&name);
        ALGORITHMS.into_iter().find(named).ok_or("there is no such algorithm")
    })
}

impl Signing {
    /// A client that signs so, by a profile.
    pub(super) fn client(&self, profile: &ProfileArgs, printer: &mut Printer) -> anyhow::Result<Client> {
        let family = profile.family().unwrap_or_else(|| Family::of_scheme(self.scheme.name()));
        let mut profile = profile.profile_for(family, printer)?;
        let mut algorithm = self.algorithm;
        if let Some(file) = &self.private_key_file {
            let pem = read_secret_file(file)?;
            algorithm = Some(self.algorithm_for(&pem).with_context(|| format!("`{}`", file.display()))?);
            profile.access_key_secret = Some(AccessKeySecret::new(pem.as_str()));
        }
        let mut client = Client::signing_by(self.scheme, &profile)?;
        let signer = client.signer_mut();
        signer.service = self.service.clone();
        signer.algorithm = algorithm;
        signer.presign = self.presign.map(Duration::from_secs);
        signer.bucket_domains = self.bucket_domains.clone();
        Ok(client)
    }

    /// The algorithm to sign with by a private key: the one that was named, or the usual one of its kind. A shared secret
    /// is not to be made of it.
    fn algorithm_for(&self, pem: &str) -> anyhow::Result<Algorithm> {
        let kind = PrivateKey::from_pem(pem)?.kind();
        let usual = match kind {
            PublicKeyKind::Rsa if self.scheme.name() == "rfc9421" => Algorithm::RsaPssSha512,
            PublicKeyKind::Rsa => Algorithm::RsaSha256,
            PublicKeyKind::Ed25519 => Algorithm::Ed25519,
            PublicKeyKind::EcdsaP256 => Algorithm::EcdsaP256Sha256,
        };
        let algorithm = self.algorithm.unwrap_or(usual);
        ensure!(
            algorithm.public_key_kind() == Some(kind),
            "{} does not sign with a key of this kind: leave `--algorithm` out, or name another",
            algorithm.name()
        );
        Ok(algorithm)
    }
}
