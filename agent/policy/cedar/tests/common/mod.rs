//! Facts and policies that several tests use.
#![allow(dead_code, reason = "each test program uses a part of it")]

use serde_json::{json, Value};

pub const SCHEMA: &str = include_str!("../../../surety.cedarschema");
pub const DEFAULT: &str = include_str!("../../../default.cedar");

/// A process as it should be, about to rotate.
pub fn facts() -> Value {
    let velocity = json!({"svids": 1, "streams": 1, "refusals": 0, "spiffe_ids": 1});
    json!({
        "action": "rotate",
        "principal": "4711.100",
        "identity": {
            "id": "spiffe://example.org/web", "trust_domain": "example.org", "path": "/web",
            "entry": "web", "hint": "", "selectors": ["unix:path:/usr/bin/web", "unix:uid:1000"],
        },
        "complete": true, "missing": [], "starting": false, "wake": "events", "challenge": "none",
        "entry_matched": true, "pinned": true,
        "selectors": ["unix:path:/usr/bin/web", "unix:uid:1000"],
        "process": {
            "pid": 4711, "start": 100, "uid": 1000, "gid": 1000, "path": "/usr/bin/web",
            "no_new_privs": false,
        },
        "exe": {"memfd": false, "deleted": false, "replaced": false, "unhashed": false},
        "traced": {"attached": false, "by_root": false},
        "env_preload": [], "capabilities": [], "container": "none",
        "drift": {
            "any": false, "kinds": [], "classes": [], "harmless": [], "gained": [], "lost": [],
        },
        "lineage": {
            "id": "unit:/web.service", "kind": "unit", "now": "unit:/web.service", "left": false,
            "new_identity": false, "ancestor_uids": [0],
        },
        "velocity": {"lineage": velocity, "process": velocity},
        "risk": {"score": 0, "signals": []},
        "quarantined": false, "quarantine_reason": "", "audiences": [],
    })
}

/// `facts` with the value at a dotted path replaced.
pub fn with(mut facts: Value, path: &str, value: Value) -> Value {
    let mut at = &mut facts;
    for name in path.split('.') {
        at = &mut at[name];
    }
    *at = value;
    facts
}

/// As JSON with "action" in front.
pub fn text(facts: &Value) -> String {
    let mut rest = facts.clone();
    let action = rest.as_object_mut().unwrap().remove("action").unwrap();
    format!("{{\"action\":{action},{}", &rest.to_string()[1..])
}

/// A small generator of numbers, the same on every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}
