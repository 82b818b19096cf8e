//! What is refused, and that its place is told.

mod common;

use common::{facts, text, with, DEFAULT, SCHEMA};
use serde_json::json;
use surety_cedar::{load, PolicyFile, Report};

fn report(files: &[&str]) -> Report {
    let files: Vec<_> = files.iter().map(|text| PolicyFile { text }).collect();
    let (set, report) = load(SCHEMA, &files).unwrap();
    assert_eq!(set.is_none(), report.has_errors());
    report
}

#[track_caller]
fn refuses(policy: &str, line: usize, column: usize, what: &str) {
    let report = report(&[policy]);
    let problem = report.problems.iter().find(|p| p.error).expect("an error");
    assert!(problem.what.contains(what), "{problem:?}");
    assert_eq!(
        (problem.at.line, problem.at.column),
        (line, column),
        "{problem:?}"
    );
    assert!(!problem.what.contains("policy0"), "{problem:?}");
}

#[test]
fn the_default_policy_passes_without_a_warning() {
    let report = report(&[DEFAULT]);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert!(report.policies.len() > 25);
}

#[test]
fn refuses_what_the_schema_does_not_know() {
    refuses(
        "permit (principal, action, resource)\nwhen { context.pined };",
        2,
        8,
        "pined",
    );
    refuses(
        "permit (principal, action, resource)\nwhen { context.risk.score > \"a\" };",
        2,
        29,
        "type",
    );
    refuses(
        "permit (principal, action, resource)\nwhen { context.process.path == \"/a\" };",
        2,
        8,
        "path",
    );
    refuses(
        "permit (principal, action == Surety::Action::\"Isue\", resource);",
        1,
        30,
        "Isue",
    );
    refuses(
        "permit (principal is Surety::Prozess, action, resource);",
        1,
        22,
        "Prozess",
    );
    refuses(
        "permit (principal, action, resource)\nwhen { context.risk.score };",
        2,
        8,
        "type",
    );
}

#[test]
fn refuses_what_is_no_cedar() {
    refuses(
        "permit (principal, action, resource)",
        1,
        37,
        "unexpected end of input",
    );
    refuses(
        "permit (principal, action, resource)\nwhen { context. };",
        2,
        17,
        "unexpected token",
    );
    refuses(
        "@id(\"a\")\n@id(\"b\")\npermit (principal, action, resource);",
        2,
        1,
        "duplicate annotation",
    );
    refuses(
        "\npermit (principal == ?principal, action, resource);",
        2,
        1,
        "template",
    );
}

#[test]
fn tells_everything_that_is_wrong_in_all_files_at_once() {
    let report = report(&[
        "permit (principal, action, resource) when { context.a };\n\
         permit (principal, action, resource) when { context.b };",
        "permit (",
        "permit (principal, action, resource);",
    ]);
    let files: Vec<_> = report
        .problems
        .iter()
        .map(|p| (p.file, p.at.line))
        .collect();
    assert_eq!(files, [(0, 1), (0, 2), (1, 1)], "{:?}", report.problems);
}

#[test]
fn warns_of_a_policy_that_never_holds() {
    let report = report(&[
        "permit (principal, action, resource) when { context.pinned && !context.pinned && false };",
    ]);
    assert!(!report.has_errors());
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn describes_policies_in_order_with_their_places() {
    let report = report(&["// \u{e4}\n@id(\"one\")\n  @reason(\"r\")\npermit (principal, action, resource);\n\
        forbid (principal, action, resource == Surety::Identity::\"x\") when { context.drift.any };"]);
    let [first, second] = &report.policies[..] else {
        panic!("{:?}", report.policies)
    };
    assert_eq!((first.at.line, first.effect), (2, "permit"));
    let annotations: Vec<_> = first
        .annotations
        .iter()
        .map(|a| (a.name.as_str(), a.value.as_str(), a.at.line, a.at.column))
        .collect();
    assert_eq!(annotations, [("id", "one", 2, 1), ("reason", "r", 3, 3)]);
    assert_eq!((second.at.line, second.effect), (5, "forbid"));
    assert_eq!(second.looks_at, ["context.drift.any", "resource"]);
    assert!(second.text.starts_with("forbid ("));
}

#[test]
fn an_empty_set_holds_nothing() {
    let (set, report) = load(SCHEMA, &[]).unwrap();
    assert!(report.policies.is_empty());
    assert!(set
        .unwrap()
        .ask(&text(&facts()))
        .unwrap()
        .holding
        .is_empty());
}

#[test]
fn facts_are_judged_by_the_schema() {
    let (set, _) = load(SCHEMA, &[]).unwrap();
    let set = set.unwrap();
    let check = |facts: &serde_json::Value| set.check_facts(&text(facts));
    assert_eq!(check(&facts()), Ok(()));
    for (path, value, said) in [
        ("risk.score", json!("high"), "not valid"),
        ("risk.score", json!(1.5), "match"),
        ("missing", json!([1]), "not valid"),
        ("action", json!("isue"), "isue"),
        ("identity.hint", json!(1), "hint"),
        ("process.pid", json!(null), "null"),
    ] {
        let error = check(&with(facts(), path, value)).unwrap_err();
        assert!(error.contains(said), "{path}: {error}");
    }
    let mut more = facts();
    more["colour"] = json!("red");
    assert!(check(&more).unwrap_err().contains("colour"));
    let mut less = facts();
    less.as_object_mut().unwrap().remove("pinned");
    assert!(check(&less).unwrap_err().contains("pinned"));
}

#[test]
fn facts_that_are_none_are_refused_and_never_answered() {
    let (set, _) = load(
        SCHEMA,
        &[PolicyFile {
            text: "permit (principal, action, resource);",
        }],
    )
    .unwrap();
    let set = set.unwrap();
    let whole = text(&facts());
    assert_eq!(set.ask(&whole).unwrap().holding, [0]);
    for broken in [
        "",
        "[]",
        "{}",
        "{\"action\":\"issue\"}",
        "{\"pinned\":true}",
        &whole[..whole.len() - 1],
        &whole.replace("rotate", "rotat"),
        &format!("{whole}{whole}"),
    ] {
        assert!(set.ask(broken).is_err(), "{broken}");
    }
    assert!(set.ask(&whole.replace("4711.100", "\\u0000")).is_ok());
}
