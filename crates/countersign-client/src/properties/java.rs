//! The reader against `java.util.Properties` itself.

use std::process::Command;

use super::{Malformed, load, write_line};

/// Where the two are most likely to part ways.
const TRICKY: &[&[u8]] = &[
    b"",
    b"\\",
    b"\\\n",
    b"\\\r\n",
    b"\\\n\\\n",
    b"\\\n#a=1\nb=2",
    b"\\\n  \n a=1",
    b"a\\\n\n b=1",
    b"a=1\\\n\\\n2",
    b"a\\\r\r\nb",
    b"a\\",
    b"a=\\",
    b"a=b\\\\",
    b"#",
    b"# a\\\nb=1",
    b" \t\x0c\r\n\x0c#c\r\n!d\ra",
    b"=",
    b":=a",
    b" = a",
    b"a:=b",
    b"a = = b",
    b"a\\=\\:\\ b = c",
    b"a=b # c\n",
    b"a=b  \t\n",
    b"a=\\u0041\\u00E9\\uuuu",
    b"a=\\u004",
    b"\\u0061=1\na=2",
    b"a\\u",
    b"\xef\xbb\xbfproject_name=p\naccess_id=i",
    b"a=\xe9\xff\x00\x7f\x80",
    b"[odps]\naccess_id : i\naccess_key\tk\\\\ey\n",
    b"a\x0bb=c\x85d",
    b"set.a=1\nset.a\n",
];

#[test]
fn java_reads_the_same() {
    let Ok(version) = Command::new("java").arg("-version").output() else {
        eprintln!("skipped: `java` is missing (Debian: default-jdk-headless)");
        return;
    };
    let version = String::from_utf8_lossy(&version.stderr).into_owned();
    let major: Option<u32> =
        version.split('"').nth(1).and_then(|version| version.split('.').next()?.parse().ok());
    if major < Some(17) {
        eprintln!("skipped: `java` is too old, its rules for lines of a single backslash differ: {version}");
        return;
    }

    let mut cases: Vec<Vec<u8>> = TRICKY.iter().map(|case| case.to_vec()).collect();
    let mut random = Random(1);
    for _ in 0..20_000 {
        cases.push(
            (0..random.below(16)).map(|_| random.one_of(b"\\\\\\\n\n\r  \t\x0c==::#!uuab00\xe9")).collect(),
        );
    }
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..2 {
            write_line(&mut text, &random.text(), &random.text());
        }
        cases.push(text.into_bytes());
    }
    // Java reads 8192 bytes at a time.
    for length in 8180..8195 {
        let mut case = vec![b'a'; length];
        case.extend_from_slice(b"=\\\r\n b\\\n\n#c");
        cases.push(case);
    }

    let ours: Vec<String> = cases.iter().map(|case| in_hexadecimal(case)).collect();
    let theirs = read_by_java(&cases);
    assert_eq!(theirs.len(), cases.len());
    for ((case, ours), theirs) in cases.iter().zip(&ours).zip(&theirs) {
        assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(case));
    }
}

fn read_by_java(cases: &[Vec<u8>]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Props.java");
    std::fs::write(&source, include_str!("Props.java")).unwrap();
    let input = folder.path().join("cases");
    let framed = cases.iter().flat_map(|case| {
        let length = u32::try_from(case.len()).unwrap();
        length.to_be_bytes().into_iter().chain(case.iter().copied())
    });
    std::fs::write(&input, framed.collect::<Vec<u8>>()).unwrap();
    let output = Command::new("java").arg(&source).arg(&input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn in_hexadecimal(case: &[u8]) -> String {
    let hexadecimal = |text: &str| text.encode_utf16().map(|unit| format!("{unit:04x}")).collect::<String>();
    match load(case) {
        Ok(properties) => {
            let mut keys: Vec<&str> = properties.keys().collect();
            keys.sort_by_key(|key| key.encode_utf16().collect::<Vec<u16>>());
            let pair = |key| {
                format!(
                    "{}={};",
                    hexadecimal(key),
                    hexadecimal(properties.get_untrimmed(key).unwrap_or_default())
                )
            };
            keys.into_iter().map(pair).collect()
        }
        Err(Malformed::UnicodeEscape { .. }) => "malformed".to_owned(),
        Err(other) => panic!("{other}"),
    }
}

/// The same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn text(&mut self) -> String {
        let characters: Vec<char> = " \t\n\r\x0c\\=:#!ua0\u{0}\u{7f}é\u{2028}漢\u{ffff}😀".chars().collect();
        (0..self.below(8)).map(|_| self.one_of(&characters)).collect()
    }
}
