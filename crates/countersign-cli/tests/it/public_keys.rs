//! Public keys as AccessKeys, by the command line.

use std::fs;

use crate::support::{Data, Server, eventually, program, write_profile};

pub(crate) const RSA: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA8andUCFoV2KFHuHyroF+\n\
    qcfIHDqqmRBRntG/M/pV0nIwUvwlzmndnp8N3ei4tpuvYluwaSc8hVs8J47snL3X\n\
    SAt+2CRoo1RhNY5nXF8XoYd+vI3CJnlV7h1FxME9WbMHk5vTsM+rf57lh5ZWUtvk\n\
    ASiEGh59Zjrl1Ao3lzAiZsb1r3pMTDFpDUitSCg4SeVpU166gW7KxiBwcgedkFMD\n\
    EMRdB96dCeFexfPxJAHZBeEnq+nj5vYDPWW/IZkqo0uQ8QVFP1hXUcrTvO5RIfH6\n\
    l5YSGj7smQl1i9FbiCaHN8Zd5Q8nT6SovM2INsSe6Dd9120xLDtNhHbo98kuAPWa\n\
    0wIDAQAB\n\
    -----END PUBLIC KEY-----\n";
const SMALL_RSA: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDC867U0J2qfDal36LAMd/EGW6I\n\
    Uols8Zhi9epDDJMzi2TUoebLebjwc+NlnmB/6HZqc24o2vBxCrFsJPadz2Aoov8c\n\
    knu4Xvgn4E3fHGa5RNcEF/Z1N8ERN1l7XjTU94+xD28WzeFS9l4Sgt0Tlv7Kd/GG\n\
    EEn/Xm7jVQ2OzFo7RwIDAQAB\n\
    -----END PUBLIC KEY-----\n";
const ECDSA: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE11bA6rheoVkW7qk1H+lVI97eNLrg\n\
    fDbGsTAO4o1uQzUFhFg32PjsCXbwZ3rmv8SaTA1vPXnlovSFOoe3CtTYUw==\n\
    -----END PUBLIC KEY-----\n";
/// The pair of RFC 8410, section 10.
const ED25519: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

fn file(data: &Data, name: &str, text: &str) -> String {
    let file = data.directory.path().join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn register(data: &Data, pem: &str) -> serde_json::Value {
    data.json(&["access-key", "create", "--public-key", &file(data, "public.pem", pem)])
}

#[test]
fn each_kind_is_registered_listed_and_shown() {
    let data = Data::new();
    for (pem, algorithm) in [(RSA, "RSA"), (ED25519, "Ed25519"), (ECDSA, "ECDSA P-256")] {
        let made = register(&data, pem);
        assert_eq!(made["access_key_secret"], serde_json::Value::Null);
        let shown = data.json(&["access-key", "show", made["access_key_id"].as_str().unwrap()]);
        assert_eq!((&shown["kind"], &shown["public_key"]), (&"public".into(), &made["public_key"]));
        assert_eq!(
            (&shown["public_key"]["algorithm"], &shown["public_key"]["pem"]),
            (&algorithm.into(), &pem.into())
        );
    }
    let table = data.ok(&["access-key", "create", "--public-key", &file(&data, "public.pem", ED25519)]);
    assert!(table.contains("fingerprint   oekVYFTgT6yJmunydRMs3Ael28TqLCrTof/G4NJTaB8="), "{table}");
    data.create_key();
    let listed = data.json(&["access-key", "list"]);
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|key| key["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "public").count(), 4);
    assert_eq!(kinds.iter().filter(|kind| **kind == "secret").count(), 1);
}

#[test]
fn what_is_no_public_key_is_refused() {
    let data = Data::new();
    let try_it =
        |text: &str| data.fails(&["access-key", "create", "--public-key", &file(&data, "key.pem", text)]);
    for text in [PRIVATE, &format!("{ED25519}{PRIVATE}"), "-----BEGIN RSA PRIVATE KEY-----\n"] {
        let said = try_it(text);
        assert!(said.contains("it is a private key: keep it to yourself"), "{said}");
        assert!(!said.contains("MC4CAQAw"), "{said}");
    }
    assert!(try_it(SMALL_RSA).contains("2048"));
    assert!(try_it("hunter2 hunter2").contains("BEGIN PUBLIC KEY") && !try_it("hunter2").contains("hunter2"));
    assert!(try_it("\u{0}\u{ff}").contains("BEGIN PUBLIC KEY"));
    let key = file(&data, "public.pem", ED25519);
    let ini = data.fails(&["access-key", "create", "--public-key", &key, "--output", "ini"]);
    assert!(ini.contains("a public key has none"), "{ini}");
    assert!(data.json(&["access-key", "list"]).as_array().unwrap().is_empty());
    // A private key is nowhere in the data.
    for entry in fs::read_dir(data.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(16).any(|window| window == b"MC4CAQAwBQYDK2Vw"));
    }
}

#[test]
fn the_successor_of_a_public_key_is_another_one() {
    let data = Data::new();
    let made = register(&data, RSA);
    let id = made["access_key_id"].as_str().unwrap();
    assert!(data.fails(&["access-key", "rotate", id]).contains("give the new public key"));
    let next = file(&data, "next.pem", ED25519);
    let next = data.json(&["access-key", "rotate", id, "--public-key", &next]);
    assert_eq!(next["public_key"]["algorithm"], "Ed25519");
    data.ok(&["access-key", "rotate", id, "--disable"]);
    data.ok(&["access-key", "rotate", id, "--delete"]);
    data.ok(&["access-key", "restore", id]);
    assert_eq!(data.json(&["access-key", "show", id])["public_key"], made["public_key"]);
    // A program that had a secret may go over to a key of its own.
    let secret = data.create_key();
    let own = file(&data, "own.pem", ECDSA);
    assert!(data.ok(&["access-key", "rotate", &secret.id, "--public-key", &own]).contains("ECDSA P-256"));
}

#[test]
fn both_kinds_outlive_the_keys_that_seal_them() {
    let data = Data::new();
    let (secret, public) = (data.create_key(), register(&data, RSA));
    let id = public["access_key_id"].as_str().unwrap();
    let server = Server::start(&data);
    data.ok(&["ring-key", "add"]);
    data.ok(&["ring-key", "activate"]);
    data.ok(&["ring-key", "retire", "1"]);
    let (new, old) =
        (data.directory.path().join("new.master-key"), data.directory.path().join("data.master-key"));
    data.ok(&["master-key", "rotate", "--new-master-key-file", new.to_str().unwrap()]);
    assert!(old.exists());
    data.ok(&["ring-key", "add"]);
    data.ok(&["ring-key", "activate"]);
    let doctor = data.ok(&["doctor"]);
    assert!(doctor.contains("all 2 open") && doctor.contains("2 AccessKeys at revision"), "{doctor}");
    assert_eq!(data.json(&["access-key", "show", id])["public_key"], public["public_key"]);
    let profile = data.directory.path().join("odps_config.ini");
    write_profile(&profile, &secret, &server.endpoint);
    eventually("the secret goes on", || {
        let request =
            program().args(["request", "GET", "/projects/demo", "--profile"]).arg(&profile).output();
        request.unwrap().status.success().then_some(())
    });
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_row_whose_kind_was_altered_is_no_key() {
    let data = Data::new();
    let public = register(&data, RSA);
    let id = public["access_key_id"].as_str().unwrap();
    let alter = format!("UPDATE access_key SET kind = 'secret' WHERE id = '{id}'");
    crate::keys_at_rest::sqlite(&data.path().join("countersign.db"), &alter);
    let doctor = String::from_utf8(data.run(&["doctor"]).stdout).unwrap();
    assert!(doctor.contains("WRONG") && doctor.contains("is not of the kind that its row says"), "{doctor}");
    // No server starts on it, where its PEM, which everybody may know, would be a secret.
    let served = data.fails(&["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]);
    assert!(served.contains("is not of the kind that its row says"), "{served}");
}
