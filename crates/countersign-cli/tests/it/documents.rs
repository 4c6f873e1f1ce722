//! What the documents claim is there.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::support::root;

/// The names of all functions in the sources below a folder.
fn functions(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(text.lines().filter_map(|line| {
                let name = line.trim_start().trim_start_matches("async ").strip_prefix("fn ")?;
                Some(name.split(['(', '<']).next().unwrap().to_owned())
            }));
        }
    }
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let mut tests = HashSet::new();
    functions(&root().join("crates"), &mut tests);
    let text = fs::read_to_string(root().join("THREAT_MODEL.md")).unwrap();
    let rows: Vec<_> = text.lines().skip_while(|line| !line.starts_with("| case |")).skip(2).collect();
    assert!(rows.len() > 20);
    for row in rows {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let named: Vec<_> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for test in named {
            assert!(tests.contains(test), "there is no test `{test}`");
        }
    }
}

/// The numbers of the attack cases that a test's name holds.
fn cases(name: &str) -> Vec<usize> {
    let mut words = name.split('_').peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if word == "case" || (word == "and" && !found.is_empty()) {
            found.extend(
                words.peek().filter(|next| next.len() == 2).and_then(|next| next.parse::<usize>().ok()),
            );
        }
    }
    found
}

#[test]
fn the_table_of_attack_cases_and_the_tests_agree() {
    let mut tests = HashSet::new();
    functions(&root().join("crates"), &mut tests);
    let text = fs::read_to_string(root().join("docs/reference/attack-cases.md")).unwrap();
    let rows: Vec<_> = text.lines().skip_while(|line| !line.starts_with("| case |")).skip(2).collect();
    assert_eq!(rows.len(), 44);
    for (number, row) in (1..).zip(rows) {
        let mut columns = row.trim_matches('|').split('|').map(str::trim);
        assert_eq!(columns.next(), Some(number.to_string().as_str()), "{row}");
        let told: HashSet<&str> = columns.next_back().unwrap().split('`').skip(1).step_by(2).collect();
        let there: HashSet<&str> =
            tests.iter().map(String::as_str).filter(|name| cases(name).contains(&number)).collect();
        assert!(!there.is_empty(), "no test is named after case {number}");
        let differ: Vec<_> = told.symmetric_difference(&there).collect();
        assert!(differ.is_empty(), "case {number}: {differ:?}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents: Vec<_> = ["", "docs/reference", "docs/guides", "docs"]
        .iter()
        .filter_map(|folder| fs::read_dir(root().join(folder)).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    documents.sort();
    assert!(documents.len() > 7);
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = link.split('#').next().unwrap();
            let elsewhere = link.contains("://") || file.is_empty();
            assert!(
                elsewhere || document.parent().unwrap().join(file).exists(),
                "{}: {link}",
                document.display()
            );
        }
    }
}
