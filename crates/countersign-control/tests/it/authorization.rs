use crate::world::{Ask, World, ask};

fn whoami(query: &str) -> Ask {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Authorization>\n   <Query>{query}</Query>\n   \
         <ResponseInJsonFormat>false</ResponseInJsonFormat>\n</Authorization>"
    );
    ask("POST", "/projects/demo/authorization?curr_project=demo")
        .header("content-type", "application/xml")
        .body(&body)
}

#[tokio::test]
async fn whoami_says_who_signed() {
    let world = World::new().await;
    for query in ["whoami", "WhoAmI;", " whoami ; ; ", "<![CDATA[whoami]]>", "who&#97;mi"] {
        let answer = world.alice(&whoami(query)).await;
        let who: serde_json::Value = serde_json::from_str(&answer.result()).unwrap();
        let expected = serde_json::json!({
            "DisplayName": "ALIYUN$alice@example.com", "ID": "acc_alice",
            "EndPoint": "http://countersign.test:8640/api", "SourceIP": "192.0.2.7", "ProjectName": "demo",
            "Schema": "",
        });
        assert_eq!(who, expected, "{query}");
    }
    let raw = world.alice(&whoami("whoami")).await;
    assert!(
        raw.body.starts_with(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Authorization><Result>{&quot;DisplayName&quot;:&quot;"
        ),
        "{}",
        raw.body
    );
}

#[tokio::test]
async fn another_query_is_refused_by_name() {
    let world = World::new().await;
    for query in ["add user ALIYUN$x@y.z", "show grants", "", "whoami; drop"] {
        let answer = world.alice(&whoami(query)).await;
        assert_eq!(answer.error(), (400, "NotSupported"), "{query}");
        let expected = format!("the query `{query}` is not served here; `whoami` is");
        assert!(answer.message().ends_with(&expected), "{answer:?}");
    }
    let long = world.alice(&whoami(&"x".repeat(5000))).await;
    assert!(long.message().len() < 400, "{}", long.message().len());
}

#[tokio::test]
async fn a_body_that_is_not_such_a_document_is_refused() {
    let world = World::new().await;
    let bomb = "<!DOCTYPE x [<!ENTITY a \"whoami\">]><Authorization><Query>&a;</Query></Authorization>";
    for body in ["", "{}", "<Authorization/>", "<Query>whoami</Query>", bomb] {
        let answer = world.alice(&ask("POST", "/projects/demo/authorization").body(body)).await;
        assert_eq!(answer.error(), (400, "MalformedXML"), "{body}");
        assert!(
            answer.message().starts_with("ODPS-0420031: Invalid xml in HTTP request body - "),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_token_is_not_made_for_what_is_not_understood() {
    let world = World::new().await;
    let policy = r#"{"Version":"1","Statement":[]}"#;
    let condition =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}]}"#;
    let cases = [
        ("".to_owned(), "cannot be read"),
        ("[]".to_owned(), "cannot be read"),
        ("{}".to_owned(), "missing field `policy`"),
        (format!(r#"{{"policy":{policy},"policy":{policy}}}"#), "duplicate field `policy`"),
        (format!(r#"{{"policy":{policy},"user":"x"}}"#), "unknown field `user`"),
        (format!(r#"{{"policy":{policy}}} x"#), "trailing characters"),
        (format!(r#"{{"expires_in_hours":"1","policy":{policy}}}"#), "invalid type"),
        (format!(r#"{{"expires_in_hours":0,"policy":{policy}}}"#), "should be from 1 to 720"),
        (format!(r#"{{"expires_in_hours":0.99,"policy":{policy}}}"#), "should be from 1 to 720"),
        (format!(r#"{{"expires_in_hours":721,"policy":{policy}}}"#), "should be from 1 to 720"),
        (format!(r#"{{"expires_in_hours":-1,"policy":{policy}}}"#), "should be from 1 to 720"),
        (format!(r#"{{"expires_in_hours":1e300,"policy":{policy}}}"#), "should be from 1 to 720"),
        (r#"{"policy":"x"}"#.to_owned(), "expected struct Policy"),
        (format!(r#"{{"policy":{condition}}}"#), "unknown field `Condition`"),
    ];
    for (body, expected) in cases {
        let target = "/projects/demo/authorization?sign_bearer_token&curr_project=demo";
        let answer = world.alice(&ask("POST", target).body(&body)).await;
        assert_eq!(answer.error(), (400, "InvalidArgument"), "{body}: {answer:?}");
        assert!(answer.message().contains(expected), "{body}: {answer:?}");
    }
}
