use countersign_accounts::change::Change;

use crate::world::{World, account, ask, project};

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

#[tokio::test]
async fn a_project_has_what_java_and_pyodps_take_for_granted() {
    let world = World::new().await;
    for query in
        ["", "?curr_project=demo", "?properties=all&curr_project=demo", "?isGroupApi=true&curr_schema="]
    {
        let answer = world.alice(&ask("GET", &format!("/projects/demo{query}"))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            answer.body,
            format!(
                "{XML}<Project><Name>demo</Name><Owner>ALIYUN$alice@example.com</Owner><State>AVAILABLE</State>\
                 <Properties/></Project>\n"
            )
        );
        assert_eq!(answer.header("x-odps-owner"), "ALIYUN$alice@example.com");
        assert_eq!(answer.header("x-odps-creation-time"), "Fri, 20 Nov 2026 08:00:00 GMT");
        assert_eq!(answer.header("last-modified"), "Fri, 20 Nov 2026 08:00:00 GMT");
        assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
    }
    let extended = world.alice(&ask("GET", "/projects/DEMO?extended&curr_project=demo")).await;
    assert!(extended.body.contains("<Properties/><ExtendedProperties/></Project>"), "{extended:?}");
    assert_eq!(world.alice(&ask("HEAD", "/projects/demo")).await.status, 200);
}

#[tokio::test]
async fn a_project_of_another_account_is_one_that_does_not_exist() {
    let world = World::new().await;
    let suffixes =
        [("GET", ""), ("GET", "/tables"), ("PUT", "/logs"), ("POST", "/authorization"), ("GET", "?policy")];
    for (method, suffix) in suffixes {
        let [others, nobodys] =
            ["bobs", "none"].map(|name| ask(method, &format!("/projects/{name}{suffix}")));
        let (others, nobodys) = (world.alice(&others).await, world.alice(&nobodys).await);
        assert_eq!(others.error(), (404, "NoSuchObject"), "{others:?}");
        assert_eq!(others.message(), "ODPS-0420111: Project not found - 'bobs'");
        let id = others.header("x-odps-request-id");
        let same = nobodys.body.replace("'none'", "'bobs'").replace(nobodys.header("x-odps-request-id"), id);
        assert_eq!(others.body, same);
        assert_eq!(others.headers.keys().collect::<Vec<_>>(), nobodys.headers.keys().collect::<Vec<_>>());
    }
    // Names that no project can have are as unknown, and cannot leave their element.
    for name in ["a", "%2Fdemo", "demo%20", "%00", "%5D%5D%3E%3Cx%3E", "demo%2Ftables"] {
        let answer = world.alice(&ask("GET", &format!("/projects/{name}"))).await;
        assert!(
            matches!(answer.error(), (404, "NoSuchObject") | (401, "SignatureNotMatch")),
            "{name}: {answer:?}"
        );
    }
    let answer = world.send(world.signed("BOB", &ask("GET", "/projects/bobs"))).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_listing_is_of_the_callers_projects_page_by_page() {
    let world = World::new().await;
    let body = |marker: &str, limit: u32, names: &[&str]| {
        let projects: String = names
            .iter()
            .map(|name| {
                format!("<Project><Name>{name}</Name><Owner>ALIYUN$alice@example.com</Owner></Project>")
            })
            .collect();
        format!("{XML}<Projects>{marker}<MaxItems>{limit}</MaxItems>{projects}</Projects>\n")
    };
    let all = ["demo", "demo_two", "other"];
    let cases: [(&str, String); 15] = [
        ("", body("<Marker/>", 1000, &all)),
        (
            "?expectmarker=true&curr_project=demo&region=r&tenant=t&user=u&group=g",
            body("<Marker/>", 1000, &all),
        ),
        ("?maxitems=2", body("<Marker>demo_two</Marker>", 2, &all[..2])),
        ("?maxitems=2&marker=demo_two", body("<Marker/>", 2, &all[2..])),
        ("?maxitems=3&marker=", body("<Marker/>", 3, &all)),
        ("?maxitems=5000", body("<Marker/>", 1000, &all)),
        ("?marker=other", body("<Marker/>", 1000, &[])),
        ("?name=Demo", body("<Marker/>", 1000, &all[..2])),
        ("?name=demo_&maxitems=1", body("<Marker/>", 1, &["demo_two"])),
        ("?name=%25", body("<Marker/>", 1000, &[])),
        ("?name=bobs", body("<Marker/>", 1000, &[])),
        ("?owner=ALIYUN%24Alice@example.com", body("<Marker/>", 1000, &all)),
        ("?owner=alice@example.com", body("<Marker/>", 1000, &all)),
        ("?owner=ALIYUN%24bob@example.com", body("<Marker/>", 1000, &[])),
        ("?owner=x", body("<Marker/>", 1000, &[])),
    ];
    for (query, expected) in cases {
        let answer = world.alice(&ask("GET", &format!("/projects{query}"))).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, expected.as_str()), "{query}");
    }
    for query in ["maxitems=0", "maxitems=-1", "maxitems=x", "marker=a-b"] {
        let answer = world.alice(&ask("GET", &format!("/projects?{query}"))).await;
        assert_eq!(answer.error(), (400, "InvalidArgument"), "{query}");
        assert!(answer.message().starts_with("ODPS-0420411: Invalid argument - `"), "{answer:?}");
    }
}

#[tokio::test]
async fn every_project_is_on_one_page_and_on_only_one() {
    let world = World::new().await;
    let names: Vec<String> = (0..23).map(|number| format!("p_{number:02}")).collect();
    let create = |name: &String| Change::ProjectCreated { account: account("alice"), project: project(name) };
    world.commit(names.iter().map(create).collect(), Vec::new()).await;
    for limit in [1, 5, 23, 24] {
        let (mut found, mut marker) = (Vec::new(), String::new());
        loop {
            let answer = world
                .alice(&ask("GET", &format!("/projects?name=p_&maxitems={limit}&marker={marker}")))
                .await;
            found.extend(
                answer.body.split("<Name>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()),
            );
            let Some((_, rest)) = answer.body.split_once("<Marker>") else { break };
            marker = rest.split('<').next().unwrap().to_owned();
        }
        assert_eq!(found, names, "{limit} a page");
    }
}

#[tokio::test]
async fn parts_of_a_project_that_are_not_served_are_named() {
    let world = World::new().await;
    for part in ["policy", "policy=", "security_policy", "security_configuration", "isGroupApi"] {
        let answer = world.alice(&ask("GET", &format!("/projects/demo?{part}&curr_project=demo"))).await;
        assert_eq!(answer.error(), (404, "NotSupported"), "{part}");
        let named = format!("`?{}` is not served here", part.trim_end_matches('='));
        assert!(answer.message().contains(&named), "{answer:?}");
    }
}

#[tokio::test]
async fn there_are_no_tables_and_logs_are_thrown_away() {
    let world = World::new().await;
    let answer = world.alice(&ask("GET", "/projects/demo/tables?expectmarker=true&curr_schema=")).await;
    assert_eq!(answer.body, format!("{XML}<Tables><Marker/><MaxItems>1000</MaxItems></Tables>\n"));
    let answer = world.alice(&ask("PUT", "/projects/demo/logs?curr_project=demo").body("{\"a\":1}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "received, and not kept\n"));
}

#[tokio::test]
async fn the_tenant_is_the_account() {
    let world = World::new().await;
    let answer = world.alice(&ask("GET", "/tenants?curr_project=demo")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let expected = serde_json::json!({"Tenant": {
        "Name": "alice@example.com", "OwnerId": "acc_alice", "TenantId": "acc_alice", "TenantState": "NORMAL",
        "State": "NORMAL", "CreateTime": 1_795_161_600, "UpdateTime": 1_795_161_600, "TenantMeta": "",
        "Parameters": {},
    }});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.body).unwrap(), expected);
}

#[tokio::test]
async fn hosts_are_the_endpoints_own_origin() {
    let world = World::new().await;
    for path in ["/logview/host", "/webconsole/host?curr_project=demo"] {
        let answer = world.alice(&ask("GET", path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "http://countersign.test:8640"));
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
}
