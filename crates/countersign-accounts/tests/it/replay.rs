//! What has been used is not used again, whoever asks at once, whatever the clock does, and however much there is.

use std::sync::Barrier;
use std::time::Duration;

use countersign::{Body, Credential, Place, Refusal, Request, SignOptions, Timestamp, schemes, sign};
use countersign_accounts::random;
use countersign_accounts::replay::Replays;
use countersign_accounts::verifier::{Context, Demands, Verdict};

use crate::id;
use crate::verifier::{now, signed, verifier};

const WINDOW: Duration = Duration::from_secs(900);

fn replays(capacity: usize) -> Replays {
    Replays::new(capacity, &mut random::from_system())
}

/// A nonce of a request that was signed at `signed_at` and is judged at `at`.
fn used_at(
    replays: &Replays,
    key: &str,
    nonce: &str,
    signed_at: Timestamp,
    at: Timestamp,
) -> Result<(), Refusal> {
    replays.use_up(key, nonce.as_bytes(), signed_at, signed_at.plus(WINDOW), at)
}

fn used(replays: &Replays, key: &str, nonce: &str) -> Result<(), Refusal> {
    used_at(replays, key, nonce, now(), now())
}

#[test]
fn case_39_a_nonce_is_used_once_by_each_key() {
    let replays = replays(1000);
    assert_eq!(used(&replays, "A", "1"), Ok(()));
    assert_eq!(used(&replays, "A", "1"), Err(Refusal::Replayed));
    assert_eq!(used(&replays, "A", "2"), Ok(()));
    // Another key has nonces of its own, and where one ends and the other begins is no question.
    assert_eq!(used(&replays, "B", "1"), Ok(()));
    assert_eq!(used(&replays, "AB", "1"), Ok(()));
    assert_eq!(used(&replays, "A", "B1"), Ok(()));
    assert_eq!(replays.len(), 5);
}

#[test]
fn case_39_of_many_at_once_one_goes_through() {
    let replays = replays(1000);
    for round in 0..50 {
        let (nonce, barrier) = (round.to_string(), Barrier::new(8));
        let through = std::thread::scope(|scope| {
            let one = || {
                barrier.wait();
                usize::from(used(&replays, "A", &nonce).is_ok())
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(through, 1);
    }
}

#[test]
fn case_39_it_is_remembered_for_as_long_as_the_signature_stands() {
    for second in 0..130 {
        // Signed wherever in a minute: at the last second of its window it is still known.
        let replays = replays(1000);
        let signed_at = now().plus(Duration::from_secs(second));
        assert_eq!(used_at(&replays, "A", "1", signed_at, signed_at), Ok(()));
        let last = signed_at.plus(WINDOW);
        assert_eq!(used_at(&replays, "A", "1", signed_at, last), Err(Refusal::Replayed));
        // Signed ahead of this clock, as far as it may be.
        let early = signed_at.minus(WINDOW);
        let other = crate::replay::replays(1000);
        assert_eq!(used_at(&other, "A", "1", signed_at, early), Ok(()));
        assert_eq!(used_at(&other, "A", "1", signed_at, last), Err(Refusal::Replayed));
    }
}

#[test]
fn case_39_what_was_forgotten_stays_refused_when_the_clock_goes_back() {
    let replays = replays(1000);
    assert_eq!(used(&replays, "A", "1"), Ok(()));
    let later = now().plus(Duration::from_secs(3600));
    assert_eq!(used_at(&replays, "A", "2", later, later), Ok(()));
    assert_eq!(replays.len(), 1, "the first is forgotten");
    // The clock goes back to where the first request would be fresh.
    assert_eq!(used(&replays, "A", "1"), Err(Refusal::Replayed));
    assert_eq!(used(&replays, "A", "3"), Err(Refusal::Replayed), "it cannot be known whether it was used");
}

#[test]
fn case_39_after_a_restart_what_was_signed_before_can_be_refused() {
    let replays = replays(1000).since(now());
    let before = now().minus(Duration::from_secs(1));
    assert_eq!(used_at(&replays, "A", "1", before, now()), Err(Refusal::Replayed));
    assert_eq!(used(&replays, "A", "1"), Ok(()));
}

#[test]
fn case_39_a_flood_is_refused_and_makes_nobody_else_forget() {
    let replays = replays(1000);
    assert_eq!(used(&replays, "QUIET", "1"), Ok(()));
    let through = (0..5000).filter(|nonce| used(&replays, "FLOOD", &nonce.to_string()).is_ok()).count();
    assert!((450..=900).contains(&through), "{through}");
    assert!(matches!(used(&replays, "FLOOD", "more"), Err(Refusal::ReplaysFull { .. })));
    // The first is still known, and the quiet key has room of its own.
    assert_eq!(used(&replays, "QUIET", "1"), Err(Refusal::Replayed));
    assert_eq!(used(&replays, "FLOOD", "0"), Err(Refusal::Replayed));
    for nonce in 2..100 {
        assert_eq!(used(&replays, "QUIET", &nonce.to_string()), Ok(()));
    }
    // However many flood it, there is an end.
    for key in 0..1000 {
        for nonce in 0..20 {
            let _ = used(&replays, &format!("KEY{key}"), &nonce.to_string());
        }
    }
    assert!(replays.len() <= 1000, "{}", replays.len());
    // When the time of all is over, there is room again.
    let later = now().plus(Duration::from_secs(3600));
    assert_eq!(used_at(&replays, "FLOOD", "0", later, later), Ok(()));
    assert_eq!(replays.len(), 1);
}

/// They are counted down some at a time, and to the last.
#[test]
fn what_is_forgotten_makes_room_whatever_its_number() {
    let replays = replays(10_000);
    for number in [1, 999, 1000, 1001, 2500] {
        let at = now().plus(Duration::from_secs(3600 * number));
        for nonce in 0..number {
            assert_eq!(used_at(&replays, "A", &nonce.to_string(), at, at), Ok(()));
            assert_eq!(used_at(&replays, "B", &nonce.to_string(), at, at), Ok(()));
        }
        assert_eq!(replays.len(), 2 * number as usize, "what was before is forgotten");
    }
    // Neither a key nor what it has used is counted that is not there any more: one has taken the half that is for whoever
    // comes, and the next has a third of the other, as that of one of two keys with one more to come.
    let at = now().plus(Duration::from_secs(3600 * 5000));
    let through =
        |key| (0..10_000).filter(|nonce| used_at(&replays, key, &nonce.to_string(), at, at).is_ok()).count();
    assert_eq!((through("C"), through("A")), (5000, 1666));
}

/// Judged twice, with the wish that what may not be repeated is not.
fn twice(method: &str, demands: &Demands) -> [Result<(), Refusal>; 2] {
    let verifier = verifier();
    let mut request = http::Request::builder().method(method).uri("/api/tenants");
    request = request.header("x-odps-user-agent", "test");
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let credential =
        Credential { id: id("GOOD"), secret: countersign::AccessKeySecret::new("secret of GOOD") };
    sign(schemes::ODPS, Place::at("/api"), &mut parts, b"", &credential, &SignOptions::at(now())).unwrap();
    [0, 1].map(|_| {
        let request = Request::new(method, "/api/tenants", &parts.headers, Body::Whole(b""));
        match verifier.verify(&request, &Context { now: now(), demands, peer: None }) {
            Verdict::Verified(_) => Ok(()),
            Verdict::Refused(refused) => Err(refused.refusal),
            Verdict::NeedsBody | Verdict::Pending(_) => panic!(),
        }
    })
}

#[test]
fn a_repeated_signature_is_refused_where_the_operator_wishes_and_the_method_may_not_be_repeated() {
    let usual = Demands::at("/api");
    assert_eq!(twice("POST", &usual), [Ok(()), Ok(())]);
    let once = Demands { refuse_repeats: true, ..usual };
    assert_eq!(twice("POST", &once), [Ok(()), Err(Refusal::Replayed)]);
    assert_eq!(twice("PATCH", &once), [Ok(()), Err(Refusal::Replayed)]);
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        assert_eq!(twice(method, &once), [Ok(()), Ok(())], "{method}");
    }
}

#[test]
fn a_request_that_is_refused_uses_nothing_up() {
    let verifier = verifier();
    let demands = Demands { refuse_repeats: true, ..Demands::at("/api") };
    let digest = [("content-md5", "qLWUv43Mplb7HrG2Y0SUCg==")];
    let signed = signed("GOOD", "secret of GOOD", "/api/tenants", &digest, &SignOptions::at(now()));
    let context = Context { now: now(), demands: &demands, peer: None };
    let judge = |body: &[u8]| {
        let request = Request::new("POST", &signed.target, &signed.headers, Body::Whole(body));
        match verifier.verify(&request, &context) {
            Verdict::Verified(_) => Ok(()),
            Verdict::Refused(refused) => Err(refused.refusal),
            Verdict::NeedsBody | Verdict::Pending(_) => panic!(),
        }
    };
    assert_eq!(judge(b"<y/>"), Err(Refusal::BodyMismatch));
    // The body in pieces, the same: two are under way at once, and one goes through.
    let requests = [(); 3].map(|()| Request::new("POST", &signed.target, &signed.headers, Body::Unread));
    let mut pending = requests.iter().map(|request| match verifier.verify(request, &context) {
        Verdict::Pending(pending) => pending,
        verdict => panic!("{verdict:?}"),
    });
    let mut pending = || pending.next().unwrap();
    let mut wrong = pending();
    wrong.update(b"<y/>").unwrap();
    assert_eq!(verifier.finish(wrong, now()).unwrap_err().refusal, Refusal::BodyMismatch);
    assert!(verifier.replays().is_empty());
    let (mut one, mut other) = (pending(), pending());
    for piece in [&b"<"[..], b"x/", b">"] {
        one.update(piece).unwrap();
        other.update(piece).unwrap();
    }
    assert!(verifier.finish(one, now()).is_ok());
    assert_eq!(verifier.finish(other, now()).unwrap_err().refusal, Refusal::Replayed);
    assert_eq!(judge(b"<x/>"), Err(Refusal::Replayed));
}
