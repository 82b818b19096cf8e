//! Which policies hold for one set of facts.

use crate::facts::{self, Facts};
use crate::load::PolicySet;
use crate::memory;
use cedar_policy_core::ast::{
    Context, Eid, Entity, EntityType, EntityUID, EntityUIDEntry, Expr, Literal, Request, ValueKind,
};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Policies by their index in the report of the load, in rising order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Their scope and condition hold.
    pub holding: Vec<u32>,
    /// They could not be evaluated, and why.
    pub failed: Vec<(u32, String)>,
}

/// The facts are not such as Surety makes.
#[derive(Debug)]
pub struct AskError(pub String);

impl fmt::Display for AskError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

static PROCESS: LazyLock<EntityType> = LazyLock::new(|| entity_type("Surety::Process"));
static IDENTITY: LazyLock<EntityType> = LazyLock::new(|| entity_type("Surety::Identity"));

#[expect(clippy::expect_used, reason = "the names above are right")]
fn entity_type(name: &str) -> EntityType {
    EntityType::from_normalized_str(name).expect("a name")
}

impl PolicySet {
    /// Evaluates every policy for the action, each for itself: what follows from those
    /// that hold is for the caller to say.
    /// What a group of them said before of the very same facts is not evaluated again.
    pub fn ask(&self, facts: &str) -> Result<Answer, AskError> {
        let known = memory::recall(self, facts).map_err(AskError)?;
        let mut answer = known.answer;
        if !known.open.is_empty() {
            let (request, entities) =
                self.question(facts::parse(self, facts).map_err(AskError)?)?;
            let evaluator = Evaluator::new(request, &entities, Extensions::all_available());
            for (group, said_of) in known.open {
                let found = evaluate(&evaluator, group.conditions());
                group.remember(said_of, &found);
                answer.holding.extend(found.holding);
                answer.failed.extend(found.failed);
            }
        }
        answer.holding.sort_unstable();
        answer.failed.sort_unstable();
        Ok(answer)
    }

    fn question(&self, facts: Facts) -> Result<(Request, Entities), AskError> {
        let named = |kind: &EntityType, name| {
            EntityUID::from_components(kind.clone(), Eid::new(name), None)
        };
        let identity = named(&IDENTITY, facts.identity.id);
        let request = Request::new_unchecked(
            EntityUIDEntry::known(named(&PROCESS, facts.principal), None),
            EntityUIDEntry::Known {
                euid: facts.slice.action.clone(),
                loc: None,
            },
            EntityUIDEntry::known(identity.clone(), None),
            Some(Context::Value(Arc::new(facts.context))),
        );
        let attributes = facts
            .identity
            .attributes
            .into_iter()
            .map(|(k, v)| (k, v.into()));
        let resource = Entity::new_with_attr_partial_value(
            identity,
            attributes,
            HashSet::new(),
            HashSet::new(),
            [],
        );
        let entities = self
            .actions
            .clone()
            .add_entities(
                [Arc::new(resource)],
                None::<&NoEntitiesSchema>,
                TCComputation::AssumeAlreadyComputed,
                Extensions::all_available(),
            )
            .map_err(|error| AskError(error.to_string()))?;
        Ok((request, entities))
    }
}

fn evaluate(evaluator: &Evaluator, conditions: &[(u32, Expr)]) -> Answer {
    let mut answer = Answer::default();
    for (index, condition) in conditions {
        match holds(evaluator, condition) {
            Ok(true) => answer.holding.push(*index),
            Ok(false) => {}
            Err(error) => answer.failed.push((*index, error)),
        }
    }
    answer
}

fn holds(evaluator: &Evaluator, condition: &Expr) -> Result<bool, String> {
    let value = evaluator
        .interpret(condition, &HashMap::new())
        .map_err(|error| error.to_string())?;
    match value.value_kind() {
        ValueKind::Lit(Literal::Bool(holds)) => Ok(*holds),
        _ => Err("the condition is neither true nor false".into()),
    }
}
