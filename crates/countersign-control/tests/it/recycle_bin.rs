use countersign::Timestamp;
use countersign_accounts::access_key::RECYCLE_BIN;
use countersign_accounts::change::{Actor, Change};
use countersign_accounts::random;
use countersign_control::app::{Asked, access_keys};

use crate::world::{World, account, key};

#[tokio::test]
async fn an_access_key_leaves_the_recycle_bin_when_its_days_are_over() {
    let world = World::new().await;
    let (account, access_key) = (account("alice"), key("ALICE"));
    let disabled = Change::AccessKeyDisabled { account: account.clone(), access_key: access_key.clone() };
    let deleted = Change::AccessKeyDeleted { account: account.clone(), access_key: access_key.clone() };
    world.commit(vec![disabled, deleted], Vec::new()).await;
    let store = &world.state.store;
    let all = store.list_deleted_before(Timestamp::from_unix_millis(i64::MAX), 10).await.unwrap();
    assert_eq!(all, [(access_key, account.clone())]);

    let deleted_at = match access_keys::list(store, &account).await.unwrap()[0].key.status {
        countersign_accounts::access_key::AccessKeyStatus::Deleted(at) => at,
        status => panic!("{status:?}"),
    };
    let purge_at =
        |at| access_keys::purge(store, move || Asked::new(Actor::System, at, &mut random::from_system()));
    let over = deleted_at.plus(RECYCLE_BIN);
    assert_eq!(purge_at(over).await.unwrap(), 0);
    assert_eq!(purge_at(Timestamp::from_unix_millis(over.unix_millis() + 1)).await.unwrap(), 1);
    assert_eq!(access_keys::list(store, &account).await.unwrap(), []);
}
