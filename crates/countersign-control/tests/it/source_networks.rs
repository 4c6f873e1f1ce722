use countersign::AccessKeySecret;
use countersign_accounts::access_key::Description;
use countersign_accounts::change::Change;
use countersign_accounts::network::Networks;
use countersign_accounts::random;
use countersign_store::Secret;

use crate::world::{World, account, ask, key};

/// A key of Alice's that may be used from these networks alone.
async fn restricted(world: &World, id: &str, from: &str) {
    let change = Change::AccessKeyCreated {
        account: account("alice"),
        access_key: key(id),
        description: Description::default(),
        expires: None,
        replaces: None,
        networks: Networks::from_text(from).unwrap(),
        kind: countersign_accounts::access_key::AccessKeyKind::Secret,
        disabled: false,
    };
    let secret = AccessKeySecret::new(format!("secret of {id}"));
    let random = &mut random::from_system();
    let sealed = world.state.ring.seal_secret(&key(id), &account("alice"), &secret, random);
    world.commit(vec![change], vec![Secret::AccessKey(key(id), sealed)]).await;
}

#[tokio::test]
async fn a_key_with_networks_is_used_from_them_alone() {
    let world = World::new().await;
    restricted(&world, "HERE", "192.0.2.0/24").await;
    restricted(&world, "ELSEWHERE", "198.51.100.0/24 2001:db8::/32").await;
    let target = ask("GET", "/projects/demo?curr_project=demo");
    assert_eq!(world.send(world.signed("HERE", &target)).await.status, 200);

    let answer = world.send(world.signed("ELSEWHERE", &target)).await;
    assert_eq!(answer.error(), (403, "NoPermission"));
    assert_eq!(
        answer.message(),
        "ODPS-0420095: Access Denied - sourceIP:'192.0.2.7' is not in white list of this accessKeyId"
    );
    // Nobody else is told that there are networks.
    let answer = world.send(world.signed_with("ELSEWHERE", "guess", &target)).await;
    assert_eq!(answer.error(), (401, "SignatureNotMatch"));
}

#[tokio::test]
async fn refused_requests_are_counted_for_the_owner_of_the_key() {
    let world = World::new().await;
    restricted(&world, "ELSEWHERE", "198.51.100.0/24").await;
    let target = ask("GET", "/projects/demo?curr_project=demo");
    for _ in 0..3 {
        world.send(world.signed_with("ALICE", "guess", &target)).await;
    }
    world.send(world.signed("ELSEWHERE", &target)).await;
    world.send(world.signed("NEVER", &target)).await;
    world.alice(&target).await;
    world.alice(&ask("GET", "/projects/bobs?curr_project=demo")).await;
    world.unsigned(&target).await;
    let (state, owner) = (&world.state, account("alice"));
    state.refusals.write(&state.store).await.unwrap();
    let counted = async || {
        let listed = state.store.list_refusals(&owner, 9).await.unwrap();
        listed
            .into_iter()
            .map(|row| (row.access_key.to_string(), row.reason, row.address, row.count))
            .collect::<Vec<_>>()
    };
    let row =
        |id: &str, reason: &str, count| (id.to_owned(), reason.to_owned(), "192.0.2.7".to_owned(), count);
    let expected = [row("ALICE", "SignatureNotMatch", 3), row("ELSEWHERE", "NoPermission", 1)];
    assert_eq!(counted().await, expected);
    state.refusals.write(&state.store).await.unwrap();
    assert_eq!(counted().await, expected, "each is counted once");
}
