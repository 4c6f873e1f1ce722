//! What may be opened, what is made, and what is refused and left as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

use countersign_store::{Access, Store, StoreError};

use crate::kit::*;

on_both_engines! {
    a_store_is_created_once
    an_existing_store_must_be_there
    another_schema_is_refused
    a_store_of_the_first_schema_is_brought_up_to_date
    tables_of_others_are_refused
}

async fn refused(place: &Place, access: Access) -> StoreError {
    Store::open(&place.url, access).await.unwrap_err()
}

async fn a_store_is_created_once(place: Place) {
    let store = Store::open(&place.url, Access::Create).await.unwrap();
    make(&store, opened("acc_1", 1)).await.unwrap();
    let told = refused(&place, Access::Create).await;
    assert!(matches!(&told, StoreError::AlreadyThere { .. }), "{told}");
    for access in [Access::Migrate, Access::Existing] {
        let again = Store::open(&place.url, access).await.unwrap();
        assert_eq!(again.cluster(), store.cluster());
        assert!(again.find_account(&account("acc_1")).await.unwrap().is_some());
    }
}

async fn an_existing_store_must_be_there(place: Place) {
    let told = refused(&place, Access::Existing).await;
    assert!(matches!(&told, StoreError::Missing { .. }), "{told}");
    assert!(told.to_string().contains("`countersign init`"), "{told}");
    place.open().await.close().await;
}

async fn another_schema_is_refused(place: Place) {
    place.open().await.close().await;
    place.raw("UPDATE installation SET schema_version = 99").await;
    for access in [Access::Create, Access::Migrate, Access::Existing] {
        let told = refused(&place, access).await;
        assert!(matches!(&told, StoreError::SchemaNewer { found: 99, known: 3, .. }), "{told}");
    }
    place.raw("UPDATE installation SET schema_version = 0").await;
    let told = refused(&place, Access::Existing).await;
    assert!(matches!(&told, StoreError::SchemaOlder { found: 0, known: 3, .. }), "{told}");
    assert!(told.to_string().contains("`countersign migrate`"), "{told}");
    place.raw("UPDATE installation SET schema_version = 3").await;
    place.open().await.close().await;
}

/// A store as the first release made it, with an account and a key in it.
async fn a_store_of_the_first_schema_is_brought_up_to_date(place: Place) {
    let rows = "INSERT INTO installation (marker, cluster, schema_version) VALUES ('countersign', 'first', 1);
        INSERT INTO account VALUES ('acc_1', 'a@example.com', 7, 0, 3, '$argon2id$'), ('acc_2', 'b@example.com', 8, 1, 3, NULL);
        INSERT INTO access_key VALUES ('K', 'acc_1', 'old', 9, NULL, 'enabled', NULL, 3, 'sealed');
        INSERT INTO change VALUES (1, 1, 5, 7, '\"system\"', 'r', 0, 'acc_1', NULL,
          '{\"change\":\"account_opened\",\"account\":\"acc_1\",\"email\":\"a@example.com\",\"access_key_limit\":3}');
        INSERT INTO change VALUES (2, 1, 6, 7, '\"system\"', 'r', 1, 'acc_1', 'K',
          '{\"change\":\"access_key_created\",\"account\":\"acc_1\",\"access_key\":\"K\",\"description\":\"old\",\"expires\":null,\"replaces\":null}');
        UPDATE change_head SET seq = 2";
    if place.url.starts_with("sqlite") {
        let schema = include_str!("../../migrations/sqlite/0001_initial.sql");
        sqlite_file(&place, &format!("{schema}; PRAGMA application_id = 1131377513; {rows}")).await;
    } else {
        place.raw(&format!("{}; {rows}", include_str!("../../migrations/postgres/0001_initial.sql"))).await;
    }
    let told = refused(&place, Access::Existing).await;
    assert!(matches!(&told, StoreError::SchemaOlder { found: 1, known: 3, .. }), "{told}");
    let store = place.open().await;
    assert_eq!(store.cluster(), "first");
    let found = store.find_account(&account("acc_1")).await.unwrap().unwrap();
    assert_eq!((found.administrator, found.closed, found.password_set), (false, None, Some(at(7))));
    assert_eq!(store.find_account(&account("acc_2")).await.unwrap().unwrap().password_set, None);
    assert_eq!(store.full_state().await.unwrap().changes.len(), 4);
    assert_eq!(log(&store).await.len(), 2, "entries of the first release read");
    make(&store, disabled("acc_1", "K")).await.unwrap();
    store.close().await;
    place.open().await.close().await;
}

async fn tables_of_others_are_refused(place: Place) {
    if place.url.starts_with("sqlite") {
        // Made by another program, and then marked as ours.
        sqlite_file(&place, "PRAGMA application_id = 1131377513; CREATE TABLE account (id TEXT)").await;
    } else {
        place.raw("CREATE TABLE account (id TEXT); INSERT INTO account VALUES ('theirs')").await;
    }
    for access in [Access::Create, Access::Migrate, Access::Existing] {
        let told = refused(&place, access).await;
        assert!(matches!(&told, StoreError::OtherApplication { .. }), "{told}");
        assert!(told.to_string().contains("`account`"), "{told}");
    }
    place.raw("CREATE TABLE installation (theirs TEXT)").await;
    let told = refused(&place, Access::Migrate).await;
    assert!(matches!(&told, StoreError::OtherApplication { .. }), "{told}");
    place.raw("DROP TABLE installation; DROP TABLE account").await;
    place.open().await.close().await;
}

async fn sqlite_file(place: &Place, statements: &str) {
    fs::write(path(place), "").unwrap();
    place.raw(statements).await;
}

fn path(place: &Place) -> PathBuf {
    place.directory.as_ref().unwrap().path().join("countersign.db")
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("a/b");
    let store =
        Store::open(&format!("sqlite://{}/countersign.db", data.display()), Access::Create).await.unwrap();
    make(&store, opened("acc_1", 1)).await.unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(data.clone()), 0o700);
    let names: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names.len(), 3, "the database, its log and the log's index: {names:?}");
    for name in names {
        assert_eq!(mode(name), 0o600);
    }
}

#[tokio::test]
async fn a_path_is_taken_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a b", "50%41", "#x", "é", "a/../c", "sqlite:"] {
        let data = directory.path().join(name);
        fs::create_dir_all(&data).unwrap();
        let url = format!("sqlite://{}/x.db", data.display());
        let store = Store::open(&url, Access::Create).await.unwrap();
        make(&store, opened("acc_1", 1)).await.unwrap();
        assert!(data.join("x.db").metadata().unwrap().len() > 0, "{name}");
        store.close().await;
        Store::open(&url, Access::Existing).await.unwrap();
    }
}

#[tokio::test]
async fn settings_are_the_durable_ones() {
    let place = Place::sqlite();
    let store = place.open().await;
    make(&store, opened("acc_1", 1)).await.unwrap();
    let header = fs::read(path(&place)).unwrap();
    assert_eq!(&header[68..72], b"Cosi", "the mark is in the file itself");
    assert_eq!(header[18], 2, "write-ahead log");
    assert!(path(&place).with_extension("db-wal").exists());
}

#[tokio::test]
async fn what_is_not_a_store_is_left_as_it_is() {
    let place = Place::sqlite();
    let path = path(&place);
    for content in ["hello", &"x".repeat(5000), "SQLite format 3\0 and no more"] {
        fs::write(&path, content).unwrap();
        for access in [Access::Create, Access::Migrate, Access::Existing] {
            assert!(matches!(refused(&place, access).await, StoreError::NotSqlite { .. }));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }

    fs::remove_file(&path).unwrap();
    sqlite_file(&place, "CREATE TABLE theirs (id TEXT)").await;
    let before = fs::read(&path).unwrap();
    for access in [Access::Create, Access::Migrate, Access::Existing] {
        assert!(matches!(refused(&place, access).await, StoreError::OtherApplication { .. }));
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing beside it");

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(refused(&place, Access::Migrate).await, StoreError::NotSqlite { .. }));
}

#[tokio::test]
async fn a_missing_store_is_not_made_by_asking() {
    let place = Place::sqlite();
    assert!(matches!(refused(&place, Access::Existing).await, StoreError::Missing { .. }));
    assert!(!path(&place).exists());
    // What a machine leaves that stopped at the first step.
    fs::write(path(&place), "").unwrap();
    assert!(matches!(refused(&place, Access::Existing).await, StoreError::Missing { .. }));
    Store::open(&place.url, Access::Create).await.unwrap();
}

#[tokio::test]
async fn files_of_another_user_are_left_to_that_user() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let data = place.directory.as_ref().unwrap().path();
    if fs::metadata(data).unwrap().uid() != 0 || chown(path(&place), Some(12345), None).is_err() {
        return;
    }
    for access in [Access::Create, Access::Migrate, Access::Existing] {
        let told = refused(&place, access).await;
        let expected = StoreError::OwnedByAnother {
            path: path(&place).display().to_string(),
            owner: "#12345".into(),
            running: "root".into(),
        };
        assert_eq!(told, expected);
        assert!(told.to_string().contains("`sudo -u '#12345' …`"), "{told}");
    }
    chown(path(&place), Some(0), None).unwrap();
    let log = path(&place).with_extension("db-wal");
    fs::write(&log, "").unwrap();
    chown(&log, Some(12345), None).unwrap();
    assert!(matches!(refused(&place, Access::Existing).await, StoreError::OwnedByAnother { .. }));

    // In an empty directory of another user, root would leave a file that this user cannot write.
    let theirs = tempfile::tempdir().unwrap();
    chown(theirs.path(), Some(12345), None).unwrap();
    let url = format!("sqlite://{}/countersign.db", theirs.path().display());
    let told = Store::open(&url, Access::Migrate).await.unwrap_err();
    assert!(matches!(told, StoreError::OwnedByAnother { .. }), "{told}");
    assert_eq!(fs::read_dir(theirs.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_url_that_names_no_store_is_refused_without_its_password() {
    for url in [
        "",
        "countersign.db",
        "mysql://u:hunter2@h/d",
        "sqlite:",
        "sqlite::memory:",
        "sqlite:///x.db?mode=rwc",
        "postgres://u:hunter2@h:notaport/d",
        "postgresql://u:hunter2@[/d",
    ] {
        let told = Store::open(url, Access::Migrate).await.unwrap_err();
        assert!(matches!(told, StoreError::Url(_)), "{url}: {told}");
        assert!(!format!("{told} {told:?}").contains("hunter2"));
    }
    let nobody = "postgres://ops:hunter2@127.0.0.1:1/countersign?password=hunter2";
    let told = Store::open(nobody, Access::Migrate).await.unwrap_err();
    assert!(matches!(told, StoreError::Unavailable(_)), "{told}");
    assert!(!format!("{told} {told:?}").contains("hunter2"));
}

#[tokio::test]
async fn nothing_prints_the_password_of_a_store() {
    let Some(place) = Place::postgres() else { return };
    let store = Store::open(&format!("{}&password=hunter2", place.url), Access::Migrate).await.unwrap();
    let told = format!("{store:?}");
    assert!(!told.contains("hunter2") && told.contains("postgres://postgres@/"), "{told}");
}

#[tokio::test]
async fn a_standby_is_refused() {
    let Some(server) = crate::postgres::standby() else { return };
    let place = Place { url: server.url("postgres"), directory: None };
    for access in [Access::Create, Access::Migrate, Access::Existing] {
        let told = refused(&place, access).await;
        assert!(matches!(&told, StoreError::ReadOnly { .. }), "{told}");
    }
}
