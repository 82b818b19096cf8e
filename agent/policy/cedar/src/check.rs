//! Facts that people wrote, judged by the schema. Slow, and says what is wrong.

use crate::load::PolicySet;
use cedar_policy::{Context, Entities, EntityId, EntityTypeName, EntityUid, Request};
use serde_json::{json, Map, Value};
use std::str::FromStr;

impl PolicySet {
    /// Whether facts are such as the schema demands: every attribute there, none
    /// besides, all of the right type.
    pub fn check_facts(&self, facts: &str) -> Result<(), String> {
        let Value::Object(mut facts) = serde_json::from_str(facts).map_err(|e| e.to_string())?
        else {
            return Err("the facts are no object".into());
        };
        let action = text(&mut facts, "action")?;
        let principal = text(&mut facts, "principal")?;
        let Some(Value::Object(mut identity)) = facts.remove("identity") else {
            return Err("\"identity\" is no object, or absent".into());
        };
        let slice = self
            .slices
            .get(&action)
            .ok_or_else(|| format!("no action is called {action:?}"))?;
        let action = EntityUid::from_str(&slice.action.to_string()).map_err(|e| e.to_string())?;
        let resource = text(&mut identity, "id")?;
        let entity = json!([{
            "uid": {"type": "Surety::Identity", "id": resource},
            "attrs": identity,
            "parents": [],
        }]);
        Entities::from_json_value(entity, Some(&self.schema)).map_err(|error| whole(&error))?;
        let context = Context::from_json_value(Value::Object(facts), Some((&self.schema, &action)))
            .map_err(|error| whole(&error))?;
        Request::new(
            uid("Surety::Process", &principal)?,
            action,
            uid("Surety::Identity", &resource)?,
            context,
            Some(&self.schema),
        )
        .map_err(|error| whole(&error))?;
        Ok(())
    }
}

fn text(from: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    match from.remove(name) {
        Some(Value::String(value)) => Ok(value),
        _ => Err(format!("\"{name}\" is no text, or absent")),
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind = EntityTypeName::from_str(kind).map_err(|error| error.to_string())?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

/// An error with all of its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}
