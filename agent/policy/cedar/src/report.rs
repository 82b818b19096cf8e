//! What a load tells the C++ side, as JSON.

use crate::place::Place;
use serde::Serialize;

/// Something that is wrong with a file.
#[derive(Debug, Serialize)]
pub struct Problem {
    pub file: usize,
    #[serde(flatten)]
    pub at: Place,
    pub error: bool,
    pub what: String,
    pub fix: String,
}

#[derive(Debug, Serialize)]
pub struct Annotation {
    pub name: String,
    pub value: String,
    #[serde(flatten)]
    pub at: Place,
}

/// One policy, in the order of the files and of the text.
#[derive(Debug, Serialize)]
pub struct PolicyReport {
    pub file: usize,
    #[serde(flatten)]
    pub at: Place,
    pub effect: &'static str,
    pub annotations: Vec<Annotation>,
    /// The facts that its condition reads: "context.drift.classes", "resource.path".
    pub looks_at: Vec<String>,
    pub text: String,
}

/// All of it. `policies` are in the order of their indexes in an answer.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub problems: Vec<Problem>,
    pub policies: Vec<PolicyReport>,
}

impl Report {
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.error)
    }
}
