//! The JSON object of docs/policy.md as the values that Cedar evaluates. Written for
//! the facts that Surety itself makes: no schema is asked, and what no policy
//! reads is skipped.

use crate::load::{PolicySet, Slice};
use cedar_policy_core::ast::Value;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::Deserializer;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::fmt;

pub(crate) struct Facts<'a> {
    pub slice: &'a Slice,
    pub principal: SmolStr,
    pub identity: Identity,
    pub context: BTreeMap<SmolStr, Value>,
}

#[derive(Default)]
pub(crate) struct Identity {
    pub id: SmolStr,
    pub attributes: Vec<(SmolStr, Value)>,
}

pub(crate) fn parse<'a>(set: &'a PolicySet, text: &str) -> Result<Facts<'a>, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let facts = FactsSeed(set)
        .deserialize(&mut json)
        .map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(facts)
}

struct FactsSeed<'a>(&'a PolicySet);

impl<'de, 'a> DeserializeSeed<'de> for FactsSeed<'a> {
    type Value = Facts<'a>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, 'a> Visitor<'de> for FactsSeed<'a> {
    type Value = Facts<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of facts")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let slice = read_slice(self.0, &mut map)?;
        let mut principal = None;
        let mut identity = None;
        let mut context = BTreeMap::new();
        while let Some(key) = map.next_key::<SmolStr>()? {
            match key.as_str() {
                "principal" => principal = Some(map.next_value()?),
                "identity" => identity = Some(map.next_value_seed(IdentitySeed)?),
                name if slice.wants.includes(name) => {
                    context.insert(key, map.next_value_seed(ValueSeed)?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Facts {
            slice,
            principal: principal.ok_or_else(|| M::Error::missing_field("principal"))?,
            identity: identity.ok_or_else(|| M::Error::missing_field("identity"))?,
            context,
        })
    }
}

/// The policies for the action, which comes first: what is wanted of the rest depends on it.
pub(crate) fn read_slice<'de, 'a, M: MapAccess<'de>>(
    set: &'a PolicySet,
    map: &mut M,
) -> Result<&'a Slice, M::Error> {
    let first: Option<SmolStr> = map.next_key()?;
    if first.as_deref() != Some("action") {
        return Err(M::Error::custom("\"action\" does not come first"));
    }
    let action: SmolStr = map.next_value()?;
    set.slices
        .get(action.as_str())
        .ok_or_else(|| M::Error::custom(format_args!("no action is called {action:?}")))
}

struct IdentitySeed;

impl<'de> DeserializeSeed<'de> for IdentitySeed {
    type Value = Identity;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Identity, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for IdentitySeed {
    type Value = Identity;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an identity")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Identity, M::Error> {
        let mut identity = Identity::default();
        while let Some(key) = map.next_key::<SmolStr>()? {
            if key == "id" {
                identity.id = map.next_value()?;
            } else {
                identity
                    .attributes
                    .push((key, map.next_value_seed(ValueSeed)?));
            }
        }
        Ok(identity)
    }
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("true, false, a whole number, a text, an array or an object")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value)
            .map(Value::from)
            .map_err(|_| E::custom("a number above 2^63-1"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Value, S::Error> {
        let mut values = Vec::with_capacity(items.size_hint().unwrap_or(0));
        while let Some(value) = items.next_element_seed(ValueSeed)? {
            values.push(value);
        }
        Ok(Value::set(values, None))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Value, M::Error> {
        let mut fields = BTreeMap::new();
        while let Some(key) = map.next_key::<SmolStr>()? {
            fields.insert(key, map.next_value_seed(ValueSeed)?);
        }
        Ok(Value::record_arc(std::sync::Arc::new(fields), None))
    }
}
