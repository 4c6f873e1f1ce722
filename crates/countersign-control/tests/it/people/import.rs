use countersign::AccessKeyId;
use countersign_accounts::access_key::{AccessKeyStatus, KeyMaterial, RECYCLE_BIN};
use countersign_control::app::access_keys;
use countersign_control::app::import::{Destination, Report, Skipped, import};
use countersign_control::import::{Format, pairs};
use countersign_store::{Conflict, StoreError};

use super::{Failure, People, admin, rng};

const SECRET: &str = "a secret of some length";

fn id(text: &str) -> AccessKeyId {
    AccessKeyId::new(text).unwrap()
}

async fn from(people: &People, file: &str, format: Format, dry_run: bool) -> Report {
    let account = people.root().await;
    let to = Destination { store: &people.desk.store, ring: &people.desk.ring, account: &account, dry_run };
    let pairs = pairs(file.as_bytes(), Some(format)).unwrap();
    import(to, pairs, || people.asked(), &mut rng()).await.unwrap()
}

/// The ids, each with why it was skipped.
fn told(report: &Report) -> Vec<(Option<&str>, Option<&Skipped>)> {
    let outcomes = report.outcomes.iter();
    outcomes
        .map(|outcome| (outcome.id.as_ref().map(AccessKeyId::as_str), outcome.done.as_ref().err()))
        .collect()
}

async fn secret(people: &People, of: &str) -> String {
    match access_keys::material(&people.desk.store, &people.desk.ring, &id(of)).await.unwrap() {
        KeyMaterial::Secret(secret) => secret.expose().to_owned(),
        KeyMaterial::Public(_) => panic!("{of} is a public key"),
    }
}

#[tokio::test]
async fn what_is_imported_is_as_it_was_and_by_one_change_each() {
    let people = People::new().await;
    let file = format!(
        r#"{{"A":{{"accessKey":"A","secretKey":"{SECRET}","status":"on","parent":"bob","description":"nightly\njob",
            "expiration":"2030-01-02T03:04:05Z"}},
            "B":{{"accessKey":"B","secretKey":"{SECRET} B","status":"off","parent":"bob","expiration":"1970-01-01T00:00:00Z"}}}}"#
    );
    let before = people.desk.store.list_changes(None, None, 1000).await.unwrap().len();
    let report = from(&people, &file, Format::Minio, true).await;
    assert_eq!(told(&report), [(Some("A"), None), (Some("B"), None)]);
    assert_eq!(people.desk.store.list_changes(None, None, 1000).await.unwrap().len(), before, "a dry run");

    let report = from(&people, &file, Format::Minio, false).await;
    assert!(report.broken_off.is_none() && report.outcomes.iter().all(|outcome| outcome.done.is_ok()));
    assert_eq!(people.desk.store.list_changes(None, None, 1000).await.unwrap().len(), before + 2);
    let a = people.desk.store.find_access_key(&id("A")).await.unwrap().unwrap().key;
    assert_eq!((a.status, a.description.as_str()), (AccessKeyStatus::Enabled, "nightly job"));
    assert_eq!(a.expires.unwrap().iso8601(), "2030-01-02T03:04:05.000Z");
    let b = people.desk.store.find_access_key(&id("B")).await.unwrap().unwrap().key;
    assert_eq!((b.status, b.description.as_str(), b.expires), (AccessKeyStatus::Disabled, "bob", None));
    assert_eq!(secret(&people, "A").await, SECRET);
    assert_eq!(secret(&people, "B").await, format!("{SECRET} B"));

    // Once more: nothing is altered.
    let report = from(&people, &file, Format::Minio, false).await;
    assert_eq!(told(&report), [(Some("A"), Some(&Skipped::Present)), (Some("B"), Some(&Skipped::Present))]);
}

#[tokio::test]
async fn what_cannot_be_imported_is_skipped_with_the_reason() {
    let people = People::new().await;
    let long = "x".repeat(1025);
    let file = format!(
        "AccessKeyId,AccessKeySecret\nA,{SECRET}\nA,{SECRET} two\nB,\nC,short\nD,{long}\n,{SECRET}\n\
         no/id,{SECRET}\nE,{{vault://env/e}}\nF,$secret://vault/1/f\nG,${{{{ env \"DECK_G\" }}}}\n\
         H,-----BEGIN PRIVATE KEY-----AAAA\n"
    );
    let report = from(&people, &file, Format::Csv, false).await;
    let expected = [
        (Some("A"), None),
        (Some("A"), Some(&Skipped::Twice)),
        (Some("B"), Some(&Skipped::NoSecret)),
        (Some("C"), Some(&Skipped::Short)),
        (Some("D"), Some(&Skipped::Long)),
        (None, Some(&Skipped::NoId)),
        (None, Some(&Skipped::NotAnId)),
        (Some("E"), Some(&Skipped::Reference)),
        (Some("F"), Some(&Skipped::Reference)),
        (Some("G"), Some(&Skipped::Reference)),
        (Some("H"), Some(&Skipped::Pem)),
    ];
    assert_eq!(told(&report), expected);
    assert_eq!(secret(&people, "A").await, SECRET, "the first one counts");
    assert_eq!(people.desk.store.list_access_keys(&people.root().await.id).await.unwrap().len(), 1);

    let file = format!(
        r#"{{"U":{{"secretKey":"{SECRET}","status":"resting"}},
            "V":{{"secretKey":"{SECRET}","expiration":"tomorrow"}},
            "W":{{"secretKey":"{SECRET}","expiration":"2020-01-01T00:00:00Z"}}}}"#
    );
    let report = from(&people, &file, Format::Minio, false).await;
    let told = told(&report);
    assert_eq!(told[0].1, Some(&Skipped::Standing));
    assert_eq!(told[1].1, Some(&Skipped::Expiration));
    assert!(matches!(told[2].1, Some(Skipped::Expired(_))));
}

#[tokio::test]
async fn an_id_that_was_deleted_does_not_come_back_by_an_import() {
    let people = People::new().await;
    let file = format!("AccessKeyId,AccessKeySecret\nA,{SECRET}\n");
    from(&people, &file, Format::Csv, false).await;
    let (store, owner) = (&people.desk.store, people.root().await.id);
    access_keys::disable(store, people.asked(), owner.clone(), id("A")).await.unwrap();
    access_keys::delete(store, people.asked(), owner, id("A")).await.unwrap();
    for dry_run in [true, false] {
        let report = from(&people, &file, Format::Csv, dry_run).await;
        assert_eq!(told(&report), [(Some("A"), Some(&Skipped::InRecycleBin))]);
    }
    people.later(RECYCLE_BIN * 2);
    assert_eq!(access_keys::purge(store, || people.asked()).await.unwrap(), 1);
    for dry_run in [true, false] {
        let report = from(&people, &file, Format::Csv, dry_run).await;
        assert_eq!(told(&report), [(Some("A"), Some(&Skipped::Purged))]);
    }
}

#[tokio::test]
async fn the_limit_of_the_account_holds_and_can_be_raised() {
    let people = People::new().await;
    let root = people.root().await;
    let (store, asked) = (&people.desk.store, people.asked());
    admin::set_access_key_limit(store, asked, root.id.clone(), 2).await.unwrap();
    let file = format!("AccessKeyId,AccessKeySecret\nA,{SECRET}\nB,{SECRET}\nC,{SECRET}\nD,{SECRET}\n");
    let full = Skipped::Limit { limit: 2 };
    for dry_run in [true, false] {
        let report = from(&people, &file, Format::Csv, dry_run).await;
        let expected =
            [(Some("A"), None), (Some("B"), None), (Some("C"), Some(&full)), (Some("D"), Some(&full))];
        assert_eq!(told(&report), expected);
    }
    admin::set_access_key_limit(store, people.asked(), root.id, 4).await.unwrap();
    let report = from(&people, &file, Format::Csv, false).await;
    let there = Some(&Skipped::Present);
    assert_eq!(told(&report), [(Some("A"), there), (Some("B"), there), (Some("C"), None), (Some("D"), None)]);
}

#[tokio::test]
async fn what_fails_for_all_breaks_it_off() {
    let people = People::new().await;
    let owner = people.open("owner@example.com").await;
    let (store, ring) = (&people.desk.store, &people.desk.ring);
    let suspend = countersign_control::app::accounts::suspend(store, people.asked(), owner.id.clone());
    suspend.await.unwrap();
    let file = format!("AccessKeyId,AccessKeySecret\nA,{SECRET}\nB,{SECRET}\n");
    let to = Destination { store, ring, account: &owner, dry_run: false };
    let pairs = pairs(file.as_bytes(), None).unwrap();
    let report = import(to, pairs, || people.asked(), &mut rng()).await.unwrap();
    assert!(report.outcomes.is_empty());
    assert!(matches!(
        report.broken_off,
        Some(Failure::Store(StoreError::Conflict(Conflict::AccountSuspended(_))))
    ));
}
