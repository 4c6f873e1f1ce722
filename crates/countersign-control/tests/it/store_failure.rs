use http::StatusCode;
use http_body_util::BodyExt as _;

use crate::world::{PEER, World, ask, now};

#[tokio::test]
async fn a_store_that_is_away_is_the_one_reason_for_a_5xx() {
    let world = World::new().await;
    let requests =
        ["/projects", "/projects/demo", "/tenants"].map(|target| world.signed("ALICE", &ask("GET", target)));
    world.state.store.close().await;
    for request in requests {
        let response = world.endpoint.answer(request, Some(PEER), now()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let expected = "<Code>InternalServerError</Code>\n\t<Message><![CDATA[ODPS-0010000:System internal error - the \
                        account store did not answer; the same request may be made again]]></Message>";
        assert!(body.contains(expected), "{body}");
    }
    // What needs no store is refused as ever.
    assert_eq!(world.unsigned(&ask("GET", "/projects")).await.status, 400);
    assert_eq!(world.alice(&ask("GET", "/nothing")).await.status, 404);
}
