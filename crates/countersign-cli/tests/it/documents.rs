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
