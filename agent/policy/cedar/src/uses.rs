//! Which facts a policy reads, told from its text alone.

use cedar_policy_core::ast::{Expr, ExprKind, ExprVisitor, Var};
use cedar_policy_core::parser::Loc;
use nonempty::NonEmpty;
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The keys of the facts that are not of the context.
pub const IDENTITY: SmolStr = SmolStr::new_static("identity");
pub const PRINCIPAL: SmolStr = SmolStr::new_static("principal");

/// What an expression reads.
#[derive(Debug, Default)]
pub struct Uses {
    /// Dotted paths from a variable: "context.drift.classes".
    pub paths: BTreeSet<String>,
    /// Where that stands in the JSON of the facts: ["drift", "classes"]. An empty path is
    /// all of it, as where the context is used as a value.
    pub places: BTreeSet<Vec<SmolStr>>,
}

impl Uses {
    pub fn of(expr: &Expr) -> Self {
        let mut uses = Uses::default();
        uses.visit_expr(expr);
        uses
    }

    fn add(&mut self, var: Var, attributes: &[SmolStr]) {
        self.paths.insert(format!("{var}.{}", attributes.join(".")));
        self.read_at(var, attributes);
    }

    fn read_at(&mut self, var: Var, attributes: &[SmolStr]) {
        let top: &[SmolStr] = match var {
            Var::Context => &[],
            Var::Resource => &[IDENTITY],
            Var::Principal => &[PRINCIPAL],
            // What is asked of one action is never told for another.
            Var::Action => return,
        };
        // A process has a name and nothing else.
        let rest = if var == Var::Principal {
            &[]
        } else {
            attributes
        };
        self.places.insert([top, rest].concat());
    }

    /// Reads `base`.`attributes`; what `base` is made of counts where it is no variable.
    fn read(&mut self, base: &Arc<Expr>, last: &[SmolStr]) {
        let mut attributes: Vec<SmolStr> = last.iter().rev().cloned().collect();
        let mut expr = base;
        while let ExprKind::GetAttr { expr: inner, attr } = expr.expr_kind() {
            attributes.push(attr.clone());
            expr = inner;
        }
        attributes.reverse();
        match expr.expr_kind() {
            ExprKind::Var(var) => self.add(*var, &attributes),
            _ => {
                self.visit_expr(expr);
            }
        }
    }
}

impl ExprVisitor for Uses {
    type Output = ();

    fn visit_var(&mut self, var: Var, _: Option<&Loc>) -> Option<()> {
        self.paths.insert(var.to_string());
        self.read_at(var, &[]);
        None
    }

    fn visit_get_attr(&mut self, expr: &Arc<Expr>, attr: &SmolStr, _: Option<&Loc>) -> Option<()> {
        self.read(expr, std::slice::from_ref(attr));
        None
    }

    fn visit_has_attr(&mut self, expr: &Arc<Expr>, attr: &SmolStr, _: Option<&Loc>) -> Option<()> {
        self.read(expr, std::slice::from_ref(attr));
        None
    }

    fn visit_extended_has_attr(
        &mut self,
        expr: &Arc<Expr>,
        attrs: &NonEmpty<SmolStr>,
        _: Option<&Loc>,
    ) -> Option<()> {
        let attributes: Vec<SmolStr> = attrs.iter().cloned().collect();
        self.read(expr, &attributes);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Uses;
    use cedar_policy_core::parser::parse_policy;

    fn uses(condition: &str) -> Uses {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let policy = parse_policy(None, &text).unwrap();
        Uses::of(policy.non_scope_constraints().unwrap())
    }

    fn places(uses: &Uses) -> Vec<String> {
        uses.places.iter().map(|place| place.join("/")).collect()
    }

    #[test]
    fn tells_whole_paths() {
        let found = uses(r#"context.drift.kinds.contains("a") && resource.path like "/b*""#);
        let paths: Vec<_> = found.paths.iter().map(String::as_str).collect();
        assert_eq!(paths, ["context.drift.kinds", "resource.path"]);
        assert_eq!(places(&found), ["drift/kinds", "identity/path"]);
    }

    #[test]
    fn tells_what_is_asked_for_with_has() {
        let found = uses("context.process has path && context has risk.score");
        let paths: Vec<_> = found.paths.iter().map(String::as_str).collect();
        assert_eq!(paths, ["context.process.path", "context.risk.score"]);
        assert_eq!(places(&found), ["process/path", "risk/score"]);
    }

    #[test]
    fn a_context_used_as_a_value_is_all_of_it() {
        for whole in [
            "[context].contains(context)",
            "(if true then context else context).pinned",
        ] {
            assert_eq!(places(&uses(whole)), [""]);
        }
    }

    #[test]
    fn names_of_entities_are_read_where_they_stand() {
        assert_eq!(places(&uses("principal == principal")), ["principal"]);
        assert_eq!(places(&uses("[resource].contains(resource)")), ["identity"]);
        assert!(places(&uses("action == action")).is_empty());
    }
}
