//! What policies have said of the same facts before. A policy is a pure function of the
//! facts that it reads, and most of those stay as they are from one turn to the next.

use crate::ask::Answer;
use crate::facts::read_slice;
use crate::load::{PolicySet, Slice};
use cedar_policy_core::ast::Expr;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::Deserializer;
use serde_json::value::RawValue;
use smol_str::SmolStr;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of each thread. Facts can be made long and of many kinds by whoever is judged: then
/// policies are evaluated as if nothing were kept.
const MOST_KEPT: usize = 2048;
const LONGEST_KEPT: usize = 1024;

/// Which policies of a group hold, by its number and the text of what they read.
type Kept = HashMap<Box<str>, Box<[u32]>>;

thread_local! {
    /// Each thread remembers for itself: none waits for another, and nothing is shared.
    static KEPT: RefCell<Kept> = RefCell::default();
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// One policy, and where in the facts stands what it reads.
pub(crate) struct Reading {
    pub places: BTreeSet<Vec<SmolStr>>,
    pub index: u32,
    pub condition: Expr,
}

/// The policies of a slice, those together that read the same facts.
pub(crate) struct Groups {
    groups: Vec<Group>,
    places: Places,
    slots: usize,
}

pub(crate) struct Group {
    /// None: it reads all of the facts, and no two questions are the same.
    slots: Option<Vec<usize>>,
    conditions: Vec<(u32, Expr)>,
    /// No two groups have the same, of whichever set.
    number: u64,
}

/// The slots of the facts that are read, by where they stand. One that has a slot has no
/// children: whoever reads a part of it reads all of it.
#[derive(Default)]
struct Places {
    children: BTreeMap<SmolStr, Places>,
    slot: Option<usize>,
}

/// What is known of an answer, and what has to be evaluated for the rest of it: the groups,
/// each with the text by which it is to remember.
pub(crate) struct Known<'a> {
    pub answer: Answer,
    pub open: Vec<(&'a Group, Option<Box<str>>)>,
}

impl Groups {
    pub fn of(policies: Vec<Reading>) -> Self {
        let all: BTreeSet<&Vec<SmolStr>> = policies.iter().flat_map(|p| &p.places).collect();
        let mut places = Places::default();
        let mut slots = 0;
        // In order, so that what is above another place comes before it.
        for place in all.into_iter().filter(|place| !place.is_empty()) {
            slots += usize::from(places.add(place, slots));
        }
        let mut groups: BTreeMap<Option<BTreeSet<usize>>, Vec<(u32, Expr)>> = BTreeMap::new();
        for policy in policies {
            let read = policy.places.iter().map(|place| places.slot_of(place));
            groups
                .entry(read.collect())
                .or_default()
                .push((policy.index, policy.condition));
        }
        let groups = groups.into_iter().map(|(slots, conditions)| Group {
            slots: slots.map(|slots| slots.into_iter().collect()),
            conditions,
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
        });
        Groups {
            groups: groups.collect(),
            places,
            slots,
        }
    }
}

impl Group {
    pub fn conditions(&self) -> &[(u32, Expr)] {
        &self.conditions
    }

    /// A text that is the same for two questions only if all that is read is.
    fn write_key(&self, facts: &[Option<&str>], key: &mut String) -> bool {
        key.clear();
        let Some(slots) = &self.slots else {
            return false;
        };
        key.push_str(&self.number.to_string());
        key.push('\n');
        for slot in slots {
            // Never empty if it is there, and no JSON goes on after a line of its own ends.
            key.push_str(facts[*slot].unwrap_or_default());
            key.push('\n');
        }
        key.len() <= LONGEST_KEPT
    }

    pub fn remember(&self, said_of: Option<Box<str>>, found: &Answer) {
        let (Some(key), true) = (said_of, found.failed.is_empty()) else {
            return;
        };
        with_kept(|kept| {
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(key, found.holding.as_slice().into());
        });
    }
}

/// None in a thread that is ending.
fn with_kept<T>(work: impl FnOnce(&mut Kept) -> T) -> Option<T> {
    KEPT.try_with(|kept| work(&mut kept.borrow_mut())).ok()
}

fn recall_one(key: &str, holding: &mut Vec<u32>) -> bool {
    let known = with_kept(|kept| kept.get(key).map(|all| holding.extend_from_slice(all)));
    known.flatten().is_some()
}

impl Places {
    /// Whether it took the slot; not if it reads a part of what has one.
    fn add(&mut self, place: &[SmolStr], slot: usize) -> bool {
        if self.slot.is_some() {
            return false;
        }
        match place.split_first() {
            Some((name, rest)) => self
                .children
                .entry(name.clone())
                .or_default()
                .add(rest, slot),
            None => {
                self.slot = Some(slot);
                true
            }
        }
    }

    fn slot_of(&self, place: &[SmolStr]) -> Option<usize> {
        if self.slot.is_some() {
            return self.slot;
        }
        let (name, rest) = place.split_first()?;
        self.children.get(name)?.slot_of(rest)
    }
}

pub(crate) fn recall<'a>(set: &'a PolicySet, facts: &str) -> Result<Known<'a>, String> {
    let mut json = serde_json::Deserializer::from_str(facts);
    let (slice, found) = json
        .deserialize_map(TopVisitor(set))
        .map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    let mut known = Known {
        answer: Answer::default(),
        open: Vec::new(),
    };
    let mut key = String::with_capacity(LONGEST_KEPT);
    for group in &slice.groups.groups {
        let keeps = group.write_key(&found, &mut key);
        if !keeps || !recall_one(&key, &mut known.answer.holding) {
            known.open.push((group, keeps.then(|| key.as_str().into())));
        }
    }
    Ok(known)
}

struct TopVisitor<'a>(&'a PolicySet);

impl<'de, 'a> Visitor<'de> for TopVisitor<'a> {
    type Value = (&'a Slice, Vec<Option<&'de str>>);

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of facts")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let slice = read_slice(self.0, &mut map)?;
        let mut found = vec![None; slice.groups.slots];
        read_places(&slice.groups.places, &mut found, map)?;
        Ok((slice, found))
    }
}

struct PlacesSeed<'a, 'de>(&'a Places, &'a mut Vec<Option<&'de str>>);

impl<'de> DeserializeSeed<'de> for PlacesSeed<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PlacesSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<(), M::Error> {
        read_places(self.0, self.1, map)
    }
}

fn read_places<'de, M: MapAccess<'de>>(
    places: &Places,
    found: &mut Vec<Option<&'de str>>,
    mut map: M,
) -> Result<(), M::Error> {
    while let Some(name) = map.next_key::<SmolStr>()? {
        match places.children.get(&name) {
            Some(Places {
                slot: Some(slot), ..
            }) => found[*slot] = Some(map.next_value::<&RawValue>()?.get()),
            Some(inner) => map.next_value_seed(PlacesSeed(inner, found))?,
            None => {
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uses::Uses;
    use cedar_policy_core::parser::parse_policy;

    fn groups(conditions: &[&str]) -> Groups {
        Groups::of(
            (0..)
                .zip(conditions)
                .map(|(index, condition)| {
                    let text =
                        format!("permit(principal, action, resource) when {{ {condition} }};");
                    let policy = parse_policy(None, &text).unwrap();
                    let condition = policy.non_scope_constraints().unwrap().clone();
                    let places = Uses::of(&condition).places;
                    Reading {
                        places,
                        index,
                        condition,
                    }
                })
                .collect(),
        )
    }

    fn members(groups: &Groups) -> Vec<Vec<u32>> {
        let numbers = |group: &Group| group.conditions.iter().map(|(index, _)| *index).collect();
        let mut all: Vec<Vec<u32>> = groups.groups.iter().map(numbers).collect();
        all.sort();
        all
    }

    #[test]
    fn those_that_read_the_same_are_one_group() {
        let made = groups(&[
            "context.drift.any",
            "context.risk.score > 3",
            "!context.drift.any",
            "context.risk.score > 3 && context.drift.any",
        ]);
        assert_eq!(members(&made), [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(made.slots, 2);
    }

    #[test]
    fn whoever_reads_a_part_reads_the_whole_that_another_reads() {
        let made = groups(&["context.drift.any", "context.drift == context.drift"]);
        assert_eq!(members(&made), [vec![0, 1]]);
        assert_eq!(made.slots, 1);
    }

    #[test]
    fn whoever_reads_everything_keeps_nothing() {
        let made = groups(&["[context].contains(context)", "context.pinned"]);
        let mut key = String::new();
        let keep: Vec<bool> = made
            .groups
            .iter()
            .map(|group| group.write_key(&[Some("true")], &mut key))
            .collect();
        assert_eq!(keep, [false, true]);
    }

    #[test]
    fn what_is_not_there_is_not_what_is_empty() {
        let made = groups(&["context.a == \"\" && context.b == \"\""]);
        let key_of = |facts: &[Option<&str>]| {
            let mut key = String::new();
            assert!(made.groups[0].write_key(facts, &mut key));
            key
        };
        let keys = [
            key_of(&[None, None]),
            key_of(&[Some("\"\""), None]),
            key_of(&[None, Some("\"\"")]),
            key_of(&[Some("\"\""), Some("\"\"")]),
        ];
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    }

    #[test]
    fn failures_and_what_is_long_are_not_kept_and_the_rest_in_bounds() {
        let made = groups(&["context.pinned"]);
        let group = &made.groups[0];
        let count = || with_kept(|kept| kept.len()).unwrap();
        let failed = Answer {
            holding: vec![],
            failed: vec![(0, "why".into())],
        };
        group.remember(Some("true\n".into()), &failed);
        group.remember(None, &Answer::default());
        assert_eq!(count(), 0);
        for number in 0..2 * MOST_KEPT {
            group.remember(Some(number.to_string().into()), &Answer::default());
        }
        assert!(count() <= MOST_KEPT);
        let long = "x".repeat(LONGEST_KEPT);
        assert!(!group.write_key(&[Some(&long)], &mut String::new()));
    }
}
