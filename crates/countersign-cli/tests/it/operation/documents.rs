//! What the reference says of configuration and metrics is what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::serving::Serving;
use crate::support::{Data, program, root};

/// The rows of all tables of a page of the reference, without their heads: the cells of each.
pub(crate) fn rows(page: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/reference").join(page)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let in_table = |line: &&&str| line.starts_with("| `");
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    lines.iter().filter(in_table).map(|line| cells(line)[1..].to_vec()).collect()
}

/// The text between the first two backticks.
pub(crate) fn quoted(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_default()
}

/// The keys of a table and those of the tables in it, with their values.
fn flatten(table: &toml::Table, before: &str, into: &mut BTreeMap<String, toml::Value>) {
    for (name, value) in table {
        let name = format!("{before}{name}");
        match value {
            toml::Value::Table(inner) => flatten(inner, &format!("{name}."), into),
            value => _ = into.insert(name, value.clone()),
        }
    }
}

fn keys(text: &str) -> BTreeMap<String, toml::Value> {
    let mut keys = BTreeMap::new();
    flatten(&text.parse().unwrap(), "", &mut keys);
    keys
}

#[test]
fn every_key_of_the_sample_is_documented_with_its_default_and_no_other() {
    let output = program().args(["config", "sample"]).output().unwrap();
    let sample = String::from_utf8(output.stdout).unwrap();
    let defaults = keys(&sample);
    let all: BTreeSet<_> = keys(&sample.replace("#: ", "")).into_keys().collect();

    let rows = rows("configuration.md");
    let documented: BTreeSet<_> = rows.iter().map(|row| quoted(&row[0]).to_owned()).collect();
    assert_eq!(documented, all);
    assert_eq!(documented.len(), rows.len(), "a key is documented twice");
    for row in &rows {
        let (key, default) = (quoted(&row[0]), quoted(&row[1]));
        assert_eq!(default, defaults.get(key).map(ToString::to_string).unwrap_or_default(), "{key}");
        assert!(["yes", "no"].contains(&row[2].as_str()), "{row:?}");
        assert!(!row[3].is_empty(), "{row:?}");
    }
}

#[test]
fn every_metric_is_documented_with_its_type_and_its_labels_and_no_other() {
    let data = Data::new();
    let server = Serving::start(&data);
    let text = server.admin("/metrics").1;
    let mut served = BTreeMap::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            served.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if !line.starts_with('#') {
            let (name, labels) = line.split_once('{').unwrap_or((line.split(' ').next().unwrap(), ""));
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let (_, known) = served.get_mut(family.unwrap_or(name)).unwrap();
            let labels = labels.split('}').next().unwrap().split(',').filter_map(|pair| pair.split_once('='));
            // `le` is how Prometheus writes histograms.
            known.extend(labels.map(|(name, _)| name.to_owned()).filter(|name| name != "le"));
        }
    }
    let documented: BTreeMap<_, _> = rows("metrics.md")
        .into_iter()
        .filter(|row| quoted(&row[0]).starts_with("countersign_"))
        .map(|row| {
            let labels = row[2].split(", ").map(|label| quoted(label).to_owned());
            let labels = labels.filter(|label| !label.is_empty()).collect();
            (quoted(&row[0]).to_owned(), (row[1].clone(), labels))
        })
        .collect();
    assert_eq!(documented, served);
}
