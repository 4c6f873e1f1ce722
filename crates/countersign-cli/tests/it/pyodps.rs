//! PyODPS from PyPI, unmodified, against the running server.

use serde_json::Value;

use crate::support::python::Script;
use crate::support::{Data, Key, Server, eventually, program};

/// The result of a step of login.py, or its error.
fn result<'v>(report: &'v Value, step: &str) -> &'v Value {
    let step = &report["steps"][step];
    assert!(step.get("error").is_none(), "{step}: {report:#}");
    &step["result"]
}

fn error<'v>(report: &'v Value, step: &str) -> (&'v str, &'v str, &'v str) {
    let error = &report["steps"][step]["error"];
    let text =
        |name: &str| error[name].as_str().unwrap_or_else(|| panic!("{step} has no {name}: {report:#}"));
    (text("class"), text("code"), text("message"))
}

fn assert_signed_in(report: &Value) {
    assert_eq!(result(report, "exist_project"), true);
    assert_eq!(result(report, "exist_missing_project"), false);
    assert_eq!(result(report, "reload")["name"], "demo");
    assert_eq!(result(report, "reload")["owner"], "ALIYUN$owner@example.com");
    assert_eq!(result(report, "list_projects"), &serde_json::json!(["demo"]));
    let who = result(report, "whoami");
    let who: Value = who.as_str().map_or_else(|| who.clone(), |text| serde_json::from_str(text).unwrap());
    assert_eq!(who["DisplayName"], "ALIYUN$owner@example.com");
    assert_eq!(result(report, "current_user")["display_name"], "ALIYUN$owner@example.com");
    assert_eq!(result(report, "list_tables"), &serde_json::json!([]));
    assert!(result(report, "constructor")["project"].is_string());
    assert_eq!(result(report, "bearer_exist_project"), true);
}

#[test]
fn signs_in_by_version_2() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    let Some(script) = Script::new("login.py") else { return };
    let report = script.signing_as(&key, &server.endpoint).run();
    assert_signed_in(&report);
    assert_eq!(report["downgraded"], serde_json::json!([]));
}

#[test]
fn signs_in_by_version_4_and_by_that_of_a_private_cloud() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    for prefix in ["", "apsara_v4"] {
        let Some(script) = Script::new("login.py") else { return };
        let script = script
            .signing_as(&key, &server.endpoint)
            .with("REGION", "cn-hangzhou")
            .with("SIGNATURE_PREFIX", prefix);
        let report = script.run();
        assert_signed_in(&report);
        assert_eq!(report["downgraded"], serde_json::json!([]), "it was version 4 to the end");
    }
}

#[test]
fn goes_on_with_version_2_where_version_4_is_off() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start_with(program(), &data, "[maxcompute]\nodps_v4 = false\n");
    let Some(script) = Script::new("login.py") else { return };
    let report = script.signing_as(&key, &server.endpoint).with("REGION", "cn-hangzhou").run();
    assert_signed_in(&report);
    assert_eq!(report["downgraded"], serde_json::json!([server.endpoint]));
}

#[test]
fn a_wrong_secret_an_unknown_id_and_a_disabled_key_each_raise_their_own() {
    let data = Data::new();
    let (good, disabled) = (data.create_key(), data.create_key());
    data.ok(&["access-key", "disable", &disabled.id]);
    let server = Server::start(&data);
    let wrong = Key { secret: "CSSKwrong".to_owned(), ..good };
    let unknown = Key { id: "CSAKnobody".to_owned(), secret: "x".to_owned() };
    let cases = [
        (
            &wrong,
            "SignatureNotMatch",
            "SignatureNotMatch",
            "ODPS-0410042:Invalid signature value - User signature does not match",
        ),
        (
            &unknown,
            "ODPSError",
            "AccessKeyIdNotFound",
            "ODPS-0410051:Invalid credentials - accessKeyId not found",
        ),
        (
            &disabled,
            "ODPSError",
            "AccessKeyDisabled",
            "ODPS-0410051:Invalid credentials - accessKeyId is disabled",
        ),
    ];
    for region in ["", "cn-hangzhou"] {
        for (key, class, code, message) in &cases {
            let Some(script) = Script::new("login.py") else { return };
            let report = script.signing_as(key, &server.endpoint).with("REGION", region).run();
            // A request without a body, and one with.
            for step in ["exist_project", "whoami"] {
                let (raised, said, text) = error(&report, step);
                assert_eq!((raised, said), (*class, *code), "{step}: {report:#}");
                assert!(text.contains(message), "{step}: {text}");
            }
            assert_eq!(report["downgraded"], serde_json::json!([]), "only one refusal may cause that");
        }
    }
}

#[test]
fn a_clock_900_seconds_off_is_accepted_and_901_refused() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    for (seconds, accepted) in [(900, true), (-900, true), (901, false), (-901, false)] {
        let Some(script) = Script::new("skew.py") else { return };
        let Some(script) = script.signing_as(&key, &server.endpoint).with_clock(seconds) else { return };
        let report = script.run();
        if accepted {
            assert_eq!(report["result"], true, "{seconds}: {report:#}");
        } else {
            let error = &report["error"];
            assert_eq!(error["class"], "RequestTimeTooSkewed", "{seconds}: {report:#}");
            assert_eq!(error["code"], "RequestTimeTooSkewd", "{seconds}");
            assert!(error["message"].as_str().unwrap().contains("max_interval_date:900000"), "{report:#}");
        }
    }
}

#[test]
fn a_key_disabled_while_a_client_runs_is_refused_with_its_code() {
    let data = Data::new();
    let key = data.create_key();
    let server = Server::start(&data);
    let Some(script) = Script::new("login.py") else { return };
    assert_signed_in(&script.signing_as(&key, &server.endpoint).run());
    data.ok(&["access-key", "disable", &key.id]);
    eventually("the disabled key is refused", || {
        let report = Script::new("login.py")?.signing_as(&key, &server.endpoint).run();
        (report["steps"]["exist_project"]["error"]["code"] == "AccessKeyDisabled").then_some(())
    });
}
