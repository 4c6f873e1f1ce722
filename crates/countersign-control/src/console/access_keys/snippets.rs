//! How to use an AccessKey from each client: programs to copy. They take it from the environment, so that no secret ends
//! up in what somebody commits.

/// A program to copy.
#[derive(Debug)]
pub(super) struct Snippet {
    /// Its name in addresses within the page.
    pub(super) slug: &'static str,
    /// What it is for.
    pub(super) name: &'static str,
    pub(super) text: String,
}

const ALL: [(&str, &str, &str); 6] = [
    ("pyodps", "PyODPS", include_str!("snippets/pyodps.py")),
    ("odpscmd", "odpscmd", include_str!("snippets/odpscmd.sh")),
    ("java", "Java", include_str!("snippets/Login.java")),
    ("go", "Go", include_str!("snippets/main.go.txt")),
    ("node", "Node.js", include_str!("snippets/request.mjs")),
    ("curl", "curl", include_str!("snippets/curl.sh")),
];

/// The programs. Where the account has no project yet, they name one that is to be filled in.
pub(super) fn all(project: Option<&str>) -> Vec<Snippet> {
    let project = project.unwrap_or("your_project");
    ALL.into_iter()
        .map(|(slug, name, text)| Snippet { slug, name, text: text.replace("@PROJECT@", project) })
        .collect()
}
