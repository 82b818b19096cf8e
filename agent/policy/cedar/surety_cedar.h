#pragma once

// The C border of the Rust crate in this folder. cedar_policies.h is the one user;
// everything else asks that. Each function may be called from any thread; a set
// may be asked by several at once. None ever unwinds.

#include <stddef.h>
#include <stdint.h>

extern "C" {

/// Borrowed bytes. `data` may be null where `size` is 0.
struct SuretyCedarView {
  const char* data;
  size_t size;
};

/// Owned UTF-8, given back with surety_cedar_free_text. Null and 0 if empty.
struct SuretyCedarText {
  char* data;
  size_t size;
};

/// One file of policies.
struct SuretyCedarFile {
  SuretyCedarView text;
};

/// Policies that passed strict validation. Given back with surety_cedar_free_policies.
struct SuretyCedarPolicies;

enum SuretyCedarStatus {
  SURETY_CEDAR_OK = 0,
  SURETY_CEDAR_REFUSED = 1,   ///< The text that came back says why.
  SURETY_CEDAR_PANICKED = 2,  ///< A fault in the library; the text says which.
};

/// Parses and validates files against a schema (Cedar's own text for schemas).
/// OK: `report` is JSON (cedar/src/report.rs), and `policies` is the set if that
/// names no error, else null. Otherwise `policies` is null.
int surety_cedar_load(SuretyCedarView schema, const SuretyCedarFile* files, size_t count,
                      SuretyCedarPolicies** policies, SuretyCedarText* report);

/// Which policies hold for these facts (the JSON object of docs/policy.md, with
/// "action" in front). OK: `holding` has `count` indexes into the report's list, in
/// rising order, and `failed` is empty or JSON: [[index, why], ...] of those that
/// could not be evaluated. `capacity`: room in `holding`.
int surety_cedar_ask(const SuretyCedarPolicies* policies, SuretyCedarView facts, uint32_t* holding,
                     size_t capacity, size_t* count, SuretyCedarText* failed);

/// Whether facts that were not made by Surety keep to the schema. REFUSED: `problem`
/// says what is wrong.
int surety_cedar_check_facts(const SuretyCedarPolicies* policies, SuretyCedarView facts,
                             SuretyCedarText* problem);

void surety_cedar_free_policies(SuretyCedarPolicies* policies);
void surety_cedar_free_text(SuretyCedarText text);

}  // extern "C"
