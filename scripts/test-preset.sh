#!/usr/bin/env bash
# test-preset.sh PRESET LABELS [EXCEPT]: builds a preset of CMakePresets.json and runs its
# tests whose label matches LABELS, a regular expression, but not those whose name
# matches EXCEPT. Fails if none does.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
labels=$2
except=${3:-^$}

# Quiet while all is well: the log is shown when the build fails.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { cmake --preset "$preset" && cmake --build "build/$preset" --target test_programs --parallel "$(nproc)"; } >"$log" 2>&1; then
  tail -n 80 "$log"
  echo "test-preset: the $preset build failed" >&2
  exit 1
fi
exec ctest --test-dir "build/$preset" --label-regex "^($labels)\$" --exclude-regex "$except" \
  --no-tests=error --output-on-failure --parallel "$(nproc)"
