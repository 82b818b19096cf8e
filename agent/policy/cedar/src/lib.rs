//! Cedar behind a C border. `surety_cedar.h` says what each function promises;
//! this file keeps the promises about memory and panics, the others do the work.

mod ask;
mod border;
mod check;
mod facts;
mod load;
mod memory;
mod place;
mod report;
mod uses;

pub use ask::{Answer, AskError};
pub use load::{load, reference, PolicyFile, PolicySet};
pub use report::Report;
