//! Policy text in, policies that can be asked out; or all that is wrong with it.

use crate::memory::{Groups, Reading};
use crate::place::Place;
use crate::report::{Annotation, PolicyReport, Problem, Report};
use crate::uses::Uses;
use cedar_policy::{PolicyId, Schema, ValidationMode, Validator};
use cedar_policy_core::ast;
use cedar_policy_core::entities::Entities;
use miette::Diagnostic;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::Arc;

/// One file of policies. The name is the caller's business.
pub struct PolicyFile<'a> {
    pub text: &'a str,
}

/// Policies that passed strict validation, ready to be asked.
pub struct PolicySet {
    pub(crate) schema: Schema,
    /// By the action's name in lower case: "issue".
    pub(crate) slices: HashMap<String, Slice>,
    /// The actions and the groups they are in: part of what every question is about.
    pub(crate) actions: Entities,
}

/// The policies whose scope holds for one action.
pub(crate) struct Slice {
    pub action: Arc<ast::EntityUID>,
    pub groups: Groups,
    pub wants: Wants,
}

/// The top-level facts that any policy of a slice reads.
#[derive(Default)]
pub(crate) struct Wants {
    all: bool,
    named: BTreeSet<SmolStr>,
}

impl Wants {
    pub fn includes(&self, attribute: &str) -> bool {
        self.all || self.named.contains(attribute)
    }
}

/// Parses and validates. The set is there exactly if the report has no errors.
/// An error is about the schema, which is ours.
pub fn load(schema: &str, files: &[PolicyFile]) -> Result<(Option<PolicySet>, Report), String> {
    let (schema, _) = Schema::from_cedarschema_str(schema).map_err(|error| error.to_string())?;
    let validator = Validator::new(schema.clone());
    let mut report = Report::default();
    let mut policies = Vec::new();
    for (index, file) in files.iter().enumerate() {
        match cedar_policy::PolicySet::from_str(file.text) {
            Ok(set) => {
                refuse_templates(&set, index, file.text, &mut report);
                validate(&validator, &set, index, file.text, &mut report);
                for policy in in_order(&set) {
                    report.policies.push(describe(&policy, index, file.text));
                    policies.push(policy);
                }
            }
            Err(errors) => {
                for error in errors.iter() {
                    report.problems.push(problem(error, index, file.text, true));
                }
            }
        }
    }
    if report.has_errors() {
        return Ok((None, report));
    }
    Ok((Some(compile(schema, &policies)?), report))
}

fn refuse_templates(set: &cedar_policy::PolicySet, file: usize, text: &str, report: &mut Report) {
    for template in set.templates() {
        let core: &ast::Template = template.as_ref();
        report.problems.push(Problem {
            file,
            at: Place::of(text, core.loc().map_or(0, |loc| loc.start())),
            error: true,
            what: "is a template: it has a slot that nothing fills".into(),
            fix: "write principal and resource without ?principal and ?resource".into(),
        });
    }
}

fn validate(
    validator: &Validator,
    set: &cedar_policy::PolicySet,
    file: usize,
    text: &str,
    report: &mut Report,
) {
    let result = validator.validate(set, ValidationMode::Strict);
    let mut found: Vec<Problem> = result
        .validation_errors()
        .map(|error| problem(error, file, text, true))
        .chain(
            result
                .validation_warnings()
                .map(|warning| problem(warning, file, text, false)),
        )
        .collect();
    // Cedar keeps policies in a hash map.
    found.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    found.dedup_by(|a, b| a.at == b.at && a.what == b.what);
    report.problems.append(&mut found);
}

fn problem(error: &dyn Diagnostic, file: usize, text: &str, is_error: bool) -> Problem {
    let label = error.labels().and_then(|mut labels| labels.next());
    let mut what = plain(&error.to_string());
    if let Some(more) = label.as_ref().and_then(|label| label.label()) {
        what.push_str(": ");
        what.push_str(more);
    }
    Problem {
        file,
        at: label.map_or(Place::default(), |label| Place::of(text, label.offset())),
        error: is_error,
        what,
        fix: error
            .help()
            .map_or(String::new(), |help| plain(&help.to_string())),
    }
}

/// Cedar names policies by their number, which means nothing to who wrote them, and
/// judges each once for every action, which would tell the same thing six times.
fn plain(message: &str) -> String {
    let mut text = match message
        .strip_prefix("for policy `")
        .and_then(|rest| rest.split_once("`, "))
    {
        Some((_, rest)) => rest,
        None => message,
    }
    .to_owned();
    const FOR_ACTION: &str = " for Surety::Action::\"";
    if let Some(begin) = text.find(FOR_ACTION) {
        let name = begin + FOR_ACTION.len();
        if let Some(length) = text[name..].find('"') {
            text.replace_range(begin..=name + length, "");
        }
    }
    text
}

fn in_order(set: &cedar_policy::PolicySet) -> Vec<ast::Policy> {
    let mut policies: Vec<ast::Policy> = set
        .policies()
        .map(|policy| AsRef::<ast::Policy>::as_ref(policy).clone())
        .collect();
    policies.sort_by_key(|policy| policy.loc().map_or(0, |loc| loc.start()));
    policies
}

fn describe(policy: &ast::Policy, file: usize, text: &str) -> PolicyReport {
    let place = |loc: Option<&cedar_policy_core::parser::Loc>| {
        Place::of(text, loc.map_or(0, |loc| loc.start()))
    };
    let mut annotations: Vec<Annotation> = policy
        .annotations()
        .map(|(name, annotation)| Annotation {
            name: name.to_string(),
            value: annotation.val.to_string(),
            at: place(annotation.loc.as_ref()),
        })
        .collect();
    annotations.sort_by_key(|annotation| (annotation.at.line, annotation.at.column));
    PolicyReport {
        file,
        at: place(policy.loc()),
        effect: match policy.effect() {
            ast::Effect::Permit => "permit",
            ast::Effect::Forbid => "forbid",
        },
        annotations,
        looks_at: Uses::of(&condition(policy)).paths.into_iter().collect(),
        text: policy
            .loc()
            .and_then(|loc| loc.snippet())
            .unwrap_or_default()
            .to_owned(),
    }
}

/// All of a policy but what it says of the action.
fn condition(policy: &ast::Policy) -> ast::Expr {
    let mut parts = Vec::new();
    if policy.principal_constraint() != ast::PrincipalConstraint::any() {
        parts.push(policy.principal_constraint().as_expr());
    }
    if policy.resource_constraint() != ast::ResourceConstraint::any() {
        parts.push(policy.resource_constraint().as_expr());
    }
    parts.extend(policy.non_scope_constraints().cloned());
    parts
        .into_iter()
        .reduce(ast::Expr::and)
        .unwrap_or_else(|| ast::Expr::val(true))
}

fn compile(schema: Schema, policies: &[ast::Policy]) -> Result<PolicySet, String> {
    let entities = schema
        .action_entities()
        .map_err(|error| error.to_string())?;
    let core: &Entities = entities.as_ref();
    let mut slices = HashMap::new();
    for action in schema.actions() {
        let uid: &ast::EntityUID = action.as_ref();
        let name: &str = uid.eid().as_ref();
        slices.insert(name.to_ascii_lowercase(), slice(uid, core, policies));
    }
    Ok(PolicySet {
        actions: core.clone(),
        schema,
        slices,
    })
}

fn slice(action: &ast::EntityUID, entities: &Entities, policies: &[ast::Policy]) -> Slice {
    let groups: BTreeSet<&ast::EntityUID> = entities
        .iter()
        .filter(|entity| entity.uid() == action)
        .flat_map(|entity| entity.ancestors())
        .collect();
    let within = |uid: &ast::EntityUID| uid == action || groups.contains(uid);
    let holds = |policy: &ast::Policy| match policy.action_constraint() {
        ast::ActionConstraint::Any => true,
        ast::ActionConstraint::Eq(uid) => uid.as_ref() == action,
        ast::ActionConstraint::In(uids) => uids.iter().any(|uid| within(uid)),
    };
    let mut wants = Wants::default();
    let mut conditions = Vec::new();
    for (index, policy) in (0_u32..).zip(policies) {
        if !holds(policy) {
            continue;
        }
        let condition = condition(policy);
        let places = Uses::of(&condition).places;
        for place in &places {
            match place.first() {
                Some(name) => wants.named.insert(name.clone()),
                None => std::mem::replace(&mut wants.all, true),
            };
        }
        conditions.push(Reading {
            places,
            index,
            condition,
        });
    }
    Slice {
        action: Arc::new(action.clone()),
        groups: Groups::of(conditions),
        wants,
    }
}

/// The policies as Cedar itself would be asked, by their indexes: for the test that
/// compares the two.
pub fn reference(
    files: &[PolicyFile],
) -> Result<(cedar_policy::PolicySet, BTreeMap<PolicyId, u32>), String> {
    let mut all = cedar_policy::PolicySet::new();
    let mut indexes = BTreeMap::new();
    for file in files {
        let set = cedar_policy::PolicySet::from_str(file.text).map_err(|e| e.to_string())?;
        for policy in in_order(&set) {
            let index = indexes.len() as u32;
            let id = PolicyId::new(format!("p{index}"));
            let policy = cedar_policy::Policy::from(policy).new_id(id.clone());
            all.add(policy).map_err(|error| error.to_string())?;
            indexes.insert(id, index);
        }
    }
    Ok((all, indexes))
}
