#!/usr/bin/env bash
# lint.sh BUILD_FOLDER [FILE...]: clang-tidy over our .cc files (or those named),
# two at a time, with the checks of .clang-tidy. A file that passed is not looked
# at again until it, a header of ours or the checks change: its stamp lies in
# BUILD_FOLDER/lint.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: lint.sh BUILD_FOLDER [FILE...]}
shift
[ -f "$build/compile_commands.json" ] || { echo "lint: no $build/compile_commands.json: configure first" >&2; exit 1; }
mkdir -p "$build/lint"

headers=$(find include attestors agent workload_api -name '*.h' -print0 | sort -z |
  xargs -0 cat .clang-tidy | sha256sum | cut -d' ' -f1)

lint_one() {
  local file=$1 build=$2 stamp
  stamp="$build/lint/$(cat - "$file" <<<"$3" | sha256sum | cut -d' ' -f1)"
  [ ! -f "$stamp" ] || return 0
  if ! clang-tidy --quiet -p "$build" "$file" 2>"$stamp.err"; then
    grep -v 'warnings generated' "$stamp.err" >&2 || true
    rm -f "$stamp.err"
    return 1
  fi
  rm -f "$stamp.err"
  touch "$stamp"
}
export -f lint_one

if [ $# -gt 0 ]; then
  printf '%s\0' "$@"
else
  find attestors agent workload_api -name '*.cc' -print0 | sort -z
fi | xargs -0 -r -P "$(nproc)" -I{} bash -c 'lint_one "$@"' lint {} "$build" "$headers"
