//! The laws over the corpus, and over bytes that were made from it, on any toolchain and within seconds.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_laws::{TARGETS, Target};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// For how long each target is tried.
const EACH: Duration = Duration::from_millis(1_500);

/// What happens to the bytes of a corpus entry.
#[derive(Clone, Debug)]
enum Edit {
    Put(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Some of the same text once more, elsewhere.
    Repeat(Index, Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let marks = prop_oneof![
        "[ -~]{1,4}".prop_map(String::into_bytes),
        "(&|=|\\?|/|%2[0-9A-F]|%[0-9a-f]{2}|\\+|:|,|;|\r\n|\n|#){1,3}".prop_map(String::into_bytes),
        "(x-odps-[a-c]|Date|Authorization|Content-MD5|Content-Type): [ -~]{0,8}\r\n"
            .prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 1..6),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (any::<Index>(), marks).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1..20usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<Index>(), any::<Index>(), 1..60usize)
            .prop_map(|(to, from, length)| Edit::Repeat(to, from, length)),
    ]
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let length = bytes.len();
        match edit {
            Edit::Put(at, byte) if length > 0 => bytes[at.index(length)] = *byte,
            Edit::Insert(at, more) => {
                let at = at.index(length + 1);
                bytes.splice(at..at, more.iter().copied());
            }
            Edit::Remove(at, count) if length > 0 => {
                let at = at.index(length);
                bytes.drain(at..length.min(at + count));
            }
            Edit::Repeat(to, from, count) if length > 0 => {
                let from = from.index(length);
                let again = bytes[from..length.min(from + count)].to_vec();
                let to = to.index(length);
                bytes.splice(to..to, again);
            }
            Edit::Put(..) | Edit::Remove(..) | Edit::Repeat(..) => {}
        }
    }
    bytes
}

/// Tries a target until its time is up. What fails is made as small as it can be, and shown.
fn tried(target: Target) {
    let corpus = (target.corpus)();
    assert!(corpus.len() > 3);
    corpus.iter().for_each(|bytes| (target.law)(bytes));
    (target.law)(b"");

    let made = (proptest::sample::select(corpus), proptest::collection::vec(edit(), 1..6))
        .prop_map(|(bytes, edits)| edited(bytes, &edits));
    let any = proptest::collection::vec(any::<u8>(), 0..300);
    let strategy = prop_oneof![9 => made, 1 => any];
    let began = Instant::now();
    let mut rounds: u64 = 0;
    while began.elapsed() < EACH {
        // Another seed in each round, and the same ones in each run: a failure comes back.
        let config = Config {
            cases: 10,
            rng_seed: RngSeed::Fixed(rounds),
            failure_persistence: None,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&strategy, |bytes| {
            (target.law)(&bytes);
            Ok(())
        });
        if let Err(failure) = outcome {
            panic!("{}: {failure}", target.name);
        }
        rounds += 1;
    }
    assert!(rounds > 0);
}

fn named(name: &str) -> Target {
    TARGETS.into_iter().find(|target| target.name == name).expect("a target of this name")
}

#[test]
fn reading() {
    tried(named("read"));
}

#[test]
fn every_scheme_is_read_and_refused() {
    tried(named("schemes"));
}

#[test]
fn canonicalizing() {
    tried(named("canonicalize"));
}

#[test]
fn verifying() {
    tried(named("verify"));
}

#[test]
fn signing() {
    tried(named("sign"));
}

#[test]
fn explaining() {
    tried(named("explain"));
}

#[test]
fn profiles() {
    tried(named("properties"));
}

/// libFuzzer runs what is tried here, and nothing is left out.
#[test]
fn every_target_has_its_program() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let mut found: Vec<_> = fs::read_dir(fuzz.join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut expected: Vec<_> = TARGETS.iter().map(|target| format!("{}.rs", target.name)).collect();
    expected.sort();
    assert_eq!(found, expected);
    for target in TARGETS {
        let text = fs::read_to_string(fuzz.join("fuzz_targets").join(format!("{}.rs", target.name))).unwrap();
        assert!(text.contains(&format!("countersign_laws::{}::law(bytes)", target.name)), "{text}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{}.rs\"", target.name)));
    }
}
