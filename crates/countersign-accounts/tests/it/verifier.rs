use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use countersign::{
    AccessKeySecret, Ambiguity, Body, Credential, Place, Refusal, Request, SignOptions, Timestamp, schemes,
    sign,
};
use countersign_accounts::access_key::KeyMaterial;
use countersign_accounts::change::Change;
use countersign_accounts::keyring::{Keyring, Snapshot};
use countersign_accounts::network::Networks;
use countersign_accounts::random;
use countersign_accounts::seal::Sealed;
use countersign_accounts::verifier::{Context, Demands, Verdict, Verifier};
use http::HeaderMap;

use crate::{account, created, created_of, id, opened, public_key, revision, ring};

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
}

/// Where requests come from.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// The key of a change may be used from these networks alone.
fn only_from((change, sealed): (Change, Option<Sealed>), from: &str) -> (Change, Option<Sealed>) {
    let Change::AccessKeyCreated { account, access_key, description, expires, replaces, .. } = change else {
        panic!()
    };
    let networks = Networks::from_text(from).unwrap();
    (
        Change::AccessKeyCreated {
            account,
            access_key,
            description,
            expires,
            replaces,
            networks,
            kind: countersign_accounts::access_key::AccessKeyKind::Secret,
            disabled: false,
        },
        sealed,
    )
}

/// Keys: `GOOD`, `HERE` and `ELSEWHERE` by where they may be used from, `DISABLED`, `DELETED`, `EXPIRED` at `now()`, and `SUSPENDED` of a suspended account.
pub(crate) fn verifier() -> Verifier {
    let ring = ring();
    let (expiring, sealed) = created(&ring, "acc_1", "EXPIRED");
    let Change::AccessKeyCreated { account: owner, access_key, description, replaces, networks, .. } =
        expiring
    else {
        panic!()
    };
    let expired = Change::AccessKeyCreated {
        account: owner,
        access_key,
        description,
        expires: Some(now()),
        replaces,
        networks,
        kind: countersign_accounts::access_key::AccessKeyKind::Secret,
        disabled: false,
    };
    let changes = [
        (opened("acc_1"), None),
        (opened("acc_2"), None),
        created(&ring, "acc_1", "GOOD"),
        created(&ring, "acc_1", "DISABLED"),
        created(&ring, "acc_1", "DELETED"),
        created(&ring, "acc_2", "SUSPENDED"),
        (expired, sealed),
        (Change::AccessKeyDisabled { account: account("acc_1"), access_key: id("DISABLED") }, None),
        (Change::AccessKeyDisabled { account: account("acc_1"), access_key: id("DELETED") }, None),
        (Change::AccessKeyDeleted { account: account("acc_1"), access_key: id("DELETED") }, None),
        (Change::AccountSuspended { account: account("acc_2") }, None),
        only_from(created(&ring, "acc_1", "HERE"), "192.0.2.0/24 2001:db8::/32"),
        only_from(created(&ring, "acc_1", "ELSEWHERE"), "198.51.100.0/24"),
        created_of(&ring, "acc_1", "PUBLIC", &KeyMaterial::Public(public_key())),
    ];
    let snapshot = Snapshot::from_full_state(revision(11), &changes, &ring).unwrap();
    Verifier::new(Arc::new(Keyring::new(snapshot)), &mut random::from_system())
}

pub(crate) struct Signed {
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

pub(crate) fn signed(
    key: &str,
    secret: &str,
    target: &str,
    headers: &[(&str, &str)],
    options: &SignOptions,
) -> Signed {
    let mut request = http::Request::builder().method("POST").uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let credential = Credential { id: id(key), secret: AccessKeySecret::new(secret) };
    sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, options).unwrap();
    Signed { target: target.to_owned(), headers: parts.headers }
}

fn judge(signed: &Signed, body: Body<'_>, demands: &Demands) -> Result<(String, u64), Refusal> {
    judge_at(&verifier(), signed, body, demands, now())
}

fn judge_at(
    verifier: &Verifier,
    signed: &Signed,
    body: Body<'_>,
    demands: &Demands,
    now: Timestamp,
) -> Result<(String, u64), Refusal> {
    let request = Request::new("POST", &signed.target, &signed.headers, body);
    match verifier.verify(&request, &Context { now, demands, peer: Some(PEER) }) {
        Verdict::Verified(verified) => Ok((verified.access_key.account.to_string(), verified.revision.seq)),
        Verdict::Refused(refused) => Err(refused.refusal),
        Verdict::Pending(_) => Ok(("pending".to_owned(), 0)),
        Verdict::NeedsBody => panic!("no form is signed"),
    }
}

fn judge_key(key: &str, secret: &str) -> Result<(String, u64), Refusal> {
    let signed = signed(key, secret, "/api/tenants", &[], &SignOptions::at(now()));
    judge(&signed, Body::Unread, &Demands::at("/api"))
}

#[test]
fn a_key_in_good_standing_is_verified_and_says_whose_it_is() {
    assert_eq!(judge_key("GOOD", "secret of GOOD"), Ok(("acc_1".to_owned(), 11)));
}

#[test]
fn standing_is_told_only_to_one_who_holds_the_secret() {
    let cases = [
        ("DISABLED", Refusal::DisabledAccessKey),
        ("EXPIRED", Refusal::ExpiredAccessKey(now())),
        ("SUSPENDED", Refusal::SuspendedAccount),
        ("ELSEWHERE", Refusal::SourceNotAllowed(Some(PEER))),
    ];
    for (key, refusal) in cases {
        assert_eq!(judge_key(key, &format!("secret of {key}")), Err(refusal));
        assert!(matches!(judge_key(key, "guess"), Err(Refusal::SignatureMismatch { .. })), "{key}");
    }
}

#[test]
fn a_key_with_networks_is_used_from_them_alone() {
    assert_eq!(judge_key("HERE", "secret of HERE"), Ok(("acc_1".to_owned(), 11)));
    let verifier = verifier();
    let demands = Demands::at("/api");
    let signed = signed("HERE", "secret of HERE", "/api/tenants", &[], &SignOptions::at(now()));
    let judged = |peer: Option<&str>| {
        let peer = peer.map(|peer| peer.parse().unwrap());
        let request = Request::new("POST", &signed.target, &signed.headers, Body::Unread);
        match verifier.verify(&request, &Context { now: now(), demands: &demands, peer }) {
            Verdict::Verified(_) => Ok(()),
            Verdict::NeedsBody | Verdict::Pending(_) => panic!(),
            Verdict::Refused(refused) => Err(refused.refusal),
        }
    };
    for peer in ["192.0.2.255", "::ffff:192.0.2.1", "2001:db8::1"] {
        assert_eq!(judged(Some(peer)), Ok(()), "{peer}");
    }
    for peer in ["192.0.3.1", "::1", "::ffff:198.51.100.1"] {
        assert_eq!(judged(Some(peer)), Err(Refusal::SourceNotAllowed(Some(peer.parse().unwrap()))));
    }
    assert_eq!(judged(None), Err(Refusal::SourceNotAllowed(None)), "an address that nobody knows is in none");
    let token = verifier.in_good_standing("HERE", now(), Some("::1".parse().unwrap()));
    assert_eq!(token.unwrap_err(), Refusal::SourceNotAllowed(Some("::1".parse().unwrap())));
}

#[test]
fn a_deleted_key_is_as_unknown_as_one_that_never_was() {
    for key in ["DELETED", "NEVER"] {
        for secret in [&format!("secret of {key}"), "guess"] {
            assert_eq!(judge_key(key, secret), Err(Refusal::UnknownAccessKey(key.to_owned())), "{secret}");
        }
    }
}

#[test]
fn an_unsigned_request_is_refused() {
    let signed = Signed { target: "/api/tenants".to_owned(), headers: HeaderMap::new() };
    assert_eq!(judge(&signed, Body::Unread, &Demands::at("/api")), Err(Refusal::Unsigned));
}

#[test]
fn case_13_a_signed_date_is_checked_and_case_14_into_the_future_too() {
    for (shift, accepted) in [(-900, true), (900, true), (-901, false), (901, false), (86_400, false)] {
        let at = Timestamp::from_unix_millis(now().unix_millis() + shift * 1000);
        let signed = signed("GOOD", "secret of GOOD", "/api/tenants", &[], &SignOptions::at(at));
        let verdict = judge(&signed, Body::Unread, &Demands::at("/api"));
        let stale = Err(Refusal::Stale { signed_at: at, now: now(), window: Duration::from_secs(900) });
        assert_eq!(verdict.is_ok(), accepted, "{shift}");
        assert!(accepted || verdict == stale, "{shift}: {verdict:?}");
    }
}

#[test]
fn a_credential_that_is_not_judged_is_refused_by_name() {
    for name in
        ["authorization-sts-token", "application-authentication", "sts-authentication", "x-odps-bearer-token"]
    {
        let signed =
            signed("GOOD", "secret of GOOD", "/api/tenants", &[(name, "x")], &SignOptions::at(now()));
        assert_eq!(judge(&signed, Body::Unread, &Demands::at("/api")), Err(Refusal::Unsupported(name)));
    }
}

#[test]
fn derived_keys_can_be_switched_off() {
    let options = SignOptions { region: Some("cn-hangzhou".to_owned()), ..SignOptions::at(now()) };
    let signed = signed("GOOD", "secret of GOOD", "/api/tenants", &[], &options);
    assert!(judge(&signed, Body::Unread, &Demands::at("/api")).is_ok());
    let without = Demands { derived_keys: false, ..Demands::at("/api") };
    assert_eq!(judge(&signed, Body::Unread, &without), Err(Refusal::DerivedKeysOff));
}

#[test]
fn case_19_a_repeated_name_is_refused_unless_the_endpoint_takes_it() {
    let signed = signed("GOOD", "secret of GOOD", "/api/a?k=1&k=2", &[], &SignOptions::at(now()));
    let refusal = Refusal::Ambiguous(Ambiguity::RepeatedName("k".to_owned()));
    assert_eq!(judge(&signed, Body::Unread, &Demands::at("/api")), Err(refusal));
    let relaxed = Demands { ambiguous: true, ..Demands::at("/api") };
    assert!(judge(&signed, Body::Unread, &relaxed).is_ok());
}

#[test]
fn a_signed_digest_is_compared_with_the_body() {
    let md5 = [("content-md5", "a8b594bf8dcca656fb1eb1b66344940a")];
    let request = signed("GOOD", "secret of GOOD", "/api/a", &md5, &SignOptions::at(now()));
    let demands = Demands::at("/api");
    assert_eq!(judge(&request, Body::Unread, &demands), Ok(("pending".to_owned(), 0)));
    assert!(judge(&request, Body::Whole(b"<x/>"), &demands).is_ok());
    assert_eq!(judge(&request, Body::Whole(b"<y/>"), &demands), Err(Refusal::BodyMismatch));
    // Nobody's body is read before the head is proven.
    let forged = signed("GOOD", "guess", "/api/a", &md5, &SignOptions::at(now()));
    assert!(matches!(judge(&forged, Body::Unread, &demands), Err(Refusal::SignatureMismatch { .. })));
}

#[test]
fn what_acts_in_the_name_of_a_key_is_judged_by_its_standing() {
    let verifier = verifier();
    assert_eq!(verifier.in_good_standing("GOOD", now(), Some(PEER)).unwrap().account, account("acc_1"));
    let cases = [
        ("DISABLED", Refusal::DisabledAccessKey),
        ("DELETED", Refusal::UnknownAccessKey("DELETED".to_owned())),
        ("EXPIRED", Refusal::ExpiredAccessKey(now())),
        ("SUSPENDED", Refusal::SuspendedAccount),
        ("NEVER", Refusal::UnknownAccessKey("NEVER".to_owned())),
    ];
    for (key, refusal) in cases {
        assert_eq!(verifier.in_good_standing(key, now(), Some(PEER)).unwrap_err(), refusal, "{key}");
    }
}

#[test]
fn case_42_unknown_keys_can_be_hidden_behind_a_wrong_signature() {
    let hiding = Demands { hide_unknown_keys: true, ..Demands::at("/api") };
    for target in ["/api/tenants", "/api/a+b?x-odps-c=1", "/api/a?k=%2541"] {
        let answers = ["GOOD", "DISABLED", "DELETED", "NEVER"].map(|key| {
            let signed = signed(key, "guess", target, &[], &SignOptions::at(now()));
            judge(&signed, Body::Unread, &hiding).unwrap_err()
        });
        assert!(matches!(answers[0], Refusal::SignatureMismatch { .. }), "{:?}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{target}: {answers:?}");
    }
    // Who holds the secret is told the truth.
    let signed = signed("DISABLED", "secret of DISABLED", "/api/tenants", &[], &SignOptions::at(now()));
    assert_eq!(judge(&signed, Body::Unread, &hiding), Err(Refusal::DisabledAccessKey));
}

/// A request by a key, signed so many seconds after `now()`.
fn signed_at(key: &str, seconds: i64) -> Signed {
    signed(key, &format!("secret of {key}"), "/api/tenants", &[], &SignOptions::at(after(seconds)))
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(now().unix_millis() + seconds * 1000)
}

#[test]
fn case_41_a_clock_set_back_does_not_make_an_old_signature_fresh() {
    let verifier = verifier();
    let demands = Demands::at("/api");
    let judge =
        |signed: &Signed, seconds| judge_at(&verifier, signed, Body::Unread, &demands, after(seconds));
    let captured = signed_at("GOOD", 0);
    assert!(judge(&captured, 10).is_ok());
    assert!(judge(&signed_at("GOOD", 1200), 1200).is_ok());
    assert!(judge(&captured, 1200).is_err(), "too old");
    // The clock goes back twenty minutes, to where the captured request would be fresh.
    assert!(matches!(judge(&captured, 0), Err(Refusal::Stale { .. })), "an old signature came back");
    assert!(matches!(judge(&signed_at("GOOD", 0), 0), Err(Refusal::Stale { .. })));
    // A few minutes break nothing: what is signed by a right clock, or by one that is a little off, is accepted.
    assert!(judge(&signed_at("GOOD", 1200), 900).is_ok());
    assert!(judge(&signed_at("GOOD", 600), 600).is_ok());
    // And when the clock has caught up, all is as before.
    assert!(judge(&signed_at("GOOD", 1300), 1300).is_ok());
}

#[test]
fn case_41_a_clock_that_ran_ahead_for_a_while_breaks_nothing_once_it_is_right() {
    let verifier = verifier();
    let demands = Demands::at("/api");
    let judge =
        |signed: &Signed, seconds| judge_at(&verifier, signed, Body::Unread, &demands, after(seconds));
    assert!(judge(&signed_at("GOOD", 0), 0).is_ok());
    // A year ahead: honest clients are refused meanwhile, and nothing that strangers send is believed.
    let year = 365 * 86_400;
    assert!(judge(&signed_at("GOOD", 10), year).is_err());
    assert!(
        judge(&signed("GOOD", "guess", "/api/tenants", &[], &SignOptions::at(after(year))), year).is_err()
    );
    assert!(judge(&signed_at("NEVER", year), year).is_err());
    assert!(judge(&signed_at("GOOD", 20), 20).is_ok());
}

#[test]
fn case_41_a_clock_set_back_does_not_bring_an_expired_key_back() {
    let verifier = verifier();
    let demands = Demands::at("/api");
    let judge = |key, signed: i64, now: i64| {
        judge_at(&verifier, &signed_at(key, signed), Body::Unread, &demands, after(now))
    };
    // It expires at 0.
    assert!(judge("EXPIRED", -5, -5).is_ok());
    assert_eq!(judge("EXPIRED", 1, 1), Err(Refusal::ExpiredAccessKey(now())));
    assert_eq!(judge("EXPIRED", -5, -5), Err(Refusal::ExpiredAccessKey(now())), "it came back");
    assert_eq!(
        verifier.in_good_standing("EXPIRED", after(-5), Some(PEER)).unwrap_err(),
        Refusal::ExpiredAccessKey(now())
    );
    assert!(judge("GOOD", -5, -5).is_ok());
}

#[test]
fn what_everybody_knows_of_a_public_key_signs_nothing_by_hmac() {
    let (pem, der) = (public_key().to_pem(), public_key().as_der().to_vec());
    let der = String::from_utf8_lossy(&der).into_owned();
    let base64 = pem.lines().nth(1).unwrap();
    for secret in ["", &pem, pem.trim_end(), base64, &der, &public_key().fingerprint()] {
        let signed = signed("PUBLIC", secret, "/api/projects/demo", &[], &SignOptions::at(now()));
        let judged = judge(&signed, Body::Whole(b""), &Demands::at("/api"));
        assert!(matches!(judged, Err(Refusal::SignatureMismatch { .. })), "{judged:?}");
    }
}

/// A request of a file of vectors, and the public key that verifies it.
fn by_a_public_key(file: &str, id: &str) -> (Signed, countersign::crypto::PublicKey) {
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let vector = file["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap();
    let mut headers = HeaderMap::new();
    for pair in vector["headers"].as_array().unwrap() {
        let name: http::HeaderName = pair[0].as_str().unwrap().to_ascii_lowercase().parse().unwrap();
        headers.append(name, pair[1].as_str().unwrap().parse().unwrap());
    }
    let key = countersign::crypto::PublicKey::from_pem(vector["public_key_pem"].as_str().unwrap()).unwrap();
    (Signed { target: vector["request_target"].as_str().unwrap().to_owned(), headers }, key)
}

#[test]
fn rsa_with_sha_1_is_refused_unless_the_operator_takes_it() {
    let rpc = include_str!("../../../../vectors/acs-rpc/rsa.json");
    let odps = include_str!("../../../../vectors/odps/rsa.json");
    for (file, id, base, is_sha1) in [
        (rpc, "own-rpc-SHA1withRSA", "", true),
        (rpc, "own-rpc-SHA256withRSA", "", false),
        (odps, "own-odps-rsa-sha1", "/api", true),
        (odps, "own-odps-rsa-sha256", "/api", false),
    ] {
        let (signed, key) = by_a_public_key(file, id);
        let keys = [(account("acc_1"), crate::id("CSAKownRsa1"), KeyMaterial::Public(key))];
        let verifier =
            Verifier::new(Arc::new(Keyring::new(Snapshot::from_keys(keys))), &mut random::from_system());
        let judge = |rsa_sha1| {
            let request = Request::new("GET", &signed.target, &signed.headers, Body::Whole(b""));
            let (scheme, claim) = schemes::read(&request).unwrap();
            let now = claim.unwrap_or_else(|error| panic!("{}: {error}", scheme.name())).signed_at;
            let demands = Demands { rsa_sha1, ..Demands::at(base) };
            match verifier.verify(&request, &Context { now, demands: &demands, peer: None }) {
                Verdict::Verified(verified) => Ok(verified.access_key.id().to_owned()),
                Verdict::Refused(refused) => Err(refused.refusal),
                Verdict::NeedsBody | Verdict::Pending(_) => panic!("{id}"),
            }
        };
        match judge(false) {
            Err(refusal @ Refusal::AlgorithmNotAllowed(_)) if is_sha1 => {
                assert!(refusal.to_string().contains("have the operator allow it"), "{refusal}");
                assert_eq!(judge(true).as_deref(), Ok("CSAKownRsa1"), "{id}");
            }
            judged => assert!(!is_sha1 && judged.is_ok(), "{id}: {judged:?}"),
        }
    }
}

#[test]
fn schemes_and_signed_header_fields_are_the_operators_demand() {
    let headers = [("x-odps-a", "1"), ("x-other", "2")];
    let signed = signed("GOOD", "secret of GOOD", "/api/tenants", &headers, &SignOptions::at(now()));
    let usual = || Demands::at("/api");
    let demanding = |names: &[&str]| Demands {
        signed_headers: names.iter().map(|n| (*n).to_owned()).collect(),
        ..usual()
    };
    assert!(judge(&signed, Body::Unread, &demanding(&["x-odps-a", "x-not-there"])).is_ok());
    let refused = judge(&signed, Body::Unread, &demanding(&["x-other"]));
    assert_eq!(refused, Err(Refusal::Malformed(countersign::Malformed::NotSigned("x-other".to_owned()))));
    let only = |name: &str| Demands { schemes: Some(vec![name.to_owned()]), ..usual() };
    assert!(judge(&signed, Body::Unread, &only("odps")).is_ok());
    assert_eq!(judge(&signed, Body::Unread, &only("acs3")), Err(Refusal::SchemeNotAllowed("odps")));
}
