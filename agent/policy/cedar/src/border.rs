//! What C and C++ call. No panic gets past this file, and whatever is handed out
//! has a function here that takes it back.

use crate::load::{load, PolicyFile, PolicySet};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::slice;
use std::str;

/// Borrowed bytes. `data` may be null where `size` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SuretyCedarView {
    data: *const u8,
    size: usize,
}

/// Owned bytes, UTF-8, given back with `surety_cedar_free_text`. Null and 0 if empty.
#[repr(C)]
pub struct SuretyCedarText {
    data: *mut u8,
    size: usize,
}

/// One file of policies: its text.
#[repr(C)]
pub struct SuretyCedarFile {
    text: SuretyCedarView,
}

const OK: i32 = 0;
const REFUSED: i32 = 1;
const PANICKED: i32 = 2;

impl SuretyCedarText {
    const EMPTY: SuretyCedarText = SuretyCedarText {
        data: std::ptr::null_mut(),
        size: 0,
    };

    fn from(text: String) -> Self {
        if text.is_empty() {
            return Self::EMPTY;
        }
        let bytes = Box::leak(text.into_bytes().into_boxed_slice());
        SuretyCedarText {
            data: bytes.as_mut_ptr(),
            size: bytes.len(),
        }
    }
}

/// # Safety
/// `view` holds for the length of the call.
unsafe fn text_of<'a>(view: SuretyCedarView) -> Result<&'a str, String> {
    let bytes = if view.size == 0 {
        &[]
    } else {
        // SAFETY: the caller lends `size` bytes.
        unsafe { slice::from_raw_parts(view.data, view.size) }
    };
    str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))
}

/// Runs `work`; a panic in it becomes PANICKED and a text in `out`.
fn guard(out: &mut SuretyCedarText, work: impl FnOnce(&mut SuretyCedarText) -> i32) -> i32 {
    *out = SuretyCedarText::EMPTY;
    match catch_unwind(AssertUnwindSafe(|| work(out))) {
        Ok(status) => status,
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            *out = SuretyCedarText::from(format!("a fault in the policy library: {what}"));
            PANICKED
        }
    }
}

/// # Safety
/// As `surety_cedar.h` says.
#[no_mangle]
pub unsafe extern "C" fn surety_cedar_load(
    schema: SuretyCedarView,
    files: *const SuretyCedarFile,
    count: usize,
    set: *mut *mut PolicySet,
    report: *mut SuretyCedarText,
) -> i32 {
    // SAFETY: both point to what the caller owns and nobody else looks at now.
    let (set, report) = unsafe { (&mut *set, &mut *report) };
    *set = std::ptr::null_mut();
    guard(report, |report| {
        let loaded = (|| {
            // SAFETY: the caller lends `count` files and what they name.
            let views = match count {
                0 => &[],
                _ => unsafe { slice::from_raw_parts(files, count) },
            };
            let files = views
                .iter()
                .map(|file| {
                    Ok(PolicyFile {
                        text: unsafe { text_of(file.text) }?,
                    })
                })
                .collect::<Result<Vec<_>, String>>()?;
            let (policies, report) = load(unsafe { text_of(schema) }?, &files)?;
            let json = serde_json::to_string(&report).map_err(|error| error.to_string())?;
            Ok::<_, String>((policies, json))
        })();
        match loaded {
            Ok((policies, json)) => {
                *report = SuretyCedarText::from(json);
                let Some(policies) = policies else { return OK };
                *set = Box::into_raw(Box::new(policies));
                OK
            }
            Err(error) => {
                *report = SuretyCedarText::from(error);
                REFUSED
            }
        }
    })
}

/// # Safety
/// As `surety_cedar.h` says.
#[no_mangle]
pub unsafe extern "C" fn surety_cedar_ask(
    set: *const PolicySet,
    facts: SuretyCedarView,
    holding: *mut u32,
    capacity: usize,
    count: *mut usize,
    failed: *mut SuretyCedarText,
) -> i32 {
    // SAFETY: the caller owns all of these, and lends them for the call.
    let (set, count, failed) = unsafe { (&*set, &mut *count, &mut *failed) };
    *count = 0;
    guard(failed, |failed| {
        // SAFETY: the caller lends the facts.
        let answer = unsafe { text_of(facts) }.and_then(|facts| set.ask(facts).map_err(|e| e.0));
        let answer = match answer {
            Ok(answer) if answer.holding.len() <= capacity => answer,
            Ok(_) => {
                *failed = SuretyCedarText::from("more policies hold than there is room for".into());
                return REFUSED;
            }
            Err(error) => {
                *failed = SuretyCedarText::from(error);
                return REFUSED;
            }
        };
        if !answer.holding.is_empty() {
            // SAFETY: there is room for `capacity` of them.
            unsafe { slice::from_raw_parts_mut(holding, answer.holding.len()) }
                .copy_from_slice(&answer.holding);
        }
        *count = answer.holding.len();
        if !answer.failed.is_empty() {
            *failed = SuretyCedarText::from(
                serde_json::to_string(&answer.failed).unwrap_or_else(|error| error.to_string()),
            );
        }
        OK
    })
}

/// # Safety
/// As `surety_cedar.h` says.
#[no_mangle]
pub unsafe extern "C" fn surety_cedar_check_facts(
    set: *const PolicySet,
    facts: SuretyCedarView,
    problem: *mut SuretyCedarText,
) -> i32 {
    // SAFETY: the caller owns both, and lends them for the call.
    let (set, problem) = unsafe { (&*set, &mut *problem) };
    guard(problem, |problem| {
        match unsafe { text_of(facts) }.and_then(|facts| set.check_facts(facts)) {
            Ok(()) => OK,
            Err(error) => {
                *problem = SuretyCedarText::from(error);
                REFUSED
            }
        }
    })
}

/// # Safety
/// `set` came from `surety_cedar_load` and is not used any more; or it is null.
#[no_mangle]
pub unsafe extern "C" fn surety_cedar_free_policies(set: *mut PolicySet) {
    if set.is_null() {
        return;
    }
    // A panic in a destructor has nobody to be told to; memory is the worst it costs.
    // SAFETY: made by Box::into_raw above.
    drop(catch_unwind(AssertUnwindSafe(|| {
        drop(unsafe { Box::from_raw(set) })
    })));
}

/// # Safety
/// `text` came from a function of this file and is not used any more.
#[no_mangle]
pub unsafe extern "C" fn surety_cedar_free_text(text: SuretyCedarText) {
    if text.data.is_null() {
        return;
    }
    // SAFETY: made by Box::leak above, with this length.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(text.data, text.size)) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status_and_a_text() {
        let mut text = SuretyCedarText::EMPTY;
        let status = guard(&mut text, |_| panic!("broken {}", 1));
        assert_eq!(status, PANICKED);
        // SAFETY: just made.
        let said = unsafe { slice::from_raw_parts(text.data, text.size) };
        assert!(str::from_utf8(said).unwrap().ends_with("broken 1"));
        unsafe { surety_cedar_free_text(text) };
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let bytes = [0xff_u8];
        let view = SuretyCedarView {
            data: bytes.as_ptr(),
            size: 1,
        };
        assert!(unsafe { text_of(view) }.is_err());
        let nothing = SuretyCedarView {
            data: std::ptr::null(),
            size: 0,
        };
        assert_eq!(unsafe { text_of(nothing) }, Ok(""));
    }
}
