//! The policy in a bearer token: a small part of RAM's language, all of which is understood here.
//!
//! ```json
//! {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["odps:Read"], "Resource": "acs:odps:*:projects/p"}]}
//! ```
//!
//! What is not understood, such as a `Condition`, is refused when the token is asked for: ignored, it would make a
//! token that allows more than its owner meant. What no statement allows is denied, and one that denies wins.

use countersign_accounts::project::ProjectName;
use serde::{Deserialize, Serialize};

/// How large a policy may be, as JSON without blanks. It travels in a header field, encoded twice.
const LARGEST: usize = 16 * 1024;
const ACTION_PREFIX: &str = "odps:";
/// The region and the owner of a resource are never named: a project's name is enough.
const RESOURCE_PREFIX: &str = "acs:odps:*:";

/// What the holder of a bearer token may do.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Policy {
    version: Version,
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize, Serialize)]
enum Version {
    #[serde(rename = "1")]
    One,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: Effect,
    action: Patterns,
    resource: Patterns,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum Effect {
    Allow,
    Deny,
}

/// One pattern, or a list of them.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum Patterns {
    One(String),
    Many(Vec<String>),
}

/// What can be done to a project here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    List,
}

impl Action {
    /// Its name in policies and messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "odps:Read",
            Self::List => "odps:List",
        }
    }
}

impl Policy {
    /// Whether every part of it is understood. The error says which is not.
    pub(super) fn check(&self) -> Result<(), String> {
        if serde_json::to_vec(self).map_or(usize::MAX, |text| text.len()) > LARGEST {
            return Err(format!("the policy is larger than {LARGEST} bytes"));
        }
        for statement in &self.statement {
            for pattern in statement.action.iter() {
                behind(pattern, ACTION_PREFIX).filter(|rest| !rest.contains(':')).ok_or_else(|| {
                    format!("the action `{pattern}` is not understood: it should read like `odps:Read` or `odps:*`")
                })?;
            }
            for pattern in statement.resource.iter() {
                let understood = |rest: &&str| *rest == "*" || rest.starts_with("projects/");
                behind(pattern, RESOURCE_PREFIX).filter(understood).ok_or_else(|| {
                    format!("the resource `{pattern}` is not understood: it should read like `acs:odps:*:projects/p`")
                })?;
            }
        }
        Ok(())
    }

    /// Whether it allows an action on a project. What stands below the project, such as an instance, is another
    /// resource.
    pub(super) fn allows(&self, action: Action, project: &ProjectName) -> bool {
        let resource = format!("projects/{project}");
        let action = action.name().trim_start_matches(ACTION_PREFIX);
        let mut effects = self.statement.iter().filter_map(|statement| {
            let concerned = statement.action.match_any(ACTION_PREFIX, action)
                && statement.resource.match_any(RESOURCE_PREFIX, &resource);
            concerned.then_some(statement.effect)
        });
        let first = effects.next();
        first == Some(Effect::Allow) && effects.all(|effect| effect == Effect::Allow)
    }
}

impl Patterns {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let patterns = match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Many(patterns) => patterns.as_slice(),
        };
        patterns.iter().map(String::as_str)
    }

    fn match_any(&self, prefix: &str, name: &str) -> bool {
        self.iter().any(|pattern| behind(pattern, prefix).is_some_and(|rest| matches(rest, name)))
    }
}

/// What stands behind the prefix that every pattern has; `*` alone matches all. `?` is a wildcard in some dialects of
/// this language and a character in others, so it is not understood.
fn behind<'p>(pattern: &'p str, prefix: &str) -> Option<&'p str> {
    if pattern == "*" {
        return Some(pattern);
    }
    let (start, rest) = pattern.split_at_checked(prefix.len())?;
    (start.eq_ignore_ascii_case(prefix) && !rest.is_empty() && !rest.contains('?')).then_some(rest)
}

/// Whether a name is what the pattern describes; `*` stands for any text, and case does not matter: neither actions
/// nor projects differ by it.
///
/// It goes back to the last `*` only, so that its work is at most the product of the two lengths.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([b'*', after @ ..], _) => {
                retry = Some((after, name));
                pattern = after;
            }
            ([expected, pattern_rest @ ..], [found, name_rest @ ..])
                if expected.eq_ignore_ascii_case(found) =>
            {
                (pattern, name) = (pattern_rest, name_rest);
            }
            ([], []) => return true,
            _ => {
                let Some((after, [_, longer @ ..])) = retry else { return false };
                retry = Some((after, longer));
                (pattern, name) = (after, longer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(statements: &str) -> Result<Policy, String> {
        let text = format!(r#"{{"Version":"1","Statement":{statements}}}"#);
        let policy: Policy = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        policy.check().map(|()| policy)
    }

    fn allows(statements: &str) -> [bool; 2] {
        let policy = policy(statements).unwrap();
        let project = ProjectName::new("demo").unwrap();
        [Action::Read, Action::List].map(|action| policy.allows(action, &project))
    }

    fn statement(effect: &str, action: &str, resource: &str) -> String {
        format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}"#)
    }

    #[test]
    fn what_no_statement_allows_is_denied_and_a_denial_wins() {
        let all = "acs:odps:*:projects/demo";
        assert_eq!(allows("[]"), [false, false]);
        assert_eq!(allows(&format!("[{}]", statement("Allow", "odps:Read", all))), [true, false]);
        let (allow, deny) = (statement("Allow", "odps:*", all), statement("Deny", "odps:List", all));
        assert_eq!(allows(&format!("[{allow},{deny}]")), [true, false]);
        assert_eq!(allows(&format!("[{deny},{allow}]")), [true, false]);
    }

    #[test]
    fn patterns_fold_case_and_a_project_is_not_what_stands_below_it() {
        let cases = [
            ("*", "*", true),
            ("odps:READ", "ACS:ODPS:*:projects/DEMO", true),
            ("odps:R*d", "acs:odps:*:projects/d*", true),
            ("odps:Read", "acs:odps:*:*", true),
            ("odps:Read", "acs:odps:*:projects/*o", true),
            ("odps:Rea", "*", false),
            ("odps:Read*x", "*", false),
            ("odps:Read", "acs:odps:*:projects/demo/*", false),
            ("odps:Read", "acs:odps:*:projects/demo/instances/1", false),
            ("odps:Read", "acs:odps:*:projects/demo2", false),
        ];
        for (action, resource, expected) in cases {
            let found = allows(&format!("[{}]", statement("Allow", action, resource)));
            assert_eq!(found[0], expected, "{action} on {resource}");
        }
    }

    #[test]
    fn lists_of_patterns_are_read_as_well() {
        let found = allows(
            r#"[{"Effect":"Allow","Action":["odps:Write","odps:List"],"Resource":["acs:odps:*:projects/x","*"]}]"#,
        );
        assert_eq!(found, [false, true]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let with = |field: &str| {
            policy(&format!(r#"[{{"Effect":"Allow","Action":"odps:Read","Resource":"*",{field}}}]"#))
                .unwrap_err()
        };
        assert!(with(r#""Condition":{}"#).contains("unknown field `Condition`"));
        assert!(with(r#""Effect":"Allow""#).contains("duplicate field"));
        for (action, resource) in [
            ("oss:Get", "*"),
            ("odps:", "*"),
            ("odps:R?ad", "*"),
            ("odps:Read", "acs:odps:cn-hangzhou:projects/p"),
            ("odps:Read", "acs:oss:*:projects/p"),
            ("odps:Read", "acs:odps:*:quotas/q"),
            ("odps:Read", "projects/p"),
        ] {
            let error = policy(&format!("[{}]", statement("Allow", action, resource))).unwrap_err();
            assert!(error.contains("is not understood"), "{error}");
        }
        for text in
            [r#"{"Statement":[]}"#, r#"{"Version":"2","Statement":[]}"#, r#"{"Version":"1"}"#, "[]", "\"x\""]
        {
            assert!(serde_json::from_str::<Policy>(text).is_err(), "{text}");
        }
        let many = vec![statement("Deny", "odps:Read", "*"); 400].join(",");
        assert_eq!(policy(&format!("[{many}]")).unwrap_err(), "the policy is larger than 16384 bytes");
    }

    #[test]
    fn a_hostile_pattern_does_not_take_long() {
        let pattern = "*a".repeat(2000);
        assert!(!matches(&pattern, &"a".repeat(1000)));
        assert!(matches("**a*", "bab") && matches("", "") && !matches("", "a") && !matches("a", ""));
    }
}
