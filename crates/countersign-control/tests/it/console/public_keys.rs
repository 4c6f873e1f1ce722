//! Public keys as AccessKeys, on the pages of the console.

use countersign_accounts::access_key::AccessKeyKind;

use super::browser::{Browser, Site};
use super::pages::looks;

/// The pair of RFC 8410, section 10, and the public key of RFC 9421, appendix B.1.4.
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n";
const FINGERPRINT: &str = "oekVYFTgT6yJmunydRMs3Ael28TqLCrTof/G4NJTaB8=";

fn form(kind: &'static str, key: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("description", "batch"), ("agreed", "yes"), ("kind", kind), ("public_key", key)]
}

async fn register(browser: &mut Browser<'_>) -> String {
    let answer = browser.post("/access-keys/new", &form("public", PUBLIC)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!answer.body.contains("CSSK") && !answer.body.contains("access-key-secret"));
    assert_eq!(answer.text("fingerprint"), FINGERPRINT);
    answer.text("access-key-id")
}

#[tokio::test]
async fn the_pages_of_a_public_key_are_what_they_were() {
    for language in ["en", "zh-CN"] {
        let site = Site::new().await;
        let account = site.open_account("alice@example.com").await;
        let mut browser = site.signed_in(&account).await;
        browser.language = language;
        let registered = browser.post("/access-keys/new", &form("public", PUBLIC)).await;
        looks("public_key_registered", language, &registered);
        let id = registered.text("access-key-id");
        looks("public_key", language, &browser.get(&format!("/access-keys/{id}")).await);
        looks("public_key_list", language, &browser.get("/access-keys").await);
        looks("public_key_rotate", language, &browser.get(&format!("/access-keys/{id}/rotate")).await);
        let private = browser.post("/access-keys/new", &form("public", PRIVATE)).await;
        looks("public_key_private", language, &private);
    }
}

#[tokio::test]
async fn a_public_key_is_registered_and_followed_by_another() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let id = register(&mut browser).await;
    let listed = site.store().list_access_keys(&account.id).await.unwrap();
    assert_eq!(listed[0].key.kind, AccessKeyKind::Public);
    let keyring = site.node.state.verifier.keyring().snapshot();
    let held = keyring.get(&id).unwrap().public_key().unwrap();
    assert_eq!(held.to_pem(), PUBLIC);
    let page = browser.get(&format!("/access-keys/{id}")).await;
    assert!(page.body.contains("Ed25519") && page.body.contains(FINGERPRINT));
    assert!(browser.get("/activity").await.body.contains("Public key registered"));

    // Its successor is a public key, too.
    let path = format!("/access-keys/{id}/rotate");
    let without = browser.post(&path, &[]).await;
    assert!(without.status == 409 && without.body.contains("paste the public key"), "{}", without.body);
    let next = browser.post(&path, &[("public_key", OTHER)]).await;
    assert_eq!(next.status, 200, "{}", next.body);
    let next = next.text("access-key-id");
    assert!(browser.get(&path).await.body.contains(&next));
    assert_eq!(site.store().list_access_keys(&account.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_private_key_is_refused_and_not_said_again() {
    let site = Site::new().await;
    let account = site.open_account("alice@example.com").await;
    let mut browser = site.signed_in(&account).await;
    let id = register(&mut browser).await;
    let hidden = PRIVATE.lines().nth(1).unwrap();
    let both: &'static str = Box::leak(format!("{PUBLIC}{PRIVATE}").into_boxed_str());
    let bare: &'static str = hidden;
    for (kind, key, said) in [
        ("public", PRIVATE, "That is a private key"),
        ("secret", PRIVATE, "That is a private key"),
        ("public", both, "That is a private key"),
        ("public", bare, "That is no public key"),
        ("public", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "That is no public key"),
        ("public", " ", "Please paste the public key"),
        ("secret", PUBLIC, "choose to register it"),
    ] {
        let answer = browser.post("/access-keys/new", &form(kind, key)).await;
        assert!(answer.status == 422 && answer.body.contains(said), "{kind} {key}: {}", answer.body);
        assert!(!answer.body.contains(hidden), "{}", answer.body);
        assert!(!answer.body.contains(FINGERPRINT));
    }
    let answer = browser.post(&format!("/access-keys/{id}/rotate"), &[("public_key", PRIVATE)]).await;
    assert!(answer.body.contains("That is a private key") && !answer.body.contains(hidden));
    // It went into no file either.
    let mut bytes = 0;
    for entry in std::fs::read_dir(site.directory.path()).unwrap() {
        let file = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!file.windows(hidden.len()).any(|window| window == hidden.as_bytes()));
        bytes += file.len();
    }
    assert!(bytes > 0);
    assert_eq!(site.store().list_access_keys(&account.id).await.unwrap().len(), 1);
}
