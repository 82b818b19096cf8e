#!/usr/bin/env bash
# lint.sh BUILD_FOLDER [FILE...]: clang-tidy over our .cc files (or those named),
# two at a time, with the checks of .clang-tidy. All of them are looked at in the
# batches in which they are compiled, since most of the time goes to headers. A batch
# that passed is not looked at again until one of its files, a header of ours or the
# checks change: its stamp lies in BUILD_FOLDER/lint.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${1:?usage: lint.sh BUILD_FOLDER [FILE...]}")
shift
[ -f "$build/compile_commands.json" ] || { echo "lint: no $build/compile_commands.json: configure first" >&2; exit 1; }
mkdir -p "$build/lint"

headers=$(find include attestors agent workload_api conformance -name '*.h' -print0 | sort -z |
  xargs -0 cat .clang-tidy | sha256sum | cut -d' ' -f1)

# What a batch consists of, itself among it.
parts_of() {
  printf '%s\n' "$1"
  sed -n 's/^#include "\(.*\.cc\)"$/\1/p' "$1"
}

lint_one() {
  local file=$1 build=$2 stamp
  stamp="$build/lint/$( { echo "$3"; parts_of "$file" | xargs cat; } | sha256sum | cut -d' ' -f1)"
  [ ! -f "$stamp" ] || return 0
  # A batch includes sources, and these are to be looked at like its own text.
  if ! clang-tidy --quiet -p "$build" --checks=-bugprone-suspicious-include \
    --header-filter='(include/surety|attestors|agent|workload_api|conformance)/.*\.(h|cc)$' "$file" 2>"$stamp.err"; then
    grep -v 'warnings generated' "$stamp.err" >&2 || true
    rm -f "$stamp.err"
    return 1
  fi
  rm -f "$stamp.err"
  touch "$stamp"
}
export -f lint_one parts_of

# The sources of our folders as the compiler is given them, generated code left out.
units() {
  sed -n 's/^ *"file": "\(.*\)",\?$/\1/p' "$build/compile_commands.json" | sort -u |
    grep -E "^($build|$PWD)/(attestors|agent|workload_api|conformance)/" |
    grep -Ev '\.pb\.cc$|/k[A-Za-z]*\.cc$'
}

if [ $# -gt 0 ]; then
  printf '%s\0' "$@"
else
  units | tr '\n' '\0'
fi | xargs -0 -r -P "$(nproc)" -I{} bash -c 'lint_one "$@"' lint {} "$build" "$headers"
