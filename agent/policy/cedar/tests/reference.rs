//! That each policy is evaluated as Cedar's own Authorizer evaluates it: for many
//! facts, those that hold here are those that Cedar gives as its reason.

mod common;

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, EntityUid, PolicySet, Request, Schema,
};
use common::{facts, text, with, Numbers, DEFAULT, SCHEMA};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::str::FromStr;
use surety_cedar::{load, reference, PolicyFile};

/// Policies of every form of scope, and some that fail.
const FORMS: &str = r#"
permit (principal, action, resource);
permit (principal is Surety::Process, action, resource is Surety::Identity);
forbid (principal == Surety::Process::"4711.100", action, resource);
forbid (principal == Surety::Process::"1.1", action, resource);
forbid (principal, action == Surety::Action::"Rotate", resource);
forbid (principal, action in [Surety::Action::"Issue", Surety::Action::"Bundles"], resource);
forbid (principal, action in Surety::Action::"Gain", resource == Surety::Identity::"spiffe://example.org/web");
forbid (principal, action, resource) when { action in Surety::Action::"Gain" && context.pinned };
forbid (principal, action, resource) when { context.process.pid * 9223372036854775807 > 0 };
permit (principal, action, resource) when { context.risk.score + 9223372036854775807 > 0 };
forbid (principal, action, resource) unless { context.process has path && context.process.path like "/usr/*" };
permit (principal, action, resource) when { resource.path like "/w*" && [context].contains(context) };
"#;

fn random_facts(numbers: &mut Numbers) -> Value {
    let mut made = facts();
    let mut set = |path: &str, value: Value| {
        made = with(made.take(), path, value);
    };
    let actions = ["issue", "rotate", "bundles", "token", "task", "request"];
    set("action", json!(actions[numbers.next(6) as usize]));
    for path in [
        "entry_matched",
        "complete",
        "pinned",
        "exe.memfd",
        "exe.replaced",
        "quarantined",
        "traced.attached",
        "traced.by_root",
        "lineage.left",
        "lineage.new_identity",
        "starting",
    ] {
        set(path, json!(numbers.next(4) == 0));
    }
    let classes = [
        "executable",
        "user",
        "capability",
        "namespace",
        "cgroup",
        "other",
    ];
    set(
        "drift.classes",
        json!(classes
            .iter()
            .filter(|_| numbers.next(8) == 0)
            .collect::<Vec<_>>()),
    );
    let kinds = ["unix:uid", "unix:cap", "unix:path"];
    set(
        "drift.kinds",
        json!(kinds
            .iter()
            .filter(|_| numbers.next(3) == 0)
            .collect::<Vec<_>>()),
    );
    set("risk.score", json!(numbers.next(101)));
    set("velocity.lineage.spiffe_ids", json!(numbers.next(4)));
    set("velocity.process.refusals", json!(numbers.next(240)));
    set("velocity.lineage.streams", json!(numbers.next(40_000)));
    set(
        "identity.selectors",
        json!(if numbers.next(2) == 0 {
            vec!["unix:exe:memfd"]
        } else {
            vec![]
        }),
    );
    made
}

/// The indexes of the policies that Cedar says decided, and of those that failed.
fn as_cedar_says(
    facts: &Value,
    set: &PolicySet,
    index: impl Fn(&cedar_policy::PolicyId) -> u32,
) -> (Decision, BTreeSet<u32>, BTreeSet<u32>) {
    let schema = Schema::from_cedarschema_str(SCHEMA).unwrap().0;
    let mut context = facts.clone();
    let context_fields = context.as_object_mut().unwrap();
    let mut identity = context_fields.remove("identity").unwrap();
    let id = identity.as_object_mut().unwrap().remove("id").unwrap();
    let principal = context_fields.remove("principal").unwrap();
    let action = context_fields.remove("action").unwrap();
    let action = action.as_str().unwrap();
    let action = format!(
        "Surety::Action::\"{}{}\"",
        action[..1].to_uppercase(),
        &action[1..]
    );
    let action = EntityUid::from_str(&action).unwrap();
    let resource =
        json!([{"uid": {"type": "Surety::Identity", "id": id}, "attrs": identity, "parents": []}]);
    let entities = Entities::from_json_value(resource, Some(&schema)).unwrap();
    let context = Context::from_json_value(context, Some((&schema, &action))).unwrap();
    let uid = |kind: &str, id: &Value| EntityUid::from_str(&format!("{kind}::{id}")).unwrap();
    let request = Request::new(
        uid("Surety::Process", &principal),
        action,
        uid("Surety::Identity", &id),
        context,
        Some(&schema),
    )
    .unwrap();
    let response = Authorizer::new().is_authorized(&request, set, &entities);
    let reasons = response.diagnostics().reason().map(&index).collect();
    let failed = response.diagnostics().errors().map(|error| match error {
        cedar_policy::AuthorizationError::PolicyEvaluationError(error) => index(error.policy_id()),
    });
    (response.decision(), reasons, failed.collect())
}

fn agrees(policies: &str, rounds: u32) {
    let files = [PolicyFile { text: policies }];
    let (set, report) = load(SCHEMA, &files).unwrap();
    let set = set.unwrap_or_else(|| panic!("{:?}", report.problems));
    let (all, indexes) = reference(&files).unwrap();
    let effects: Vec<Effect> = {
        let mut sorted: Vec<_> = all
            .policies()
            .map(|p| (indexes[p.id()], p.effect()))
            .collect();
        sorted.sort_by_key(|(index, _)| *index);
        sorted.into_iter().map(|(_, effect)| effect).collect()
    };
    let mut numbers = Numbers(7);
    let mut denied = 0;
    for _ in 0..rounds {
        let facts = random_facts(&mut numbers);
        let (decision, reasons, failed) = as_cedar_says(&facts, &all, |id| indexes[id]);
        let answer = set.ask(&text(&facts)).unwrap();
        let again = set.ask(&text(&facts)).unwrap();
        assert_eq!(answer, again, "what is remembered is the same: {facts}");
        let of = |effect: Effect| -> BTreeSet<u32> {
            answer
                .holding
                .iter()
                .copied()
                .filter(|i| effects[*i as usize] == effect)
                .collect()
        };
        let expected = if of(Effect::Forbid).is_empty() {
            of(Effect::Permit)
        } else {
            of(Effect::Forbid)
        };
        assert_eq!(reasons, expected, "{facts}");
        assert_eq!(
            failed,
            answer.failed.iter().map(|(index, _)| *index).collect(),
            "{facts}"
        );
        assert_eq!(
            decision == Decision::Allow,
            of(Effect::Forbid).is_empty() && !of(Effect::Permit).is_empty(),
            "{facts}"
        );
        denied += u32::from(decision == Decision::Deny);
    }
    assert!(denied > 0);
}

#[test]
fn the_default_policy_holds_where_cedar_says_so() {
    agrees(DEFAULT, 400);
}

#[test]
fn every_form_of_scope_and_every_failure_is_as_cedar_says() {
    agrees(FORMS, 200);
}
